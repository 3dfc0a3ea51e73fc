"""A service as a whole: commands answer positions, reads wait for them, followers run and say how they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg.types.json import Jsonb

from chassis.cipher import Cipher, Grant
from chassis.kernel import NotFound
from chassis.postgres import Database, Embedded, Privileged, UnsafeDurability
from chassis.relay import Refused
from chassis.service import Part, Service
from chassis.steps import Runner
from chassis.testing import assert_live_equals_rebuilt, keyed, until
from chassis.unit import Answer, Position, Unit
from contracts.envelope import Envelope

from . import toy
from .conftest import Pair


@pytest.fixture
def running(pair: Pair) -> Iterator[Pair]:
    """Both services with their followers running."""
    for service in (pair.toy, pair.reader):
        service.start()
    yield pair
    for service in (pair.toy, pair.reader):
        for runner in service.runners:
            runner.stop()
        service.runners = []


def test_what_is_written_is_read_by_whoever_waits_for_it(running: Pair, workspace: str) -> None:
    running.open(workspace)
    executed = running.write(workspace, "one")

    assert running.toy.wait(workspace, [executed.position], 10).state == "reached"
    assert running.reader.wait(workspace, executed.published, 10).state == "reached"

    with running.toy.reader(workspace) as reader:
        assert reader.rows("select lines from notebook_list where workspace = %(workspace)s") == [{"lines": 1}]
    assert running.tally(workspace).numbers == (1,)
    assert_live_equals_rebuilt(running.toy, workspace)


def test_a_read_that_waits_in_vain_says_how_far_things_are(pair: Pair, workspace: str) -> None:
    pair.open(workspace)
    executed = pair.write(workspace, "one")

    own = pair.toy.wait(workspace, [executed.position], 0)
    heard = pair.reader.wait(workspace, executed.published, 0)

    assert (own.state, own.detail) == ("behind", "views at 0")
    assert (heard.state, heard.detail) == ("behind", "toy.v1 at 0")


def test_a_position_of_a_service_nobody_here_hears_is_passed_over(pair: Pair, workspace: str) -> None:
    assert pair.toy.reached(workspace, Position("elsewhere.v1", "e", 9)).state == "passed over"


def test_whoever_waits_for_a_parked_event_is_told_so_at_once(pair: Pair, workspace: str) -> None:
    pair.open(workspace)
    executed = pair.write(workspace, "poison")
    pair.settle(workspace)

    found = pair.reader.wait(workspace, executed.published, 10)

    assert found.state == "parked"
    assert pair.sent(workspace)[0].eventid in found.detail


def test_a_position_lost_with_an_ended_epoch_is_not_waited_for(pair: Pair, workspace: str) -> None:
    pair.open(workspace)
    executed = pair.write(workspace, "one")
    pair.settle(workspace)
    later = f"{executed.position.epoch}-later"
    pair.rows("insert into toy.epochs values (%s, %s, 2, now())", workspace, later)
    pair.rows("update toy.head set epoch = %s where workspace = %s", later, workspace)

    lost = Position("toy", executed.position.epoch, 9)

    assert pair.toy.reached(workspace, lost).state == "reached"
    assert pair.toy.reached(workspace, Position("toy", later, 9)).state == "unknown"


def test_a_command_that_records_nothing_answers_where_the_record_is(pair: Pair, workspace: str) -> None:
    pair.open(workspace)
    written = pair.write(workspace, "one")

    executed = pair.run(workspace, lambda unit: Answer(status=204))

    assert (executed.position, executed.published) == (written.position, written.published)
    assert pair.run(f"{workspace}-new", lambda unit: Answer()).position == Position("toy", "", 0)


def test_a_reader_asks_once_for_the_states_of_many_streams(pair: Pair, workspace: str) -> None:
    pair.open(workspace)
    pair.write(workspace, "one")

    with pair.toy.reader(workspace) as reader:
        alone, _ = reader.state(toy.Notebook, "n1")
        assert reader.states(toy.Notebook, ["n1", "absent"]) == {"n1": alone}


def test_a_reader_cannot_write(pair: Pair, workspace: str) -> None:
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), pair.toy.reader(workspace) as reader:
        reader.rows("delete from toy.head where workspace = %(workspace)s")


def test_a_decision_that_finds_nothing_says_so(pair: Pair, workspace: str) -> None:
    def decide(unit: Unit) -> Answer:
        unit.get(toy.Notebook, "nowhere")
        return Answer()

    with pytest.raises(NotFound):
        pair.run(workspace, decide)


def test_personal_text_is_stored_and_published_as_ciphertext_and_read_by_whoever_may(
    pair: Pair, workspace: str
) -> None:
    pair.open(workspace)
    pair.write(workspace, "a very personal line")
    pair.settle(workspace)

    for table, column in (("events", "state"), ("published", "data")):
        rows = pair.rows(f"select {column} as bytes from toy.{table} where workspace = %s", workspace)
        assert all(b"personal line" not in bytes(row["bytes"]) for row in rows)
    with pair.reader.reader(workspace) as reader:
        assert reader.open(toy.NotebookLineWritten.model_validate_json(pair.sent(workspace)[0].data).text) == (
            "a very personal line"
        )


def test_the_parts_of_a_running_service_say_how_they_are(running: Pair) -> None:
    health = running.toy.health()

    assert health.ok
    assert {"relay", "consumer", "projections", "deadlines", "database", "parked"} <= {one.name for one in health.parts}


def test_a_part_that_has_ended_makes_its_service_unwell(running: Pair) -> None:
    running.toy.runners[0].stop()

    health = running.toy.health()

    assert not health.ok
    assert [one.name for one in health.parts if not one.ok] == ["relay"]


def part(service: Service, name: str) -> Part:
    (found,) = [one for one in service.health().parts if one.name == name]
    return found


def test_a_follower_that_is_stuck_says_at_what_until_it_goes_on(pair: Pair, workspace: str) -> None:
    pair.open(workspace)
    pair.write(workspace, "one", "two", "three")
    hole = pair.rows("delete from toy.events where workspace = %s and sequence = 3 returning *", workspace)[0]
    runner = Runner(pair.toy.projections)
    pair.toy.runners = [runner]
    runner.start()
    try:
        until(lambda: runner.set_aside == 1)
        assert part(pair.toy, "projections") == Part("projections", ok=True, detail="Hole", waiting=1)
        assert pair.toy.health().ok

        columns = [*hole]
        values = [Jsonb(cell) if isinstance(cell, dict) else cell for cell in hole.values()]
        pair.rows(
            f"insert into toy.events ({', '.join(columns)}) values ({', '.join(['%s'] * len(columns))})", *values
        )
        until(lambda: runner.set_aside == 0 and runner.last_error is None)
        assert part(pair.toy, "projections") == Part("projections", ok=True)
    finally:
        runner.stop()
        pair.toy.runners = []


def test_workspaces_whose_events_are_refused_are_named_and_take_no_process_out(pair: Pair, workspace: str) -> None:
    class Refusing:
        def newest(self) -> Sequence[Envelope]:
            return ()

        def send(self, records: Sequence[Envelope]) -> None:
            raise Refused

    pair.open(workspace)
    pair.write(workspace, "one")
    sink = pair.toy.relay.sink
    pair.toy.relay.sink = Refusing()
    try:
        assert pair.toy.relay.step(workspace) == "failed"
    finally:
        pair.toy.relay.sink = sink
    assert part(pair.toy, "relay blocked") == Part("relay blocked", ok=True, detail=workspace, waiting=1)
    assert pair.toy.health().ok

    assert pair.toy.relay.step(workspace) == "done"
    assert part(pair.toy, "relay blocked") == Part("relay blocked", ok=True)


def test_migrating_again_changes_nothing(database: Database) -> None:
    def shape() -> list[tuple[str, ...]]:
        with psycopg.connect(database.admin_dsn()) as admin:
            sql = """select table_name, column_name, data_type from information_schema.columns
            where table_schema = 'toy' order by 1, 2"""
            return admin.execute(sql).fetchall()

    service: Service = toy.toy()
    service.migrate(database)
    once = shape()
    service.migrate(database)

    assert once == shape()
    assert ("events", "leaf", "bytea") in once


# -- what a service refuses to run on


@dataclass(frozen=True)
class ByTheAdministrator:
    """A database whose roles are all the superuser: nobody would be walled off."""

    database: Database

    def admin_dsn(self) -> str:
        return self.database.admin_dsn()

    def dsn(self, service: str, role: str) -> str:
        return self.database.admin_dsn()

    def password(self, service: str, role: str) -> None:
        return None


@pytest.fixture
def keys(database: Database, tmp_path: Path) -> Iterator[Cipher]:
    """The keys of a service that is not open yet."""
    with keyed(database, tmp_path, [Grant("toy", "notebook", may_make=True)], "toy") as ciphers:
        yield ciphers["toy"]


def test_a_service_does_not_run_as_a_superuser(database: Database, keys: Cipher) -> None:
    service = toy.toy()
    service.migrate(database)

    with pytest.raises(Privileged, match="postgres"):
        service.open(ByTheAdministrator(database), keys)


@pytest.mark.parametrize("setting", ["fsync", "synchronous_commit"])
def test_a_service_does_not_run_where_what_it_acknowledges_may_be_lost_unless_one_setting_says_so(
    open_folder: Path, keys: Cipher, setting: str
) -> None:
    service = toy.toy()
    with Embedded(open_folder / f"no {setting}", {setting: "off"}) as server:
        service.migrate(server.database)
        with pytest.raises(UnsafeDurability, match=f"{setting}=off.*LADDER_ALLOW_UNSAFE_SYNC"):
            service.open(server.database, keys)

        service.open(server.database, keys, allow_unsafe=True)
        service.close()


def test_a_service_that_refuses_to_run_leaves_no_connection_behind(database: Database, keys: Cipher) -> None:
    service = toy.toy()
    service.migrate(database)

    with pytest.raises(Privileged):
        service.open(ByTheAdministrator(database), keys)

    assert (service.pool.closed, service.follower_pool.closed) == (True, True)
