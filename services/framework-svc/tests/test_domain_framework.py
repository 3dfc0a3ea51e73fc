"""The draft of a framework: what may be written, what readiness asks for, and what an edit takes back."""

from collections.abc import Callable
from typing import cast

import pytest

from chassis.kernel import Event, Invalid, evolve
from framework_svc.domain.errors import AlreadyArchived, HasHoles, InUse, NoSuchDraft, NotPublished, Stale
from framework_svc.domain.framework import Framework
from framework_svc.domain.framework_events import ExpectationSet, LadderReplaced, LevelSet, TrackSet
from framework_svc.domain.publication import publish
from framework_svc.domain.structure import is_rating
from framework_svc.domain.texts import (
    DEFAULT_SCALE,
    NOT_EXPECTED,
    Cell,
    Competency,
    Expectation,
    Ladder,
    Level,
    Provenance,
    Track,
)

COMMUNICATION = Competency(id="communication", name="Communication", area="Collaboration")
OWNERSHIP = Competency(id="ownership", name="Ownership", area="Delivery")
ONET = Provenance(source="O*NET", release="30.1", element="2.A.1.d", licence="CC BY 4.0")


def asks(required: float | None = 3, *behaviours: str, provenance: Provenance | None = None) -> Expectation:
    return Expectation(required=required, behaviours=behaviours or ("Writes a note.",), provenance=provenance)


def level(name: str, *following: str, **cells: Cell) -> Level:
    return Level(
        id=name, code=name.upper(), title=f"Engineer {name}", scope="Own tasks.", next=following, expectations=cells
    )


def ladder(name: str = "engineering", levels: tuple[Level, ...] | None = None) -> Ladder:
    both = levels if levels is not None else (level("ic1", communication=asks(2)), level("ic2", communication=asks(3)))
    return Ladder(id=name, name=name.title(), tracks=(Track(id="ic", name="Individual", levels=both),))


def after(framework: Framework, *decided: Event | tuple[Event, ...]) -> Framework:
    events = [event for each in decided for event in (each if isinstance(each, tuple) else (each,))]
    return cast(Framework, evolve(Framework, events, framework))


def with_ladders(*ladders: Ladder) -> Framework:
    framework = Framework()
    for each in ladders:
        framework = after(framework, framework.draft.replace_ladder(each, (COMMUNICATION, OWNERSHIP)))
    return framework


def ready(framework: Framework, *ladders: str) -> Framework:
    for each in ladders:
        framework = after(framework, framework.mark_ready(each))
    return framework


def cell(framework: Framework, where: str, competency: str = "communication") -> Cell | None:
    found = framework.draft.ladder(where.partition(".")[0]).level(where)
    assert found is not None
    return found.expectations.get(competency)


# --- one framework, one scale -----------------------------------------------------------------------------------------


def test_a_new_framework_has_the_five_anchors_of_the_default_scale() -> None:
    assert Framework().draft.scale == DEFAULT_SCALE
    assert [anchor.point for anchor in DEFAULT_SCALE] == [1, 2, 3, 4, 5]


def test_a_scale_has_an_anchor_for_each_whole_point_from_1_to_5_in_order() -> None:
    with pytest.raises(Invalid, match="points 1 to 5"):
        Framework().draft.write_scale(DEFAULT_SCALE[:4])
    with pytest.raises(Invalid, match="points 1 to 5"):
        Framework().draft.write_scale(DEFAULT_SCALE[::-1])


def test_a_written_scale_waits_for_the_next_version() -> None:
    mine = (DEFAULT_SCALE[0].model_copy(update={"name": "Beginning"}), *DEFAULT_SCALE[1:])

    framework = after(Framework(), Framework().draft.write_scale(mine))

    assert (framework.draft.scale, framework.published_scale) == (mine, DEFAULT_SCALE)


def test_writing_the_scale_that_is_there_records_nothing() -> None:
    assert Framework().draft.write_scale(DEFAULT_SCALE) == ()


