"""The shipped ladders: complete, consistent, and written in behaviours one can see."""

import re
from itertools import pairwise

import pytest

from framework_svc import templates
from framework_svc.documents import exchange
from framework_svc.domain.structure import holes
from framework_svc.domain.texts import Competency, Expectation, Ladder, Level, Track

VERB_OF_DOING = re.compile(r"[A-Z][a-z]+s\b")
NOT_DOING = frozenset(
    [
        "Is",
        "Has",
        "Was",
        "Does",
        "Always",
        "Focuses",
        "Understands",
        "Knows",
        "Believes",
        "Thinks",
        "Tries",
        "Demonstrates",
        "Exhibits",
        "Possesses",
        "Strives",
    ]
)
NOT_OBSERVABLE = re.compile(
    r"\b(strong|excellent|great|passionate|aware of|effectively|proactive|proactively|team player|mindset|"
    r"appropriate|appropriately|world.class|best practices?)\b",
    re.IGNORECASE,
)


def ladder(name: str) -> Ladder:
    """Return the one ladder of a template."""
    (only,) = exchange.read(templates.text(name)).ladders
    return only


def tracks() -> list[tuple[str, Track]]:
    """Return every track of every template with the template's name."""
    return [(name, track) for name in templates.NAMES for track in ladder(name).tracks]


def expectations(level: Level) -> dict[str, Expectation]:
    """Return what a level expects, without what it does not."""
    return {competency: cell for competency, cell in level.expectations.items() if isinstance(cell, Expectation)}


def behaviours() -> list[tuple[str, str]]:
    """Return every behaviour of every template with where it stands."""
    return [
        (f"{name}.{level.id}.{competency}", behaviour)
        for name, track in tracks()
        for level in track.levels
        for competency, cell in expectations(level).items()
        for behaviour in cell.behaviours
    ]


def is_observable(behaviour: str) -> bool:
    """Whether a behaviour begins with a verb of doing, ends as a sentence, and holds no word of praise or thought."""
    first = behaviour.partition(" ")[0]
    begins = VERB_OF_DOING.match(behaviour) is not None and first not in NOT_DOING
    return begins and behaviour.endswith(".") and NOT_OBSERVABLE.search(behaviour) is None


@pytest.mark.parametrize("name", templates.NAMES)
def test_a_template_is_a_ladder_without_holes(name: str) -> None:
    document = exchange.read(templates.text(name))

    competencies = {competency.id for competency in document.competencies}

    assert [found for lad in document.ladders for found in holes(lad, competencies, lad.level_ids())] == []


@pytest.mark.parametrize("name", templates.NAMES)
def test_a_template_is_named_like_its_ladder(name: str) -> None:
    assert ladder(name).id == name


def test_a_template_that_is_not_shipped_is_not_found() -> None:
    with pytest.raises(KeyError):
        templates.text("../pyproject")


def test_the_mapping_of_a_template_is_what_its_file_says() -> None:
    document = templates.document("sales")

    assert document["format"] == "career-framework/v1"
    assert [entry["id"] for entry in document["ladders"]] == ["sales"]


def test_every_template_has_a_track_of_five_levels_and_engineering_a_management_track_too() -> None:
    shapes = {name: [(track.id, len(track.levels)) for track in ladder(name).tracks] for name in templates.NAMES}

    assert shapes == {name: [("ic", 5)] for name in templates.NAMES} | {"engineering": [("ic", 5), ("management", 3)]}


def test_an_engineer_may_grow_on_either_track() -> None:
    engineering = ladder("engineering")

    nexts = {level.id: level.next for level in engineering.levels()}

    assert nexts["ic3"] == ("engineering.ic4", "engineering.m1")
    assert nexts["ic4"] == ("engineering.ic5", "engineering.m1")


@pytest.mark.parametrize(("name", "track"), tracks(), ids=lambda value: value if isinstance(value, str) else value.id)
def test_each_level_leads_to_the_one_above_it(name: str, track: Track) -> None:
    for lower, upper in pairwise(track.levels):
        assert f"{name}.{upper.id}" in lower.next


@pytest.mark.parametrize(("name", "track"), tracks(), ids=lambda value: value if isinstance(value, str) else value.id)
def test_what_is_required_never_falls_along_a_track_and_something_rises_at_every_step(name: str, track: Track) -> None:
    for lower, upper in pairwise(track.levels):
        below, above = expectations(lower), expectations(upper)
        rises = [(above[each].required or 0) - (below[each].required or 0) for each in below.keys() & above.keys()]
        assert min(rises) >= 0, (name, upper.id)
        assert max(rises) >= 0.5, (name, upper.id)


@pytest.mark.parametrize("name", templates.NAMES)
def test_a_template_asks_for_seven_to_nine_competencies_with_one_to_three_behaviours_each(name: str) -> None:
    asked = ladder(name)

    assert 7 <= len(asked.competency_ids()) <= 9
    assert {len(cell.behaviours) for level in asked.levels() for cell in expectations(level).values()} <= {1, 2, 3}


@pytest.mark.parametrize("name", templates.NAMES)
def test_not_everything_weighs_the_same(name: str) -> None:
    for level in ladder(name).levels():
        assert len({cell.weight for cell in expectations(level).values()}) > 1, level.id


def test_every_behaviour_is_something_one_can_see() -> None:
    assert [(where, text) for where, text in behaviours() if not is_observable(text)] == []


@pytest.mark.parametrize(
    "praise",
    [
        "Strong communicator.",
        "Understands the product.",
        "Is a team player.",
        "Demonstrates ownership.",
        "Works effectively with others.",
        "writes tests.",
        "Writes tests",
    ],
)
def test_praise_is_no_behaviour(praise: str) -> None:
    assert not is_observable(praise)


@pytest.mark.parametrize("name", templates.NAMES)
def test_no_behaviour_stands_twice_in_a_ladder(name: str) -> None:
    texts = [text for where, text in behaviours() if where.startswith(f"{name}.")]

    assert [text for text in texts if texts.count(text) > 1] == []


def test_a_competency_that_ladders_share_has_the_same_text_in_each() -> None:
    seen: dict[str, Competency] = {}
    for name in templates.NAMES:
        for competency in exchange.read(templates.text(name)).competencies:
            assert seen.setdefault(competency.id, competency) == competency


def test_ladders_share_what_is_the_same_work() -> None:
    shared = {"ownership", "giving-feedback", "developing-others"}

    assert all(shared <= set(ladder(name).competency_ids()) for name in templates.NAMES)


def test_all_templates_use_one_scale_with_five_anchors() -> None:
    scales = {exchange.read(templates.text(name)).scale for name in templates.NAMES}

    (scale,) = scales
    assert scale is not None
    assert [anchor.point for anchor in scale] == [1, 2, 3, 4, 5]


def test_every_template_says_where_its_texts_come_from() -> None:
    for name in templates.NAMES:
        for competency in exchange.read(templates.text(name)).competencies:
            origin = competency.provenance
            assert origin is not None
            assert (origin.source, origin.licence) == ("Career Ladder Builder", "Apache-2.0")


def test_the_templates_are_british() -> None:
    american = re.compile(r"\b(behavior|color|organiz|analyz|labor|center|judgment|program manager)", re.IGNORECASE)

    assert [name for name in templates.NAMES if american.search(templates.text(name))] == []
