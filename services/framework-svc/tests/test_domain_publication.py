"""Publishing: the ready ladders go out, the others stay, and nobody loses the level they sit at."""

from typing import cast

import pytest

from chassis.kernel import Event, evolve
from framework_svc.domain.errors import (
    FatesNeeded,
    LevelOccupied,
    NothingToPublish,
    NotPublishable,
    Stale,
    TooLarge,
)
from framework_svc.domain.framework import Framework
from framework_svc.domain.framework_events import LadderCarried, LadderDropped, LadderTaken, VersionPublished
from framework_svc.domain.publication import Seats, plan, publish
from framework_svc.domain.texts import (
    DEFAULT_SCALE,
    Cell,
    Competency,
    CompetencyFate,
    Expectation,
    Fate,
    Ladder,
    Level,
    Track,
)

NAMES = ("communication", "ownership", "listening", "writing")
COMPETENCIES = tuple(Competency(id=name, name=name.title(), area="Collaboration") for name in NAMES)


def level(name: str, *competencies: str, following: tuple[str, ...] = (), required: float = 3) -> Level:
    cells: dict[str, Cell] = {
        each: Expectation(required=required, behaviours=("Writes a note.",)) for each in competencies
    }
    return Level(id=name, code=name.upper(), title=name, scope="Own tasks.", next=following, expectations=cells)


def ladder(name: str, *levels: Level) -> Ladder:
    both = levels or (level("ic1", "communication"), level("ic2", "communication"))
    return Ladder(id=name, name=name.title(), tracks=(Track(id="ic", name="Individual", levels=both),))


def after(framework: Framework, *decided: Event | tuple[Event, ...]) -> Framework:
    events = [event for each in decided for event in (each if isinstance(each, tuple) else (each,))]
    return cast(Framework, evolve(Framework, events, framework))


def drafted(framework: Framework, *ladders: Ladder, ready: bool = True) -> Framework:
    for each in ladders:
        framework = after(framework, framework.draft.replace_ladder(each, COMPETENCIES))
    for each in ladders:
        framework = after(framework, framework.mark_ready(each.id)) if ready else framework
    return framework


def published(framework: Framework, *fates: CompetencyFate, seats: Seats | None = None) -> Framework:
    return after(framework, publish(framework, "What changed.", fates, seats or {}))


def fate(competency: str, what: Fate, *others: str) -> CompetencyFate:
    return CompetencyFate(competency=competency, fate=what, others=others)


# --- what goes out ----------------------------------------------------------------------------------------------------


def test_the_first_version_is_1_and_later_ones_count_on() -> None:
    first = published(drafted(Framework(), ladder("engineering")))
    second = published(drafted(first, ladder("finance")))

    assert (first.version, second.version) == (1, 2)


def test_publishing_takes_the_ready_ladders_only() -> None:
    framework = drafted(drafted(Framework(), ladder("engineering")), ladder("finance"), ready=False)

    events = publish(framework, "First", (), {})

    assert [type(event) for event in events] == [LadderTaken, VersionPublished]
    assert tuple(after(framework, events).published) == ("engineering",)


def test_an_unfinished_ladder_never_holds_up_another_and_the_plan_says_what_it_lacks() -> None:
    unfinished = ladder("finance", level("f1"))
    framework = drafted(drafted(Framework(), ladder("engineering")), unfinished, ready=False)

    planned = plan(framework)

    assert planned.taken == ("engineering",)
    assert [hole.kind for hole in planned.waiting["finance"]] == ["no competencies"]
    assert planned.missing == ()


def test_a_ladder_that_is_not_ready_stays_as_last_published() -> None:
    first = published(drafted(Framework(), ladder("engineering"), ladder("finance")))
    edited = after(first, first.draft.set_track("finance", "ic", "Analysts"))
    changed = drafted(edited, ladder("engineering", level("ic1", "communication", required=2)))

    second = published(changed)

    assert second.published["finance"] == first.published["finance"]
    assert second.published["engineering"].changed_in == 2
    assert LadderCarried(version=2, ladder="finance") in publish(changed, "Second", (), {})


def test_a_ready_ladder_that_says_the_same_is_carried_over_with_the_version_it_last_changed_in() -> None:
    first = published(drafted(Framework(), ladder("engineering"), ladder("finance")))
    changed = drafted(first, ladder("finance", level("ic1", "communication", required=2)))

    second = published(changed)

    assert {name: held.changed_in for name, held in second.published.items()} == {"engineering": 1, "finance": 2}


def test_publishing_nothing_new_is_refused() -> None:
    with pytest.raises(NothingToPublish):
        publish(published(drafted(Framework(), ladder("engineering"))), "Again", (), {})
    with pytest.raises(NothingToPublish):
        publish(drafted(Framework(), ladder("engineering"), ready=False), "Nothing ready", (), {})


