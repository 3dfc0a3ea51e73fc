"""Commands over files alone, without a running system: a blank scorecard, a gap report, a draft from O*NET® data."""

from __future__ import annotations

import io
import json
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from chassis.clock import now
from evaluation_svc.documents import NoScorecard, NotFilledIn
from framework_svc.documents import exchange
from framework_svc.documents.onet import choose, draft_ladder, read_archive
from ladder import offline
from ladder.commands.paths import FRAMEWORK, Force, framework_problems, given, writable, write
from ladder.commands.terminal import Refused, steps, tell, warn

commands = typer.Typer()
Framework = Annotated[Path, typer.Argument(help="A career-framework/v1 file (YAML or JSON).")]


@commands.command()
def scorecard(
    framework: Framework,
    level: Annotated[str, typer.Option(help="Level id, such as engineering.ic2.")],
    output: Annotated[Path, typer.Option("-o", help="Where to write the XLSX file.")],
    force: Force = False,
) -> None:
    """Write a blank scorecard for a level; needs no running system."""
    place = writable(output, force=force)
    with framework_problems(framework):
        card = offline.scorecard(given(framework, FRAMEWORK), level)
    write(place, card)
    tell(f"Wrote {output}")


@commands.command()
def gap(
    framework: Framework,
    card: Annotated[Path, typer.Argument(help="A filled scorecard (XLSX).")],
    present: Annotated[str, typer.Option("--from", help="The present level: the one the scorecard was made for.")],
    target: Annotated[str, typer.Option("--to", help="The level to reach.")],
    output: Annotated[Path, typer.Option("-o", help="Where to write the PDF.")],
    name: Annotated[str | None, typer.Option(help="Whom it is about; else the name on the scorecard, if any.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Also print the report as JSON.")] = False,
    force: Force = False,
) -> None:
    """Compute a gap report from a filled scorecard; needs no running system."""
    place = writable(output, force=force)
    contents = given(framework, FRAMEWORK), given(card, "a filled scorecard (XLSX)")
    with framework_problems(framework), _card_problems(card):
        made = offline.gap(*contents, present, target, now(), name)
    for line in made.notes:
        warn(f"{card}: {line}")
    write(place, made.pdf)
    tell(json.dumps(made.report, indent=2, default=str) if as_json else f"Wrote {output}")


@commands.command()
def onet(
    archive: Annotated[Path, typer.Argument(help="A downloaded O*NET release archive (zip).")],
    occupation: Annotated[str, typer.Argument(help="Occupation code or title.")],
    output: Annotated[Path, typer.Option("-o", help="Where to write the draft (YAML).")],
    force: Force = False,
) -> None:
    """Make a draft ladder from an O*NET archive."""
    place = writable(output, force=force)
    content = given(archive, "an O*NET release archive (zip)")
    with steps(kept=False) as say:
        say(f"Reading {archive.name}")
        read = read_archive(io.BytesIO(content), archive.name)
        chosen = choose(read, occupation)
        say(f"Drafting a ladder for {chosen.code} {chosen.title}")
        draft = draft_ladder(read, chosen.code)
    write(place, exchange.write(exchange.read(json.dumps(draft.framework))).encode())
    for line in (*draft.report.missing, *draft.report.warnings):
        warn(str(line))
    tell(f"Wrote {output}")


@contextmanager
def _card_problems(card: Path) -> Generator[None]:
    """Say of a scorecard that cannot be taken every cell that is wrong, or what the file is instead."""
    try:
        yield
    except NotFilledIn as wrong:
        cells = (f"{card}, sheet {one.sheet!r}, cell {one.cell} {one.value!r}: {one.remedy}" for one in wrong.problems)
        raise Refused(*cells) from None
    except NoScorecard as wrong:
        raise Refused(f"{card}: {wrong}") from None