@pytest.mark.parametrize("rating", [1, 1.5, 3, 4.5, 5])
def test_ratings_go_from_1_to_5_in_half_points(rating: float) -> None:
    assert is_rating(rating)


@pytest.mark.parametrize("rating", [0.5, 5.5, 3.25, float("nan"), float("inf")])
def test_anything_else_is_no_rating(rating: float) -> None:
    assert not is_rating(rating)


# --- ladders, tracks, levels ------------------------------------------------------------------------------------------


def test_a_ladder_comes_with_the_competencies_it_speaks_of() -> None:
    framework = with_ladders(ladder())

    assert framework.draft.ladder("engineering") == ladder()
    assert tuple(framework.draft.competencies) == ("communication", "ownership")


def test_replacing_a_ladder_records_only_competencies_that_changed() -> None:
    framework = with_ladders(ladder())
    renamed = OWNERSHIP.model_copy(update={"name": "Ownership of outcomes"})

    assert framework.draft.replace_ladder(ladder(), (COMMUNICATION, renamed)).competencies == (renamed,)


def test_a_ladder_cannot_speak_of_a_competency_nobody_described() -> None:
    with pytest.raises(NoSuchDraft, match="communication"):
        Framework().draft.replace_ladder(ladder())


def test_an_id_is_made_of_lower_case_letters_digits_and_hyphens() -> None:
    with pytest.raises(Invalid, match="lower-case"):
        Framework().draft.replace_ladder(ladder("Engineering!"), (COMMUNICATION,))


def test_a_levels_id_is_unique_over_the_tracks_of_its_ladder() -> None:
    twice = Ladder(
        id="engineering",
        name="Engineering",
        tracks=(
            Track(id="ic", name="IC", levels=(level("one"),)),
            Track(id="management", name="Management", levels=(level("one"),)),
        ),
    )

    with pytest.raises(Invalid, match="Another level has this id"):
        Framework().draft.replace_ladder(twice)


def test_a_next_level_is_named_in_full_and_may_be_of_another_ladder() -> None:
    framework = with_ladders(ladder())

    with pytest.raises(Invalid, match=r"engineering\.ic2"):
        framework.draft.set_level("engineering", "ic", level("ic1", "ic2"))
    moved = framework.draft.set_level("engineering", "ic", level("ic1", "engineering.ic2", "product.pm1"))

    assert moved.level.next == ("engineering.ic2", "product.pm1")


def test_describing_a_ladder_changes_its_name_description_and_credit_lines() -> None:
    framework = with_ladders(ladder())

    framework = after(framework, framework.draft.describe_ladder("engineering", "Software", "Who builds.", ("O*NET 30.1",)))

    changed = framework.draft.ladder("engineering")
    assert (changed.name, changed.description, changed.credits) == ("Software", "Who builds.", ("O*NET 30.1",))
    assert changed.tracks == ladder().tracks


def test_a_new_track_comes_last_and_a_renamed_one_stays_with_its_levels() -> None:
    framework = with_ladders(ladder())

    framework = after(framework, framework.draft.set_track("engineering", "management", "Management"))
    framework = after(framework, framework.draft.set_track("engineering", "ic", "Individual contributors"))

    found = [(track.name, len(track.levels)) for track in framework.draft.ladder("engineering").tracks]
    assert found == [("Individual contributors", 2), ("Management", 0)]


def test_a_track_is_moved_to_a_place_and_never_past_the_end() -> None:
    framework = with_ladders(ladder())
    framework = after(framework, framework.draft.set_track("engineering", "management", "Management"))

    assert framework.draft.set_track("engineering", "management", "Management", 0).place == 0
    assert framework.draft.set_track("engineering", "ic", "Individual", 99) == TrackSet(
        ladder="engineering", track="ic", name="Individual", place=1
    )


def test_removing_a_track_removes_its_levels() -> None:
    framework = with_ladders(ladder())

    framework = after(framework, framework.draft.remove_track("engineering", "ic"))

    assert framework.draft.ladder("engineering").level_ids() == ()


