"""What a draft was made from, what the archive lacks and what to do about it, and what to look at when editing."""

from collections.abc import Iterator

from chassis.kernel import Frozen
from framework_svc.documents.onet.archive import Archive
from framework_svc.documents.onet.occupations import Occupation
from framework_svc.documents.onet.ratings import Domain, Rated
from framework_svc.documents.onet.selection import Selection
from framework_svc.documents.onet.tables import Kind

_DOMAINS: dict[Domain, str] = {
    "skill": "Skills (element ids 2.A and 2.B)",
    "knowledge": "Knowledge (element ids 2.C)",
    "activity": "Work Activities (element ids 4.A)",
    "style": "Work Styles (element ids 1.C or 1.D)",
}
_TEXTS: tuple[tuple[Kind, str, str], ...] = (
    ("occupations", "Occupation titles and descriptions", "Name the levels yourself."),
    ("content model", "Descriptions of elements", "Our own short descriptions stand in."),
    ("anchors", "Level scale anchors", "The draft shows no anchors as examples."),
    ("tasks", "Task statements", "The behaviours are general: add what is typical of the job."),
)


class Report(Frozen):
    """Sentences for whoever asked for the draft."""

    found: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def missing_ratings(self) -> tuple[str, ...]:
        """What is missing of the ratings that a ladder cannot do without."""
        needed = tuple(label for domain, label in _DOMAINS.items() if domain != "style")
        return tuple(sentence for sentence in self.missing if sentence.startswith(needed))


def reported(
    archive: Archive, occupation: Occupation, kept: list[Rated], selection: Selection, tasks: tuple[int, int]
) -> Report:
    """Return the report on a selection; `tasks` are how many the occupation has and how many the draft uses."""
    return Report(
        found=tuple(_found(archive, occupation, kept, selection, tasks)),
        missing=tuple(_missing(archive, occupation, tasks[0])),
        warnings=tuple(_warnings(archive, selection)),
    )


def _found(
    archive: Archive, occupation: Occupation, kept: list[Rated], selection: Selection, tasks: tuple[int, int]
) -> Iterator[str]:
    release = f"O*NET® {archive.release}" if archive.release else "An O*NET® release that is not stated"
    yield f"{release}: {occupation.code} {occupation.title}".strip() + "."
    for domain, label in _DOMAINS.items():
        matter = sum(rated.domain == domain for rated in kept)
        used = sum(rated.domain == domain for rated in selection.chosen)
        if matter:
            yield f"{label}: {matter} matter to this occupation, {used} are in the draft."
    if tasks[0]:
        yield f"Tasks: {tasks[0]} typical of this occupation, {tasks[1]} are in the draft."


def _missing(archive: Archive, occupation: Occupation, tasks: int) -> Iterator[str]:
    present, rated = archive.ratings.domains(), archive.ratings.domains(occupation.code)
    for domain, label in _DOMAINS.items():
        if domain not in present:
            yield f"{label}: the archive has no such table. Use the complete text release to include them."
        elif domain not in rated:
            yield f"{label}: the table has no row for {occupation.code}. {_remedy(archive.release)}"
    for kind, what, instead in _TEXTS:
        if not archive.has(kind):
            yield f"{what}: the archive has no such table. {instead}"
    if archive.has("tasks") and not tasks:
        yield f"Task statements: the table has no row for {occupation.code}. The behaviours are general."


def _remedy(release: str | None) -> str:
    if release and float(release) < 30.0:
        return "Not every occupation is rated in this release; a later one (30.0 or newer) may have it."
    return "O*NET® has not rated this occupation there; a near occupation may serve as a start."


def _warnings(archive: Archive, selection: Selection) -> Iterator[str]:
    if not archive.release:
        yield "The archive does not state its release. Complete the credit line with the release you downloaded."
    for rated, reason in selection.refused:
        yield f"Left out: {rated.name or rated.element} ({reason})."
    if any(rated.domain == "style" for rated in selection.chosen):
        yield "Work styles describe tendencies: check that each behaviour is something people do at your company."
    yield "Ratings of O*NET® compare occupations, not seniority: check what each level requires."
