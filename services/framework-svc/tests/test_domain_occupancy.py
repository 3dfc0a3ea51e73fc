"""The levels of a ladder that are offered, and who counts at them."""

from typing import cast

import pytest

from chassis.kernel import Event, evolve
from framework_svc.domain.errors import NotOffered
from framework_svc.domain.occupancy import LevelsOffered, Occupancy, SeatLeft, SeatTaken
from framework_svc.domain.texts import Ladder, Level, PublishedLadder, Track

IC1 = "engineering.ic1"


def ladder(*levels: Level) -> PublishedLadder:
    tracks = (Track(id="ic", name="Individual contributors", levels=levels),)
    return PublishedLadder(
        ladder=Ladder(id="engineering", name="Engineering", tracks=tracks), competencies=(), changed_in=1
    )


BOTH = ladder(Level(id="ic1", code="IC1", title="Engineer"), Level(id="ic2", code="IC2", title="Senior engineer"))


def occupied(*events: Event | tuple[()]) -> Occupancy:
    recorded = [event for event in events if not isinstance(event, tuple)]
    offered = Occupancy().offer(1, BOTH)
    return cast(Occupancy, evolve(Occupancy, [offered, *recorded]))


def test_a_seat_is_taken_once_at_a_published_level() -> None:
    occupied().admit("pe_anna", IC1)
    assert occupied().seat("pe_anna", IC1) == SeatTaken(person="pe_anna", level=IC1)
    assert occupied(SeatTaken(person="pe_anna", level=IC1)).seat("pe_anna", IC1) == ()


def test_nobody_is_placed_at_a_level_that_is_not_published() -> None:
    with pytest.raises(NotOffered):
        occupied().admit("pe_anna", "engineering.ic9")
    with pytest.raises(NotOffered):
        Occupancy().admit("pe_anna", IC1)


def test_an_archived_ladder_takes_no_new_placements_and_keeps_those_who_sit_there() -> None:
    taken = occupied(SeatTaken(person="pe_anna", level=IC1))
    closed = cast(Occupancy, evolve(Occupancy, _events(taken.close()), taken))

    with pytest.raises(NotOffered, match="archived"):
        closed.admit("pe_ben", IC1)
    closed.admit("pe_anna", IC1)
    assert closed.at_levels() == {IC1: ("pe_anna",)}
    assert closed.close() == ()


def test_a_ladder_that_was_dropped_offers_no_level_and_comes_back_open() -> None:
    closed = cast(Occupancy, evolve(Occupancy, [Occupancy().offer(1, BOTH), *_events(Occupancy().close())]))

    dropped = Occupancy.evolve(closed, closed.offer(2, None))
    back = Occupancy.evolve(dropped, dropped.offer(3, BOTH))

    with pytest.raises(NotOffered):
        dropped.admit("pe_anna", IC1)
    back.admit("pe_anna", IC1)


def test_a_newer_version_of_an_archived_ladder_stays_closed() -> None:
    closed = cast(Occupancy, evolve(Occupancy, [Occupancy().offer(1, BOTH), *_events(Occupancy().close())]))

    newer = Occupancy.evolve(closed, closed.offer(2, BOTH))

    with pytest.raises(NotOffered, match="archived"):
        newer.admit("pe_anna", IC1)


def test_somebody_falls_back_to_an_archived_level_and_to_none_that_is_gone() -> None:
    closed = cast(Occupancy, evolve(Occupancy, [Occupancy().offer(1, BOTH), *_events(Occupancy().close())]))

    closed.take_back(IC1)
    with pytest.raises(NotOffered, match="Place them elsewhere first"):
        Occupancy.evolve(closed, closed.offer(2, None)).take_back(IC1)


def test_a_seat_is_given_back_once() -> None:
    taken = occupied(SeatTaken(person="pe_anna", level=IC1))

    left = taken.leave("pe_anna", IC1)

    assert left == SeatLeft(person="pe_anna", level=IC1)
    assert occupied(SeatTaken(person="pe_anna", level=IC1), left).at_levels() == {}
    assert taken.leave("pe_ben", IC1) == ()


def test_a_new_version_keeps_who_sits_where() -> None:
    taken = occupied(SeatTaken(person="pe_anna", level=IC1))

    assert Occupancy.evolve(taken, taken.offer(2, BOTH)).at_levels() == {IC1: ("pe_anna",)}


@pytest.mark.parametrize("word", [IC1, "ic1", "IC1", "engineer", " Engineer "])
def test_an_import_names_a_level_by_id_code_or_title(word: str) -> None:
    found = occupied().find("", word)

    assert found is not None
    assert found.level == IC1


@pytest.mark.parametrize(("track", "known"), [("ic", True), ("Individual Contributors", True), ("Management", False)])
def test_an_import_that_names_a_track_means_only_its_levels(track: str, known: bool) -> None:
    assert (occupied().find(track, "IC1") is not None) == known


def test_a_word_that_means_two_levels_means_none() -> None:
    twice = ladder(Level(id="ic1", code="1", title="Engineer"), Level(id="m1", code="1", title="Lead"))
    now = Occupancy.evolve(None, LevelsOffered(version=1, levels=Occupancy().offer(1, twice).levels))

    assert now.find("", "1") is None


def _events(*decided: Event | tuple[()]) -> list[Event]:
    return [event for event in decided if not isinstance(event, tuple)]