def test_rewording_a_level_keeps_what_it_asks() -> None:
    framework = with_ladders(ladder())
    reworded = Level(id="ic1", code="IC1", title="Junior engineer", scope="Tasks with guidance.")

    framework = after(framework, framework.draft.set_level("engineering", "ic", reworded))

    found = framework.draft.ladder("engineering").level("ic1")
    assert found is not None
    assert (found.title, found.expectations) == ("Junior engineer", {"communication": asks(2)})


def test_a_level_moves_to_another_track_and_is_nowhere_else() -> None:
    framework = with_ladders(ladder())
    framework = after(framework, framework.draft.set_track("engineering", "management", "Management"))

    framework = after(framework, framework.draft.set_level("engineering", "management", level("ic2")))

    found = [[each.id for each in track.levels] for track in framework.draft.ladder("engineering").tracks]
    assert found == [["ic1"], ["ic2"]]
    assert cell(framework, "engineering.ic2") == asks(3)


def test_a_level_is_placed_among_the_others_of_its_track() -> None:
    framework = with_ladders(ladder())

    framework = after(framework, framework.draft.set_level("engineering", "ic", level("ic0"), 0))

    assert framework.draft.ladder("engineering").level_ids() == ("engineering.ic0", "engineering.ic1", "engineering.ic2")


def test_removing_a_level_needs_a_level_that_is_there() -> None:
    framework = with_ladders(ladder())

    with pytest.raises(NoSuchDraft, match="ic9"):
        framework.draft.remove_level("engineering", "ic9")
    framework = after(framework, framework.draft.remove_level("engineering", "engineering.ic2"))

    assert framework.draft.ladder("engineering").level_ids() == ("engineering.ic1",)


def test_what_the_draft_does_not_have_is_not_found() -> None:
    framework = with_ladders(ladder())

    for attempt in (
        lambda: framework.draft.ladder("finance"),
        lambda: framework.draft.remove_ladder("finance"),
        lambda: framework.draft.remove_track("engineering", "management"),
        lambda: framework.draft.set_level("engineering", "management", level("m1")),
        lambda: framework.draft.set_expectation("engineering", "ic1", "selling", None),
        lambda: framework.draft.drop_competency("engineering", "ownership"),
        lambda: framework.draft.remove_competency("selling"),
    ):
        with pytest.raises(NoSuchDraft):
            attempt()


def test_a_ladder_goes_back_to_what_was_last_published() -> None:
    framework = ready(with_ladders(ladder()), "engineering")
    framework = after(framework, publish(framework, "First", (), {}))
    framework = after(framework, framework.draft.remove_level("engineering", "ic2"))

    framework = after(framework, framework.reset_ladder("engineering"))

    assert framework.draft.ladder("engineering") == ladder()


def test_a_ladder_that_was_never_published_cannot_go_back() -> None:
    with pytest.raises(NotPublished):
        with_ladders(ladder()).reset_ladder("engineering")


# --- competencies and expectations ------------------------------------------------------------------------------------


def test_a_competencys_id_survives_its_renaming() -> None:
    framework = with_ladders(ladder())

    framework = after(
        framework, framework.draft.describe_competency(COMMUNICATION.model_copy(update={"name": "Being understood"}))
    )

    assert framework.draft.competencies["communication"].name == "Being understood"
    assert framework.draft.ladders_using("communication") == ("engineering",)


def test_describing_a_competency_as_it_is_records_nothing() -> None:
    assert with_ladders(ladder()).draft.describe_competency(COMMUNICATION) == ()


def test_a_competency_that_a_ladder_uses_cannot_be_removed() -> None:
    framework = with_ladders(ladder())

    with pytest.raises(InUse, match="engineering"):
        framework.draft.remove_competency("communication")
    framework = after(framework, framework.draft.drop_competency("engineering", "communication"))
    framework = after(framework, framework.draft.remove_competency("communication"))

    assert tuple(framework.draft.competencies) == ("ownership",)


def test_an_expectation_weighs_1_unless_said() -> None:
    assert Expectation(required=3).weight == 1


