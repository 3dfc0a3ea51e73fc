"""What the record holds of something, as far as its reader may know of it."""

from __future__ import annotations

from typing import Any, cast

from chassis.http import Query
from chassis.kernel import State
from chassis.projection import RecordedEvent
from evaluation_svc.access import TOLD_OF_RELEASES, Resource, reads_reactions, sight
from evaluation_svc.api.shapes import Recorded
from evaluation_svc.domain.evaluation import Evaluation
from evaluation_svc.domain.known import ABOUT_REACTIONS, known_events

_OF_THE_DRAFT = ("line", "evidence", "self-assessment-opened", "examined", "held")


def shown_record(query: Query, identifier: str, state: Evaluation, of: Resource) -> list[Recorded]:
    """Return the events of an evaluation as far as somebody may know of them; their number would tell of the others."""
    shown, entries = sight(query.actor, of), query.history(Evaluation, identifier)
    if not reads_reactions(query.actor, of):
        entries = [one for one in entries if not isinstance(one.event, ABOUT_REACTIONS)]
    if shown == "all" or (shown == "judged" and state.is_handed_in):
        return [recorded_view(one) for one in entries]
    if shown in TOLD_OF_RELEASES:
        known = known_events(state, [one.event for one in entries])
        entries = [one for one, told in zip(entries, known, strict=True) if told]
    else:
        entries = [one for one in entries if not one.topic.removeprefix("evaluation.").startswith(_OF_THE_DRAFT)]
    views = [recorded_view(one) for one in entries]
    for view in views:
        view.details = {name: value for name, value in view.details.items() if name == "revision"}
    return views


def history_view(query: Query, cls: type[State], identifier: str) -> list[Recorded]:
    """Return what the record holds of a stream, without texts."""
    return [recorded_view(one) for one in query.history(cls, identifier)]


def recorded_view(entry: RecordedEvent) -> Recorded:
    """Return one event without its texts."""
    details = without_texts(entry.event.model_dump(mode="json"))
    return Recorded(event=str(entry.event_id), what=entry.topic, by=entry.actor, at=entry.recorded_at, details=details)


def without_texts(value: Any) -> Any:
    """Return a value with every sealed text left out."""
    if isinstance(value, dict):
        named = cast("dict[str, Any]", value)
        if {"enc", "key", "stream"} <= set(named):
            return None
        return {name: without_texts(one) for name, one in named.items()}
    return [without_texts(one) for one in cast("list[Any]", value)] if isinstance(value, list) else value
