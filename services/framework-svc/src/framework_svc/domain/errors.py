"""The rules that can say no, each with a sentence a user can act on."""

from chassis.kernel import DomainError, Frozen, NotFound


class Stale(DomainError):
    """Somebody else edited it since it was read."""


class HasHoles(DomainError):
    """A ladder cannot be marked ready while something is missing."""


class NothingToPublish(DomainError):
    """The draft is what was last published."""


class NotPublishable(DomainError):
    """The next version would not be whole."""


class LevelOccupied(DomainError):
    """Somebody sits at a level that the next version would drop."""


class FatesNeeded(DomainError):
    """Competencies were added or removed and nobody said what became of them."""


class TooLarge(DomainError):
    """A ladder is larger than one published event may be."""


class InUse(DomainError):
    """Something still refers to what should go."""


class NotPublished(NotFound):
    """There is no such version, ladder or level in what was published."""


class NoSuchDraft(NotFound):
    """The draft has no such ladder, track, level or competency."""


class NotOffered(DomainError):
    """Nobody can be placed at this level."""


class NoSuchPerson(NotFound):
    """Nobody has this id, or they were erased."""


class NobodyMeant(DomainError):
    """A job title that nobody has."""


MOST_PROBLEMS = 50
"""As many problems of one file are listed; who has more mends the same thing in many places."""


def in_all(count: int) -> str:
    """Return how many problems a file has, to follow the first of them."""
    if count == 1:
        return ""
    return f" ({count} problems in all{f', the first {MOST_PROBLEMS} listed' if count > MOST_PROBLEMS else ''})"


class NotPlaceable(DomainError):
    """A file of placements cannot be taken; `problems` says which line, which column, the value and the remedy."""

    def __init__(self, problems: tuple["LineProblem", ...]) -> None:
        first = problems[0]
        super().__init__(f"{first.field}: {first.remedy}{in_all(len(problems))} Nobody was placed.")
        self.problems = problems[:MOST_PROBLEMS]


class LineProblem(Frozen):
    """What is wrong with a line of a file: `line 3, level`, what it holds, what to do."""

    field: str
    value: str
    remedy: str


class NoSuchPlacement(NotFound):
    """The person has no such placement."""


class AlreadyArchived(DomainError):
    """The ladder is archived already."""
