"""The AsyncAPI 3.0 document of the whole platform: every topic, every event with its headers and key, who hears it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from contracts.envelope import Published
from contracts.topics import TOPICS, Topic, group_of

Heard = Mapping[str, Sequence[type[Published]]]
"""What each service hears, by the service's name."""

SCHEMA_FORMAT: Final = "application/schema+json;version=draft-07"
_TEXT: Final = {"type": "string"}
_NUMBER: Final = {"type": "string", "pattern": "^[0-9]+$"}
HEADERS: Final[dict[str, Any]] = {
    "type": "object",
    "required": [
        "content-type", "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "ce_eventid",
        "ce_workspace", "ce_epoch", "ce_sequence", "ce_previous", "ce_actor", "ce_correlationid",
    ],
    "properties": {
        "content-type": {"const": "application/json"},
        "ce_specversion": {"const": "1.0"},
        "ce_id": {**_TEXT, "description": "topic/epoch/workspace/sequence"},
        "ce_source": {**_TEXT, "description": "The service that published it."},
        "ce_type": {**_TEXT, "description": "The event's type with its major version."},
        "ce_subject": {**_TEXT, "description": "The aggregate it is about, as kind/id."},
        "ce_time": {**_TEXT, "format": "date-time", "description": "When it was recorded."},
        "ce_eventid": {**_TEXT, "format": "uuid", "description": "The same after every restore; count by this one."},
        "ce_workspace": {**_TEXT, "description": "The company; also the record's key."},
        "ce_epoch": {**_TEXT, "description": "The epoch of the workspace's log; a later one sorts higher."},
        "ce_sequence": {**_NUMBER, "description": "Its number in the workspace's log of the service."},
        "ce_previous": {**_NUMBER, "description": "The sequence published before it on this topic; 0: none."},
        "ce_after": {**_TEXT, "description": "What its producer had consumed: topic/epoch/sequence, by commas."},
        "ce_actor": {**_TEXT, "description": "Who acted: a person's opaque id or service:name."},
        "ce_causationid": {**_TEXT, "format": "uuid", "description": "The event that caused it."},
        "ce_correlationid": {**_TEXT, "description": "What everything of one request has in common."},
        "ce_traceparent": {**_TEXT, "description": "Where it was made (W3C Trace Context)."},
    },
}  # fmt: skip


def document(events: Iterable[type[Published]], heard: Heard, schemas: str) -> dict[str, Any]:
    """Return the document; `schemas` is where the JSON Schemas are, seen from where it will be kept."""
    published = sorted(events, key=lambda one: one.TYPE)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Career Ladder Builder",
            "version": "1",
            "description": "What the services tell each other, and analytics. Records are CloudEvents 1.0 in binary mode;"
            " the key is the workspace; one workspace is totally ordered per topic.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic, published) for topic in TOPICS},
        "operations": {
            **{f"{_service(topic)}Publishes": _publishes(topic) for topic in TOPICS},
            **{
                f"{service}Hears{_service(topic).title()}": _hears(service, topic, types)
                for service, types in sorted(heard.items())
                for topic in TOPICS
                if any(topic.name == one.TOPIC for one in types)
            },
        },
        "components": {
            "messages": {one.TYPE: _message(one, schemas) for one in published},
            "schemas": {"headers": HEADERS},
        },
    }


def _channel(topic: Topic, events: Sequence[type[Published]]) -> dict[str, Any]:
    configured = {"cleanup.policy": ["delete"], "retention.ms": topic.retention_ms}
    return {
        "address": topic.name,
        "description": f"Everything {_service(topic)}-svc publishes.",
        "messages": {one.TYPE: {"$ref": f"#/components/messages/{one.TYPE}"} for one in events if topic.name == one.TOPIC},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": configured,
                "bindingVersion": "0.5.0",
            }
        },
    }


def _publishes(topic: Topic) -> dict[str, Any]:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{topic.name}"},
        "summary": f"{_service(topic)}-svc alone sends to this topic, in the order of each workspace's record.",
    }


def _hears(service: str, topic: Topic, types: Sequence[type[Published]]) -> dict[str, Any]:
    names = sorted({one.TYPE for one in types if topic.name == one.TOPIC})
    return {
        "action": "receive",
        "channel": {"$ref": f"#/channels/{topic.name}"},
        "summary": f"{service}-svc follows this topic; it acts on these types and passes the others over.",
        "messages": [{"$ref": f"#/channels/{topic.name}/messages/{name}"} for name in names],
        "bindings": {"kafka": {"groupId": {"const": group_of(service)}, "bindingVersion": "0.5.0"}},
    }


def _message(event: type[Published], schemas: str) -> dict[str, Any]:
    return {
        "name": event.TYPE,
        "title": event.__name__,
        "summary": (event.__doc__ or "").splitlines()[0],
        "contentType": "application/json",
        "headers": {"$ref": "#/components/schemas/headers"},
        "payload": {"schemaFormat": SCHEMA_FORMAT, "schema": {"$ref": f"{schemas}/{event.TYPE}.json"}},
        "bindings": {
            "kafka": {"key": {"type": "string", "description": "The workspace."}, "bindingVersion": "0.5.0"}
        },
    }


def _service(topic: Topic) -> str:
    return topic.name.partition(".")[0]