@pytest.mark.parametrize("weight", [0, 4])
def test_a_weight_is_1_2_or_3(weight: int) -> None:
    with pytest.raises(Invalid, match="1, 2 or 3"):
        with_ladders(ladder()).draft.set_expectation("engineering", "ic1", "communication", Expectation(weight=weight))


def test_a_required_rating_is_on_the_scale() -> None:
    with pytest.raises(Invalid, match="half points"):
        with_ladders(ladder()).draft.set_expectation("engineering", "ic1", "communication", asks(3.2))


def test_an_expectation_has_at_most_five_behaviours() -> None:
    six = asks(3, *(f"Does {n}." for n in range(6)))

    with pytest.raises(Invalid, match="at most 5"):
        with_ladders(ladder()).draft.set_expectation("engineering", "ic1", "communication", six)


def test_a_behaviour_is_a_text_of_some_length_without_control_characters() -> None:
    framework = with_ladders(ladder())

    for text, remedy in ((" ", "Write a text"), ("x" * 601, "600 characters"), ("Beeps\a.", "control characters")):
        with pytest.raises(Invalid, match=remedy):
            framework.draft.set_expectation("engineering", "ic1", "communication", asks(3, text))


def test_a_cell_is_emptied_by_writing_nothing() -> None:
    framework = with_ladders(ladder())

    framework = after(framework, framework.draft.set_expectation("engineering", "ic1", "communication", None))

    assert cell(framework, "engineering.ic1") is None
    assert cell(framework, "engineering.ic2") == asks(3)


# --- provenance -------------------------------------------------------------------------------------------------------


def test_a_text_keeps_its_provenance_when_only_the_rating_changes() -> None:
    framework = with_ladders(ladder(levels=(level("ic1", communication=asks(2, "Writes.", provenance=ONET)),)))

    set_ = framework.draft.set_expectation("engineering", "ic1", "communication", asks(4, "Writes."))

    assert set_.cell == asks(4, "Writes.", provenance=ONET)


def test_a_text_that_is_changed_here_says_that_it_is_modified() -> None:
    framework = with_ladders(ladder(levels=(level("ic1", communication=asks(2, "Writes.", provenance=ONET)),)))
    changed = asks(2, "Writes well-read notes.")
    modified = changed.model_copy(update={"provenance": ONET.model_copy(update={"modified": True})})

    by_cell = framework.draft.set_expectation("engineering", "ic1", "communication", changed)
    by_level = framework.draft.set_level("engineering", "ic", level("ic1", communication=changed))
    by_ladder = framework.draft.replace_ladder(ladder(levels=(level("ic1", communication=changed),)))

    assert by_cell.cell == modified
    assert by_level.level.expectations["communication"] == modified
    assert by_ladder.ladder.tracks[0].levels[0].expectations["communication"] == modified


def test_a_competency_that_is_reworded_here_says_that_it_is_modified() -> None:
    credited = COMMUNICATION.model_copy(update={"provenance": ONET})
    framework = after(Framework(), Framework().draft.replace_ladder(ladder(), (credited,), source="import"))
    renamed = COMMUNICATION.model_copy(update={"name": "Being understood"})
    modified = renamed.model_copy(update={"provenance": ONET.model_copy(update={"modified": True})})

    described = framework.draft.describe_competency(renamed)
    replaced = framework.draft.replace_ladder(ladder(), (renamed,))

    assert not isinstance(described, tuple)
    assert described.competency == modified
    assert replaced.competencies == (modified,)


def test_an_import_brings_its_own_provenance() -> None:
    framework = with_ladders(ladder(levels=(level("ic1", communication=asks(2, "Writes.", provenance=ONET)),)))

    imported = framework.draft.replace_ladder(
        ladder(levels=(level("ic1", communication=asks(2, "Ours.")),)), source="import", template=None
    )

    assert imported.ladder.tracks[0].levels[0].expectations["communication"] == asks(2, "Ours.")


# --- ready ------------------------------------------------------------------------------------------------------------


def test_a_ladder_without_holes_is_marked_ready_once() -> None:
    framework = ready(with_ladders(ladder()), "engineering")

    assert framework.draft.ready == {"engineering"}
    assert framework.mark_ready("engineering") == ()


