"""Of two processes: what the one destroys the other forgets at once, and uses no key while it cannot hear of that."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from structlog.testing import capture_logs

from chassis.cipher import Cipher, Forgetting, Grant
from chassis.cipher.forgetting import SURE_FOR
from chassis.kernel import Unsealed
from chassis.postgres import Database
from chassis.testing import keyed, until
from contracts.envelope import Sealed

GRANTS = (Grant("people", "employee", may_make=True), Grant("evaluation", "evaluation", may_make=True))
STREAM = "acme/evaluation/ev_1"


@dataclass
class Two:
    """The ciphers of two processes over one key database, and three texts the second has read lately."""

    people: Cipher
    evaluation: Cipher
    texts: list[Sealed]

    def read(self) -> list[str | None]:
        """Read Eve's note, Dan's title and Dan's note in the second process."""
        return self.evaluation.open_many("acme", self.texts)

    def destroy(self) -> None:
        """Erase Eve and withdraw Dan's title in the first process."""
        self.people.destroy_person("acme", "eve")
        self.people.destroy_part("acme", "dan", STREAM, "1")


READ, GONE = ["hers", "Cook", "his"], [None, None, "his"]


@pytest.fixture
def two(database: Database, tmp_path: Path) -> Iterator[Two]:
    with keyed(database, tmp_path, GRANTS, "people", "evaluation") as ciphers:
        about = (("eve", "1", "hers"), ("dan", "1", "Cook"), ("dan", "2", "his"))
        texts = [(STREAM, Unsealed(person=person, part=part, text=text)) for person, part, text in about]
        yield Two(ciphers["people"], ciphers["evaluation"], ciphers["evaluation"].seal_many("acme", texts))


@pytest.fixture
def forgetting(database: Database, two: Two) -> Iterator[Forgetting]:
    """What listens for the second process; a test starts it."""
    one = Forgetting(database.dsn("keys", "evaluation"), two.evaluation)
    yield one
    one.stop()


def listen(forgetting: Forgetting) -> None:
    """Start it, and return once it hears of every key that is destroyed."""
    forgetting.start()
    until(lambda: forgetting.sure)


def test_a_process_that_listens_forgets_at_once_what_another_destroys(two: Two, forgetting: Forgetting) -> None:
    listen(forgetting)
    assert two.read() == READ

    two.destroy()

    until(lambda: two.read() == GONE)


@pytest.mark.parametrize("made_up", ["nonsense", "7", '["acme"]', '[["acme"], "eve"]'])
def test_a_message_that_none_of_ours_sent_does_not_end_the_listening(
    database: Database, two: Two, forgetting: Forgetting, made_up: str
) -> None:
    listen(forgetting)
    with psycopg.connect(database.admin_dsn(), autocommit=True) as admin:
        admin.execute("select pg_notify('ladder_keys', %s)", (made_up,))
    two.destroy()
    until(lambda: two.read() == GONE)
    time.sleep(SURE_FOR)
    until(lambda: forgetting.sure)


def test_what_was_destroyed_before_it_listened_is_forgotten_too(two: Two, forgetting: Forgetting) -> None:
    assert two.read() == READ
    two.destroy()

    listen(forgetting)

    assert two.read() == GONE


def test_a_process_that_cannot_listen_uses_no_key_it_kept(
    database: Database, two: Two, forgetting: Forgetting
) -> None:
    assert two.read() == READ
    with full(database), capture_logs() as logged:
        forgetting.start()
        two.destroy()
        assert two.read() == GONE
        until(lambda: bool(logged))
    assert (logged[0]["event"], logged[0]["because"]) == ("cannot hear of destroyed keys", "too_many_connections")
    until(lambda: forgetting.sure)


def test_a_process_whose_listening_connection_is_lost_uses_no_key_it_kept(
    database: Database, two: Two, forgetting: Forgetting
) -> None:
    listen(forgetting)
    with full(database):
        with psycopg.connect(database.admin_dsn()) as admin:
            admin.execute("select pg_terminate_backend(%s)", (listener(database),))
        until(lambda: not forgetting.sure)
        two.destroy()
        assert two.read() == GONE
    until(lambda: forgetting.sure)


def test_a_process_whose_listening_connection_hangs_uses_no_key_it_kept_for_longer_than_a_moment(
    database: Database, two: Two, forgetting: Forgetting
) -> None:
    listen(forgetting)
    hanging = listener(database)
    os.kill(hanging, signal.SIGSTOP)
    try:
        assert two.read() == READ
        two.destroy()
        until(lambda: two.read() == GONE)
    finally:
        os.kill(hanging, signal.SIGCONT)
    until(lambda: forgetting.sure)
    assert two.read() == GONE


def listener(database: Database) -> int:
    """Return the process of PostgreSQL that serves the listening connection."""
    activity = "select pid from pg_stat_activity where datname = %s and application_name = 'keys forgetting'"
    with psycopg.connect(database.admin_dsn()) as admin:
        row = admin.execute(activity, (database.name,)).fetchone()
    assert row is not None
    return row[0]


@contextmanager
def full(database: Database) -> Generator[None]:
    """Let the database take no further connection; those that are there stay."""
    alter = sql.SQL("alter database {} connection limit {}")
    with psycopg.connect(database.admin_dsn(), autocommit=True) as admin:
        admin.execute(alter.format(sql.Identifier(database.name), sql.Literal(0)))
        try:
            yield
        finally:
            admin.execute(alter.format(sql.Identifier(database.name), sql.Literal(-1)))
