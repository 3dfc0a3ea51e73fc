"""Write the JSON Schemas of the published events, docs/events.md and docs/asyncapi.json; refuse what breaks readers."""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

from chassis.identity import DIRECTORY_HANDLERS
from contracts.asyncapi import Heard, document
from contracts.catalogue import breaks, published_events, schema

ROOT = Path(__file__).parents[1]
SCHEMAS = ROOT / "libs/contracts/schemas"
PAGE = ROOT / "docs/events.md"
ASYNCAPI = ROOT / "docs/asyncapi.json"
SERVICES = ("people", "framework", "evaluation", "gap")

HEAD = """# Published events

What one service may know of another, by topic. Written by `make events`; the schemas are in `libs/contracts/schemas`.
Within a major version fields are only added. Personal fields are sealed (`person`, `stream`, `part`, `key`, `enc`).

| topic | type | says | fields |
| --- | --- | --- | --- |
"""


def heard() -> Heard:
    """Return what each service hears, as its messaging says, beside the directory that every service copies."""
    return {name: [*DIRECTORY_HANDLERS, *_handlers(name)] for name in SERVICES}


def _handlers(name: str) -> Any:
    messaging = importlib.import_module(f"{name}_svc.messaging")
    found = getattr(messaging, "HANDLERS", None)
    return found if found is not None else messaging.handlers(None)


def texts() -> dict[Path, str]:
    """Return every generated file and what it has to hold."""
    events = published_events()
    files = {SCHEMAS / f"{one.TYPE}.json": json.dumps(schema(one), indent=2, ensure_ascii=False) + "\n" for one in events}
    rows = [
        f"| `{one.TOPIC}` | `{one.TYPE}` | {(one.__doc__ or '').splitlines()[0]} | {', '.join(one.model_fields)} |"
        for one in sorted(events, key=lambda one: (one.TOPIC, one.TYPE))
    ]
    described = document(events, heard(), "../libs/contracts/schemas")
    files[ASYNCAPI] = json.dumps(described, indent=2, ensure_ascii=False) + "\n"
    return files | {PAGE: HEAD + "\n".join(rows) + "\n"}


def main() -> int:
    """Write the files; exit with 2 where a published event would break its readers."""
    for one in published_events():
        path = SCHEMAS / f"{one.TYPE}.json"
        for broken in breaks(json.loads(path.read_text()), schema(one)) if path.exists() else ():
            print(f"{one.TYPE}: {broken}. Publish a new type beside it.", file=sys.stderr)
            return 2
    SCHEMAS.mkdir(exist_ok=True)
    for path, text in texts().items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