HOLES = {
    "no levels": ladder(levels=()),
    "no competencies": ladder(levels=(level("ic1"),)),
    "scope missing": ladder(levels=(level("ic1", communication=asks()).model_copy(update={"scope": " "}),)),
    "unknown next level": ladder(levels=(level("ic1", "engineering.ic7", communication=asks()),)),
    "expectation missing": ladder(levels=(level("ic1", communication=asks()), level("ic2"))),
    "required rating missing": ladder(levels=(level("ic1", communication=asks(None)),)),
    "behaviours missing": ladder(levels=(level("ic1", communication=Expectation(required=3)),)),
}


@pytest.mark.parametrize("kind", HOLES)
def test_ready_is_refused_while_there_is_a_hole_and_says_which(kind: str) -> None:
    framework = with_ladders(HOLES[kind])

    with pytest.raises(HasHoles, match=kind):
        framework.mark_ready("engineering")

    assert [hole.kind for hole in framework.holes("engineering")] == [kind]


def test_not_expected_at_this_level_is_no_hole() -> None:
    framework = with_ladders(
        ladder(levels=(level("ic1", communication=NOT_EXPECTED), level("ic2", communication=asks())))
    )

    assert framework.holes("engineering") == ()


def test_one_refusal_names_three_holes_and_counts_the_rest() -> None:
    framework = with_ladders(ladder(levels=(level("ic1", communication=asks()), *(level(f"l{n}") for n in range(5)))))

    with pytest.raises(HasHoles, match=r"engineering\.l0 / communication: expectation missing; .* and 2 more"):
        framework.mark_ready("engineering")


def test_the_mark_can_be_taken_back() -> None:
    framework = ready(with_ladders(ladder()), "engineering")

    framework = after(framework, framework.draft.remove_ready_mark("engineering"))

    assert framework.draft.ready == frozenset()
    assert framework.draft.remove_ready_mark("engineering") == ()


Decided = Event | tuple[Event, ...]

