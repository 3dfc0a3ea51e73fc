"""Write the JSON Schemas of the published events, docs/events.md and docs/asyncapi.json; refuse what breaks readers."""

import importlib
import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from chassis.identity import DIRECTORY_HANDLERS
from contracts.asyncapi import Heard, document
from contracts.catalogue import Schema, breaks, published_events, schema
from contracts.envelope import Published
from ladder.processes import SERVICES

ROOT = Path(__file__).parents[1]
SCHEMAS = ROOT / "libs/contracts/schemas"
PAGE = ROOT / "docs/events.md"
ASYNCAPI = ROOT / "docs/asyncapi.json"

HEAD = """# Published events

What one service may know of another, by topic. Written by `make events`; the schemas are in `libs/contracts/schemas`.
Within a major version fields are only added. Personal fields are sealed (`person`, `stream`, `part`, `key`, `enc`).

| topic | type | says | fields |
| --- | --- | --- | --- |
"""


def heard() -> Heard:
    """Return what each service hears, as its messaging says, beside the directory that every service copies."""
    return {name: [*DIRECTORY_HANDLERS, *_handlers(name)] for name in SERVICES}


def _handlers(name: str) -> Iterable[type[Published]]:
    messaging = importlib.import_module(f"{name}_svc.messaging")
    copied = [contract for facts in getattr(messaging, "FACTS", ()) for contract in facts.handlers]
    return [*copied, *(messaging.handlers(None) if hasattr(messaging, "handlers") else ())]


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


def committed(root: Path) -> dict[str, Schema]:
    """Return the schemas that readers were built from, by type: the last commit's, else those that lie there.

    What lies there alone is no base: whoever deletes a schema, or writes it by hand, would be compared with nothing.
    """
    folder = SCHEMAS.relative_to(ROOT)
    names = _git(root, "ls-tree", "--name-only", "HEAD", f"{folder}/").splitlines()
    found = {Path(name).stem: _git(root, "show", f"HEAD:./{name}") for name in names if name.endswith(".json")}
    lying = {path.stem: path.read_text() for path in (root / folder).glob("*.json")}
    return {kind: json.loads(text) for kind, text in (found or lying).items()}


def refusals(before: dict[str, Schema], after: dict[str, Schema]) -> list[str]:
    """Return every way in which the published events do more than grow."""
    gone = [f"{kind} is no longer published. Its readers still wait for it: keep it." for kind in before if kind not in after]
    changed = [
        f"{kind}: {broken}. Publish a new type beside it."
        for kind in before
        if kind in after
        for broken in breaks(before[kind], after[kind])
    ]
    return gone + changed


def _git(root: Path, *arguments: str) -> str:
    """Return what git says; nothing where there is no git, no repository or no commit (an unpacked release)."""
    try:
        command = ["git", "-C", str(root), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  (our own arguments)
    except FileNotFoundError:
        return ""
    return done.stdout if done.returncode == 0 else ""


def main() -> int:
    """Write the files; exit with 2 where a published event would break its readers."""
    if refused := refusals(committed(ROOT), {one.TYPE: schema(one) for one in published_events()}):
        print("\n".join(refused), file=sys.stderr)
        return 2
    SCHEMAS.mkdir(exist_ok=True)
    for path, text in texts().items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
