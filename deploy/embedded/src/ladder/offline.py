"""What needs no running system: a blank scorecard of a level, and the gap report of a filled one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

from chassis.kernel import Invalid
from evaluation_svc.documents import BlankLine, FilledIn, NoScorecard, blank_card, find_level, read_blank, write
from framework_svc.documents import exchange
from framework_svc.domain.texts import DEFAULT_SCALE, Expectation, Ladder
from gap_svc.documents import ReportDocument, render
from gap_svc.documents.data import Named, Origin, People, Rated, Told, Version, document
from gap_svc.documents.report import Anchor, Evidence, Target
from gap_svc.domain import levels
from gap_svc.domain.calculation import calculate
from gap_svc.settings import fonts

READERS = ("the person it is about", "whoever filled in the scorecard")
UNPRINTED = "some characters could not be printed; set LADDER_FONTS to a folder of fonts that have them"


class Made(NamedTuple):
    """A gap report as plain data for JSON and as a PDF; `notes` says in sentences what deserves a look."""

    report: dict[str, Any]
    pdf: bytes
    notes: tuple[str, ...]


def scorecard(framework_file: bytes, level: str) -> bytes:
    """Return the blank scorecard (XLSX) of a level of a career-framework/v1 file.

    `level` is a full id (`engineering.ic2`), or a short id or a code where only one level has it. Raises a DomainError
    for a file that is no framework and for an unknown level.
    """
    card = blank_card(_fields(exchange.read(framework_file)), level)
    if not card.lines:
        raise Invalid("level", level, "neither this level nor the next asks for anything yet.")
    return write((card,))


def gap(
    framework_file: bytes, scorecard: bytes, present: str, target: str, now: datetime, name: str | None = None
) -> Made:
    """Return the gap report of a filled scorecard.

    `present` and `target` name levels as for `scorecard`; `now` (UTC) is when it is computed; `name` says whom it is
    about (None: who stands on the scorecard, else nobody by name). Equal arguments give equal bytes. Raises a
    DomainError for what cannot be read, an unknown level, a scorecard made for another level than `present`, and one
    without a rating.
    """
    framework, filled = exchange.read(framework_file), read_blank(scorecard)
    if all(line.rating is None for line in filled.lines.values()):
        raise NoScorecard("Nothing in this scorecard is rated: rate at least one competency.")
    employee = (name or "").strip() or filled.employee or ""
    told = (framework_file, scorecard, present.encode(), target.encode(), employee.encode())
    identity = sha256(b"\0".join(told)).hexdigest()
    report = _report(framework, filled, (present, target), employee, f"rp_{identity[:16]}", now)
    typeset = render(report, fonts())
    unprinted = (UNPRINTED,) if typeset.standard is None else ()
    notes = (*_direction(framework, present, target), *_unrated(report), *unprinted)
    return Made(_told(report), typeset.pdf, notes)


def _told(report: ReportDocument) -> dict[str, Any]:
    """Return a report as plain data, without what only an approval and a release could say."""
    return report.model_dump(mode="json", exclude={"approved_by", "approved_on", "released"}) | {"approved": False}


def _direction(framework: exchange.Document, present: str, target: str) -> Iterator[str]:
    """Say so where the level to reach is one that leads up to the present one."""
    here, there = _level(framework, present, "--from")[1], _level(framework, target, "--to")[1]
    if here.level in _above(framework, there.level):
        yield f"--to {there.level} is below --from {here.level}: the report holds the scores against a lower level."


def _above(framework: exchange.Document, level: str) -> set[str]:
    """Return the levels one can come to from a level, by its next levels and theirs."""
    following: dict[str, set[str]] = {}
    for ladder in framework.ladders:
        for track in ladder.tracks:
            full = [ladder.full(one) for one in track.levels]
            for one, after in zip(track.levels, (*full[1:], None), strict=True):
                following[ladder.full(one)] = {*one.next, *([after] if after else [])}
    found, ahead = set[str](), [level]
    while ahead:
        new = following.get(ahead.pop(), set()) - found
        found |= new
        ahead += new
    return found - {level}


def _unrated(report: ReportDocument) -> Iterator[str]:
    for line in report.lines:
        if line.actual is None and not line.not_seen_reason:
            yield f"{line.name} has no rating and no reason why not; the report says so and counts it in no figure."


def _report(
    framework: exchange.Document,
    filled: FilledIn,
    between: tuple[str, str],
    employee: str,
    identity: str,
    now: datetime,
) -> ReportDocument:
    ladder, here = _level(framework, between[0], "--from")
    other, there = _level(framework, between[1], "--to")
    _refuse_another_level(filled, here)
    lines = filled.lines
    _refuse_unknown(lines, (one.id for one in framework.competencies))
    version = _version(lines, here, there, identity, now)
    origin = Origin(
        company="Career Ladder Builder",
        cycle="Scorecard",
        framework=" and ".join(dict.fromkeys((ladder.name, other.name))),
        framework_version=here.version,
        scale=tuple(Anchor(point=one.point, name=one.name) for one in framework.scale or DEFAULT_SCALE),
        competencies={one.id: Named(name=one.name, area=one.area) for one in framework.competencies},
        credits=tuple(dict.fromkeys((*ladder.credits, *other.credits))),
    )
    nobody = People(employee=f"{here.title}: a scorecard", given_name="This scorecard", approved_by="")
    people = People(employee=employee, approved_by="") if employee else nobody
    rated = {competency: _rated(line) for competency, line in lines.items()}
    report = document(Told(version=version, rated=rated, people=people, origin=origin))
    reasons = {competency: line.not_seen for competency, line in lines.items()}
    told = tuple(line.model_copy(update={"not_seen_reason": reasons.get(line.competency)}) for line in report.lines)
    return report.model_copy(update={"lines": told, "readers": READERS})


def _version(
    filled: Mapping[str, BlankLine], present: levels.Level, target: levels.Level, identity: str, now: datetime
) -> Version:
    scores = {competency: line.rating for competency, line in filled.items() if line.rating is not None}
    figures = calculate(scores, present.bar, target.bar)
    return Version(
        report=identity,
        version=1,
        revision=1,
        evaluation=identity,
        present=present,
        target=target,
        target_is=_target_is(present, target),
        lines=figures.lines,
        readiness=figures.readiness,
        below_present=figures.below_present,
        computed_at=now,
    )


def _target_is(present: levels.Level, target: levels.Level) -> Target:
    if target.ref == present.ref:
        return "present"
    return "next" if target.ref in present.next else "on request"


def _level(framework: exchange.Document, name: str, option: str) -> tuple[Ladder, levels.Level]:
    """Return a level of the file as the calculation knows it; what a draft has not filled in yet asks nothing.

    `option` is what the caller knows the level by, for a refusal.
    """
    try:
        found_ladder, found_level = find_level(_fields(framework), name)
    except Invalid as unknown:
        raise Invalid(option, name, unknown.remedy) from None
    ladder = next(one for one in framework.ladders if one.id == found_ladder["id"])
    track = next(one for one in ladder.tracks if any(level.id == found_level["id"] for level in one.levels))
    position = [level.id for level in track.levels].index(found_level["id"])
    level = track.levels[position]
    asked = {
        competency: levels.Expectation(
            competency=competency,
            required=cell.required,
            weight=cell.weight,
            behaviours=cell.behaviours,
            examples=cell.examples,
        )
        for competency, cell in level.expectations.items()
        if isinstance(cell, Expectation) and cell.required is not None
    }
    if not asked:
        raise Invalid(option, name, "this level asks for nothing yet: complete it in the framework file.")
    return ladder, levels.Level(
        version=1,
        ladder=ladder.id,
        level=ladder.full(level),
        track=track.id,
        position=position,
        code=level.code,
        title=level.title,
        scope=level.scope,
        next=tuple(levels.LevelRef(ladder=one.partition(".")[0], level=one) for one in level.next),
        expectations=asked,
    )


def _rated(line: BlankLine) -> Rated:
    return Rated(
        score=line.rating,
        rests_on_memory=line.rating is not None and not line.evidence,
        evidence=tuple(Evidence(text=text) for text in line.evidence),
    )


def _refuse_another_level(filled: FilledIn, present: levels.Level) -> None:
    if filled.level not in (None, present.level):
        remedy = f"this scorecard was made for {filled.level}: name that level, or the scorecard of this one."
        raise Invalid("--from", present.level, remedy)


def _refuse_unknown(filled: Mapping[str, BlankLine], known: Iterable[str]) -> None:
    for competency in sorted(set(filled) - set(known)):
        raise NoScorecard(f"The framework has no competency {competency!r}: use the file the scorecard was made from.")


def _fields(framework: exchange.Document) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(exchange.write(framework, "json"))
    return fields