def test_a_new_scale_alone_makes_a_version() -> None:
    first = published(drafted(Framework(), ladder("engineering")))
    scale = (DEFAULT_SCALE[0].model_copy(update={"name": "Beginning"}), *DEFAULT_SCALE[1:])

    second = published(after(first, first.draft.write_scale(scale)))

    assert (second.version, second.published_scale) == (2, scale)


def test_a_version_carries_its_note_its_scale_and_who_is_affected() -> None:
    first = published(drafted(Framework(), ladder("engineering")))
    changed = drafted(first, ladder("engineering", level("ic1", "communication", required=2), level("ic2", *NAMES[:1])))
    seats = {"engineering.ic1": ("pe_anna", "pe_ben"), "engineering.ic2": ("pe_cora",)}

    closing = publish(changed, "IC1 asks less.", (), seats)[-1]

    assert closing == VersionPublished(
        version=2, note="IC1 asks less.", scale=DEFAULT_SCALE, affected={"engineering.ic1": ("pe_anna", "pe_ben")}
    )


def test_people_whose_levels_competency_is_reworded_are_affected() -> None:
    first = published(drafted(Framework(), ladder("engineering"), ladder("finance", level("f1", "ownership"))))
    reworded = COMPETENCIES[1].model_copy(update={"description": "Owning what follows."})
    changed = after(first, first.draft.describe_competency(reworded))
    changed = after(changed, changed.mark_ready("finance"))

    affected = plan(changed).people_affected({"engineering.ic1": ("pe_anna",), "finance.f1": ("pe_ben",)})

    assert affected == {"finance.f1": ("pe_ben",)}


def test_what_was_published_is_untouched_by_edits_of_the_draft() -> None:
    first = published(drafted(Framework(), ladder("engineering")))

    edited = after(first, first.draft.remove_level("engineering", "ic2"), first.draft.describe_ladder("engineering", "X", "", ()))

    assert edited.published == first.published


def test_a_published_ladder_holds_the_texts_of_exactly_its_competencies() -> None:
    framework = published(drafted(Framework(), ladder("engineering", level("ic1", "ownership"))))

    assert [known.id for known in framework.published["engineering"].competencies] == ["ownership"]


def test_what_hr_saw_in_the_preview_is_what_is_published_or_it_is_refused() -> None:
    framework = drafted(Framework(), ladder("engineering"), ladder("finance"))

    with pytest.raises(Stale, match="engineering, finance"):
        publish(framework, "First", (), {}, expected=("engineering",))

    assert publish(framework, "First", (), {}, expected=("finance", "engineering"))


# --- what stands in the way -------------------------------------------------------------------------------------------


def test_a_level_somebody_sits_at_cannot_be_dropped() -> None:
    first = published(drafted(Framework(), ladder("engineering")))
    smaller = drafted(first, ladder("engineering", level("ic1", "communication")))

    with pytest.raises(LevelOccupied, match=r"engineering\.ic2 \(2\)"):
        published(smaller, seats={"engineering.ic2": ("pe_anna", "pe_ben")})

    assert tuple(published(smaller).published_levels()) == ("engineering.ic1",)


def test_a_whole_ladder_is_dropped_once_it_was_taken_out_of_the_draft_and_nobody_sits_there() -> None:
    first = published(drafted(Framework(), ladder("engineering"), ladder("finance")))
    without = after(first, first.draft.remove_ladder("finance"))

    with pytest.raises(LevelOccupied, match="finance"):
        published(without, seats={"finance.ic1": ("pe_anna",)})

    assert publish(without, "No finance", (), {})[0] == LadderDropped(version=2, ladder="finance")
    assert tuple(published(without).published) == ("engineering",)


def test_a_seat_that_nobody_holds_any_more_does_not_stand_in_the_way() -> None:
    first = published(drafted(Framework(), ladder("engineering")))
    smaller = drafted(first, ladder("engineering", level("ic1", "communication")))

    assert published(smaller, seats={"engineering.ic2": ()}).version == 2


def test_a_version_whose_moves_lead_nowhere_is_refused() -> None:
    leads = ladder("engineering", level("ic1", "communication", following=("finance.ic1",)))
    framework = drafted(drafted(Framework(), ladder("finance"), ready=False), leads)

    with pytest.raises(NotPublishable, match=r"engineering\.ic1: unknown next level"):
        published(framework)


def test_a_ladder_too_large_for_one_published_event_is_refused() -> None:
    behaviours = tuple("x" * 590 for _ in range(5))
    cells = {"communication": Expectation(required=3, behaviours=behaviours)}
    levels = tuple(level(f"l{n}").model_copy(update={"expectations": cells}) for n in range(90))

    with pytest.raises(TooLarge, match="Split it"):
        published(drafted(Framework(), ladder("engineering", *levels)))


