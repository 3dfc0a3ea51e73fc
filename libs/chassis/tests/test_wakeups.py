"""Between processes: one leads, the others take over; the names of changed workspaces reach everybody."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

import psycopg
import pytest

from chassis.leadership import Leadership
from chassis.testing import until
from chassis.wakeups import Kind, Wakeups, _packed  # pyright: ignore[reportPrivateUsage] - packing has an edge to prove

from .conftest import Pair

Dsn = str


@pytest.fixture
def dsn(pair: Pair) -> Dsn:
    return pair.database.dsn("toy", "follower")


@pytest.fixture
def make(dsn: Dsn) -> Iterator[Callable[..., Leadership]]:
    made: list[Leadership] = []

    def one(*roles: str, gained: Callable[[str], None] = lambda _: None) -> Leadership:
        made.append(Leadership(dsn, "toy", roles or ("relay",), gained))
        made[-1].start()
        return made[-1]

    yield one
    for leadership in made:
        leadership.stop()


def end_sessions(pair: Pair, name: str) -> int:
    return len(pair.rows("select pg_terminate_backend(pid) from pg_stat_activity where application_name = %s", name))


def test_of_several_processes_one_leads_and_another_takes_over(make: Callable[..., Leadership]) -> None:
    one = make()
    until(lambda: one.holds("relay"))
    other = make()
    assert not other.holds("relay")
    one.stop()
    until(lambda: other.holds("relay"))
    assert not one.holds("relay")


def test_whoever_gains_the_lead_is_told(make: Callable[..., Leadership]) -> None:
    told: list[str] = []
    make("relay", "projections", gained=told.append)
    until(lambda: sorted(told) == ["projections", "relay"])


def test_a_lost_connection_ends_the_lead_until_it_is_gained_again(make: Callable[..., Leadership], pair: Pair) -> None:
    told: list[str] = []
    one = make(gained=told.append)
    until(lambda: one.holds("relay"))
    assert end_sessions(pair, "toy leadership") >= 1
    until(lambda: len(told) == 2)
    until(lambda: one.holds("relay"))


def test_a_process_that_stopped_beating_holds_nothing_and_its_session_is_ended(
    make: Callable[..., Leadership], monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = make()
    until(lambda: stopped.holds("relay"))
    def hang(_connection: object) -> None:
        time.sleep(8)

    monkeypatch.setattr(stopped, "_look", hang)
    until(lambda: not stopped.holds("relay"))
    other = make()
    until(lambda: other.holds("relay"))


@pytest.fixture
def wakeups(dsn: Dsn) -> Iterator[tuple[Wakeups, list[tuple[Kind, str]], list[None]]]:
    heard: list[tuple[Kind, str]] = []
    lost: list[None] = []

    def hear(kind: Kind, names: Iterable[str]) -> None:
        heard.extend((kind, name) for name in names)

    one = Wakeups(dsn, "toy", hear, lambda: lost.append(None))
    one.start()
    until(lambda: bool(lost))
    yield one, heard, lost
    one.stop()


def test_what_changed_in_one_process_is_heard_in_another(
    wakeups: tuple[Wakeups, list[tuple[Kind, str]], list[None]], dsn: Dsn
) -> None:
    _, heard, _ = wakeups
    teller = Wakeups(dsn, "toy", lambda _kind, _names: None, lambda: None)
    teller.start()
    for number in range(3):
        teller.announce("changed", f"w{number}")
    teller.announce("moved", "w9")
    until(lambda: len(heard) == 4)
    teller.stop()
    assert sorted(heard) == [("changed", "w0"), ("changed", "w1"), ("changed", "w2"), ("moved", "w9")]


def test_after_a_lost_connection_everything_is_compared(
    wakeups: tuple[Wakeups, list[tuple[Kind, str]], list[None]], pair: Pair
) -> None:
    one, heard, lost = wakeups
    end_sessions(pair, "toy listen")
    until(lambda: len(lost) == 2)
    end_sessions(pair, "toy notify")

    def again() -> bool:
        one.announce("changed", "w1")
        return ("changed", "w1") in heard

    until(again)


def test_what_was_to_be_told_over_a_lost_connection_is_told_over_the_next(
    wakeups: tuple[Wakeups, list[tuple[Kind, str]], list[None]], pair: Pair
) -> None:
    one, heard, _ = wakeups
    one.announce("changed", "before")
    until(lambda: ("changed", "before") in heard)
    end_sessions(pair, "toy notify")
    until(lambda: not end_sessions(pair, "toy notify"))

    one.announce("changed", "after")

    until(lambda: ("changed", "after") in heard)


def test_many_names_travel_in_payloads_that_postgresql_takes() -> None:
    names = {f"workspace-{number:06}" for number in range(5_000)}
    payloads = list(_packed(names))
    assert max(map(len, payloads)) < 8_000
    assert set(" ".join(payloads).split(" ")) == names
    assert list(_packed([])) == []


def test_the_follower_s_role_is_enough_for_both(dsn: Dsn) -> None:
    with psycopg.connect(dsn) as connection:
        row = connection.execute("select rolsuper from pg_roles where rolname = current_user").fetchone()
    assert row == (False,)