EDITS: dict[str, Callable[[Framework], Decided]] = {
    "the ladder replaced": lambda now: now.draft.replace_ladder(ladder()),
    "the ladder described": lambda now: now.draft.describe_ladder("engineering", "Software", "", ()),
    "the ladder removed": lambda now: now.draft.remove_ladder("engineering"),
    "a track set": lambda now: now.draft.set_track("engineering", "ic", "Makers"),
    "a track removed": lambda now: now.draft.remove_track("engineering", "ic"),
    "a level set": lambda now: now.draft.set_level("engineering", "ic", level("ic1")),
    "a level removed": lambda now: now.draft.remove_level("engineering", "ic2"),
    "an expectation set": lambda now: now.draft.set_expectation("engineering", "ic1", "communication", asks(1)),
    "a competency dropped": lambda now: now.draft.drop_competency("engineering", "communication"),
    "a used competency reworded": lambda now: now.draft.describe_competency(COMMUNICATION.model_copy(update={"name": "X"})),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_removes_the_mark_of_its_ladder(edit: str) -> None:
    framework = ready(with_ladders(ladder()), "engineering")

    framework = after(framework, EDITS[edit](framework))

    assert framework.draft.ready == frozenset()


def test_an_edit_leaves_the_mark_of_other_ladders() -> None:
    framework = ready(with_ladders(ladder(), ladder("finance")), "engineering", "finance")

    framework = after(framework, framework.draft.set_track("finance", "ic", "Analysts"))

    assert framework.draft.ready == {"engineering"}


def test_rewording_a_shared_competency_removes_the_mark_of_every_ladder_that_uses_it() -> None:
    sales = ladder("sales", levels=(level("ae1", ownership=asks()),))
    framework = ready(with_ladders(ladder(), ladder("finance"), sales), "engineering", "finance", "sales")

    reworded = COMMUNICATION.model_copy(update={"description": "Being understood."})
    framework = after(framework, framework.draft.describe_competency(reworded))

    assert framework.draft.ready == {"sales"}


# --- editing together -------------------------------------------------------------------------------------------------


def test_an_edit_of_what_somebody_else_has_edited_meanwhile_is_refused() -> None:
    framework = with_ladders(ladder())
    seen = framework.draft.edition("ladder/engineering")
    framework = after(framework, framework.draft.set_track("engineering", "ic", "Makers", edition=seen))

    with pytest.raises(Stale):
        framework.draft.set_track("engineering", "ic", "Builders", edition=seen)
    with pytest.raises(Stale):
        framework.mark_ready("engineering", seen)


def test_two_people_edit_two_ladders_at_once() -> None:
    framework = with_ladders(ladder(), ladder("finance"))
    seen = framework.draft.edition("ladder/finance")
    framework = after(framework, framework.draft.set_track("engineering", "ic", "Makers"))

    assert framework.draft.set_track("finance", "ic", "Analysts", edition=seen).ladder == "finance"


def test_a_ladder_that_is_new_has_edition_0() -> None:
    assert Framework().draft.replace_ladder(ladder(), (COMMUNICATION,), edition=0).ladder == ladder()
    with pytest.raises(Stale):
        with_ladders(ladder()).draft.replace_ladder(ladder(), edition=0)


def test_a_ladder_that_was_taken_out_is_added_again_as_a_new_one_and_not_by_who_saw_the_old_one() -> None:
    before = with_ladders(ladder())
    seen = before.draft.edition("ladder/engineering")
    gone = after(before, before.draft.remove_ladder("engineering"))

    back = after(gone, gone.draft.replace_ladder(ladder(), edition=0))

    assert back.draft.edition("ladder/engineering") > seen
    with pytest.raises(Stale):
        gone.draft.replace_ladder(ladder(), edition=seen)


def test_what_the_draft_does_not_have_is_named_the_ladder_or_what_it_lacks() -> None:
    framework = with_ladders(ladder())

    with pytest.raises(NoSuchDraft, match="no ladder “finance”"):
        framework.draft.level("finance", "ic1")
    with pytest.raises(NoSuchDraft, match="“engineering” has no level “ic9”"):
        framework.draft.level("engineering", "ic9")
    with pytest.raises(NoSuchDraft, match="“engineering” has no track “m”"):
        framework.draft.track("engineering", "m")
    with pytest.raises(NoSuchDraft, match="no competency “writing”"):
        framework.draft.competency("writing")


# --- archive ----------------------------------------------------------------------------------------------------------


def test_only_a_published_ladder_is_archived_and_only_once() -> None:
    framework = ready(with_ladders(ladder()), "engineering")

    with pytest.raises(NotPublished):
        framework.archive("engineering")
    framework = after(framework, publish(framework, "First", (), {}))
    framework = after(framework, framework.archive("engineering"))

    with pytest.raises(AlreadyArchived):
        framework.archive("engineering")


def test_archiving_leaves_the_published_texts_where_they_are() -> None:
    framework = ready(with_ladders(ladder()), "engineering")
    framework = after(framework, publish(framework, "First", (), {}))

    archived = after(framework, framework.archive("engineering"))

    assert archived.published == framework.published
    assert archived.version == 1


# --- folding ----------------------------------------------------------------------------------------------------------


def test_folding_holds_no_rule_so_what_was_recorded_under_older_rules_still_loads() -> None:
    old = LadderReplaced(ladder=ladder("Engineering!", levels=(level("ic1", communication=asks(9)),)))
    wild = ExpectationSet(ladder="Engineering!", level="ic1", competency="gone", cell=Expectation(weight=12))
    moved = LevelSet(ladder="Engineering!", track="ic", level=level("ic1"), place=40)

    framework = evolve(Framework, (old, wild, moved))

    assert framework is not None
    assert framework.draft.ladder("Engineering!").level_ids() == ("Engineering!.ic1",)


def test_an_event_of_another_stream_is_refused_loudly() -> None:
    class Unrelated(Event):
        TOPIC = "test-framework.unrelated"

    with pytest.raises(TypeError, match="Unrelated"):
        Framework.evolve(None, Unrelated())