# --- what became of the competencies ----------------------------------------------------------------------------------


def test_in_the_first_version_every_competency_is_new_and_nothing_is_asked() -> None:
    framework = drafted(Framework(), ladder("engineering"))

    with pytest.raises(FatesNeeded, match="say nothing"):
        published(framework, fate("communication", "new"))


def test_publishing_asks_for_each_added_and_removed_competency() -> None:
    first = published(drafted(Framework(), ladder("engineering")))
    changed = drafted(first, ladder("engineering", level("ic1", "ownership"), level("ic2", "ownership")))

    planned = plan(changed)

    assert (planned.added, planned.removed) == (("ownership",), ("communication",))
    with pytest.raises(FatesNeeded, match="ownership, communication"):
        published(changed)
    with pytest.raises(FatesNeeded, match="communication"):
        published(changed, fate("ownership", "new"))


def test_new_and_gone_are_said_and_kept_with_the_version() -> None:
    first = published(drafted(Framework(), ladder("engineering")))
    changed = drafted(first, ladder("engineering", level("ic1", "ownership"), level("ic2", "ownership")))

    second = published(changed, fate("ownership", "new"), fate("communication", "gone"))

    assert second.fates == (fate("ownership", "new"), fate("communication", "gone"))


def test_a_competency_is_split_from_one_of_the_last_version() -> None:
    first = published(drafted(Framework(), ladder("engineering", level("ic1", "communication"))))
    changed = drafted(first, ladder("engineering", level("ic1", "listening", "writing")))
    gone = fate("communication", "gone")

    split = published(
        changed, fate("listening", "split", "communication"), fate("writing", "split", "communication"), gone
    )

    assert split.version == 2
    with pytest.raises(FatesNeeded):
        published(changed, fate("listening", "split", "ownership"), fate("writing", "new"), gone)


def test_a_competency_is_merged_into_one_of_the_next_version() -> None:
    first = published(drafted(Framework(), ladder("engineering", level("ic1", "listening", "writing"))))
    changed = drafted(first, ladder("engineering", level("ic1", "listening")))

    assert published(changed, fate("writing", "merged", "listening")).version == 2
    with pytest.raises(FatesNeeded):
        published(changed, fate("writing", "merged", "ownership"))


@pytest.mark.parametrize(
    "said",
    [
        (fate("ownership", "gone"), fate("communication", "gone")),
        (fate("ownership", "new"), fate("communication", "new")),
        (fate("ownership", "new", "communication"), fate("communication", "gone")),
        (fate("ownership", "split"), fate("communication", "gone")),
        (fate("ownership", "new"), fate("communication", "merged")),
        (fate("ownership", "new"), fate("communication", "gone"), fate("writing", "gone")),
        (fate("ownership", "new"), fate("ownership", "split", "communication"), fate("communication", "gone")),
    ],
    ids=[
        "an added one gone",
        "a removed one new",
        "new with others",
        "split from nothing",
        "merged into nothing",
        "one nobody asked for",
        "one said twice",
    ],
)
def test_a_fate_that_cannot_be_is_refused(said: tuple[CompetencyFate, ...]) -> None:
    first = published(drafted(Framework(), ladder("engineering", level("ic1", "communication"))))
    changed = drafted(first, ladder("engineering", level("ic1", "ownership")))

    with pytest.raises(FatesNeeded):
        published(changed, *said)


def test_a_competency_that_moves_between_ladders_is_neither_added_nor_removed() -> None:
    first = published(
        drafted(
            Framework(),
            ladder("engineering", level("ic1", *NAMES[:2])),
            ladder("finance", level("f1", "communication")),
        )
    )
    changed = drafted(
        first, ladder("engineering", level("ic1", "communication")), ladder("finance", level("f1", *NAMES[:2]))
    )

    assert (plan(changed).added, plan(changed).removed) == ((), ())


# --- archived ladders -------------------------------------------------------------------------------------------------


def test_an_archived_ladder_stays_in_the_versions_that_follow() -> None:
    first = published(drafted(Framework(), ladder("engineering"), ladder("finance")))
    archived = after(first, first.archive("finance"))

    second = published(drafted(archived, ladder("engineering", level("ic1", "communication"))))

    assert tuple(second.published) == ("engineering", "finance")
    assert second.archived == {"finance"}


def test_an_archived_ladder_that_is_dropped_and_comes_back_is_open_again() -> None:
    first = published(drafted(Framework(), ladder("engineering"), ladder("finance")))
    archived = after(first, first.archive("finance"))
    dropped = published(after(archived, archived.draft.remove_ladder("finance")))

    back = published(drafted(dropped, ladder("finance")))

    assert back.archived == frozenset()
    assert "finance" in back.published
