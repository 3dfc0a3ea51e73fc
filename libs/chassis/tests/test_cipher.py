"""What is erased stays erased, everything else stays readable, and a key opens only its own place."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from chassis.cipher import (
    Cipher,
    Erased,
    ErasuresMissing,
    Grant,
    InstallationKey,
    KeysUnavailable,
    NotGranted,
    Tampered,
    WrongInstallationKey,
    erasures_path,
    keys_server,
    prepare_keys,
)
from chassis.cipher.cache import KeyCache
from chassis.cipher.sealing import Key, context
from chassis.cipher.vault import Place
from chassis.kernel import Unsealed
from chassis.postgres import Database, Embedded, External, Privileged, UnsafeDurability, pool
from chassis.steps import arm, disarm
from chassis.testing import killed_at
from contracts.envelope import Sealed

GRANTS = (
    Grant("people", "employee", may_make=True),
    Grant("evaluation", "evaluation", may_make=True),
    Grant("evaluation", "employee"),
    Grant("gap", "evaluation"),
    Grant("gap", "report", may_make=True),
)
STREAM = "acme/evaluation/ev_1"
Connect = Callable[..., Cipher]


class Clock:
    """Seconds that pass only when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def text(person: str, part: str, words: str, stream: str = STREAM) -> tuple[str, Unsealed]:
    return stream, Unsealed(person=person, part=part, text=words)


COPIED: dict[str, LiteralString] = {
    "person_keys": "workspace, person, wrapped, key, destroyed_at",
    "part_keys": "workspace, person, stream, part, wrapped, key, person_key, destroyed_at",
}


def backup(database: Database, folder: Path) -> None:
    """Copy the keys away."""
    with psycopg.connect(database.admin_dsn()) as admin:
        for table, columns in COPIED.items():
            statement = sql.SQL("copy keys.{} ({}) to stdout").format(sql.Identifier(table), sql.SQL(columns))
            with admin.cursor().copy(statement) as copy:
                (folder / table).write_bytes(b"".join(bytes(block) for block in copy))


def restore(database: Database, folder: Path) -> None:
    """Bring the keys back as they were."""
    with psycopg.connect(database.admin_dsn()) as admin:
        admin.execute("truncate keys.person_keys, keys.part_keys")
        for table, columns in COPIED.items():
            statement = sql.SQL("copy keys.{} ({}) from stdin").format(sql.Identifier(table), sql.SQL(columns))
            with admin.cursor().copy(statement) as copy:
                copy.write((folder / table).read_bytes())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def connect(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Connect]:
    """Make the ciphers of services over one fresh key database."""
    key = prepare_keys(database, tmp_path, GRANTS, {})
    pools: list[Cipher] = []

    def connected(service: str, size: int = 1000) -> Cipher:
        connections = pool(database.dsn("keys", service), 2, f"{service} keys", autocommit=True)
        pools.append(Cipher(connections, key, tmp_path / "erasures", clock=clock, size=size))
        return pools[-1]

    yield connected
    for each in pools:
        each.close()


@pytest.fixture
def evaluation(connect: Connect) -> Cipher:
    return connect("evaluation")


@pytest.fixture
def people(connect: Connect) -> Cipher:
    return connect("people")


# -- sealing and opening


def test_a_sealed_text_opens_to_what_was_sealed_and_names_its_key_by_hash(evaluation: Cipher) -> None:
    [sealed] = evaluation.seal_many("acme", [text("ann", "evidence/1", "Led the move to 優 — «well»")])
    assert (sealed.person, sealed.stream, sealed.part) == ("ann", STREAM, "evidence/1")
    assert len(sealed.key) == 64
    assert "Led" not in sealed.enc
    assert evaluation.open("acme", sealed) == "Led the move to 優 — «well»"


def test_texts_come_back_in_their_order_with_one_key_per_person_stream_and_part(evaluation: Cipher) -> None:
    texts = [text("ann", "1", "a"), text("bob", "1", "b"), text("ann", "2", "c"), text("ann", "1", "d")]
    sealed = evaluation.seal_many("acme", texts)
    assert evaluation.open_many("acme", sealed) == ["a", "b", "c", "d"]
    assert len({one.key for one in sealed}) == 3
    assert sealed[0].key == sealed[3].key


def test_nothing_to_seal_or_open_asks_nobody(evaluation: Cipher) -> None:
    assert evaluation.seal_many("acme", []) == []
    assert evaluation.open_many("acme", []) == []


def test_another_process_of_another_service_opens_what_was_sealed(evaluation: Cipher, connect: Connect) -> None:
    [sealed] = evaluation.seal_many("acme", [text("ann", "1", "clear words")])
    assert connect("gap").open("acme", sealed) == "clear words"


def test_neither_a_key_nor_a_text_stands_in_the_key_database_in_the_clear(
    evaluation: Cipher, database: Database
) -> None:
    evaluation.seal_many("acme", [text("ann", "1", "clear words")])
    with psycopg.connect(database.admin_dsn()) as admin:
        rows = admin.execute("select wrapped from keys.person_keys union all select wrapped from keys.part_keys")
        assert [len(row[0]) for row in rows] == [12 + 32 + 16] * 2


def test_a_key_is_committed_before_it_is_used_even_when_the_caller_rolls_back(
    evaluation: Cipher, database: Database
) -> None:
    with psycopg.connect(database.admin_dsn()) as other:
        evaluation.seal_many("acme", [text("ann", "1", "x")])
        assert other.execute("select count(*) from keys.part_keys").fetchone() == (1,)


def test_many_texts_are_sealed_and_opened_at_once(evaluation: Cipher, connect: Connect) -> None:
    texts = [text(f"person-{n % 300}", f"part-{n}", f"text {n}") for n in range(6000)]
    sealed = evaluation.seal_many("acme", texts)
    assert connect("gap").open_many("acme", sealed) == [f"text {n}" for n in range(6000)]


@pytest.mark.parametrize(
    "moved",
    [
        {"person": "bob"},
        {"part": "2"},
        {"stream": "acme/evaluation/ev_2"},
        {"stream": "other/evaluation/ev_1"},
        {"key": "0" * 64},
        {"enc": "not base64"},
        {"enc": "AAAA"},
    ],
    ids=str,
)
def test_a_ciphertext_that_was_moved_or_changed_is_refused(evaluation: Cipher, moved: dict[str, str]) -> None:
    [sealed] = evaluation.seal_many("acme", [text("ann", "1", "hers")])
    with pytest.raises(Tampered):
        evaluation.open("acme", sealed.model_copy(update=moved))


def test_a_ciphertext_moved_to_another_person_with_a_key_there_is_refused(evaluation: Cipher) -> None:
    hers, his = evaluation.seal_many("acme", [text("ann", "1", "hers"), text("bob", "1", "his")])
    with pytest.raises(Tampered):
        evaluation.open("acme", his.model_copy(update={"enc": hers.enc}))


def test_every_bit_of_a_ciphertext_counts(evaluation: Cipher) -> None:
    [sealed] = evaluation.seal_many("acme", [text("ann", "1", "hers")])
    for index in (0, 15, len(sealed.enc) - 3):
        changed = "A" if sealed.enc[index] != "A" else "B"
        with pytest.raises(Tampered):
            evaluation.open(
                "acme", sealed.model_copy(update={"enc": sealed.enc[:index] + changed + sealed.enc[index + 1 :]})
            )


def test_no_two_places_share_the_context_that_is_bound_into_a_ciphertext() -> None:
    places = [("ab", "c"), ("a", "bc"), ("abc", ""), ("", "abc"), ("abc",), ("a", "b", "c"), ("ä", "c")]
    assert len({context(*place) for place in places}) == len(places)


def test_a_text_for_a_stream_of_another_workspace_is_not_sealed(evaluation: Cipher) -> None:
    with pytest.raises(ValueError, match="workspace"):
        evaluation.seal_many("acme", [text("ann", "1", "x", stream="other/evaluation/ev_1")])


def test_the_same_text_sealed_twice_differs(evaluation: Cipher) -> None:
    first, second = evaluation.seal_many("acme", [text("ann", "1", "x"), text("ann", "1", "x")])
    assert first.enc != second.enc


# -- erasing


def test_destroying_one_persons_key_makes_only_their_text_unreadable(
    evaluation: Cipher, people: Cipher, clock: Clock
) -> None:
    hers, also_hers, his = evaluation.seal_many(
        "acme", [text("ann", "1", "hers"), text("ann", "2", "also hers"), text("bob", "1", "his")]
    )
    [name] = people.seal_many("acme", [text("ann", "name", "Ann", stream="acme/employee/ann")])
    [elsewhere] = evaluation.seal_many("other", [text("ann", "1", "x", stream="other/evaluation/ev_1")])
    people.destroy_person("acme", "ann")
    clock.now += 61
    assert evaluation.open_many("acme", [hers, also_hers, his]) == [None, None, "his"]
    assert people.open("acme", name) is None
    assert evaluation.open("other", elsewhere) == "x"


def test_destroying_one_parts_key_makes_only_that_text_unreadable(
    evaluation: Cipher, people: Cipher, clock: Clock
) -> None:
    withdrawn, kept = evaluation.seal_many("acme", [text("ann", "1", "withdrawn"), text("ann", "2", "kept")])
    people.destroy_part("acme", "ann", STREAM, "1")
    clock.now += 61
    assert evaluation.open_many("acme", [withdrawn, kept]) == [None, "kept"]


def test_erased_text_is_gone_at_once_in_the_process_that_erased_it(people: Cipher) -> None:
    stream = "acme/employee/ann"
    name, title = people.seal_many("acme", [text("ann", "name", "Ann", stream), text("ann", "title", "Cook", stream)])
    people.destroy_part("acme", "ann", stream, "title")
    assert people.open_many("acme", [name, title]) == ["Ann", None]
    people.destroy_person("acme", "ann")
    assert people.open_many("acme", [name, title]) == [None, None]


def test_another_process_reads_an_erased_text_no_longer_than_its_cache_lives(
    evaluation: Cipher, people: Cipher, clock: Clock
) -> None:
    [sealed] = evaluation.seal_many("acme", [text("ann", "1", "hers")])
    people.destroy_person("acme", "ann")
    clock.now += 59
    assert evaluation.open("acme", sealed) == "hers"
    clock.now += 2
    assert evaluation.open("acme", sealed) is None


def test_services_of_one_process_forget_together_what_one_of_them_destroys(evaluation: Cipher, people: Cipher) -> None:
    people.beside([people, evaluation])
    hers, title, his = evaluation.seal_many(
        "acme", [text("ann", "1", "hers"), text("bob", "1", "Cook"), text("bob", "2", "his")]
    )
    people.destroy_person("acme", "ann")
    people.destroy_part("acme", "bob", STREAM, "1")
    assert evaluation.open_many("acme", [hers, title, his]) == [None, None, "his"]


def test_reading_often_does_not_lengthen_the_life_of_a_cached_key(
    evaluation: Cipher, people: Cipher, clock: Clock
) -> None:
    [sealed] = evaluation.seal_many("acme", [text("ann", "1", "hers")])
    people.destroy_person("acme", "ann")
    read: list[str | None] = []
    for _ in range(3):
        clock.now += 25
        read.append(evaluation.open("acme", sealed))
    assert read == ["hers", "hers", None]


def test_a_late_write_about_an_erased_person_is_refused_and_makes_no_key(
    evaluation: Cipher, people: Cipher, connect: Connect, database: Database
) -> None:
    evaluation.seal_many("acme", [text("ann", "1", "hers")])
    people.destroy_person("acme", "ann")
    for part in ("1", "new"):
        with pytest.raises(Erased):
            connect("evaluation").seal_many("acme", [text("ann", part, "late")])
    with psycopg.connect(database.admin_dsn()) as admin:
        assert admin.execute("select count(*) from keys.part_keys where wrapped is not null").fetchone() == (0,)
        assert admin.execute("select count(*) from keys.person_keys where wrapped is not null").fetchone() == (0,)


def test_a_late_write_to_a_withdrawn_part_is_refused_and_other_parts_go_on(
    evaluation: Cipher, people: Cipher, connect: Connect
) -> None:
    evaluation.seal_many("acme", [text("ann", "1", "hers")])
    people.destroy_part("acme", "ann", STREAM, "1")
    later = connect("evaluation")
    with pytest.raises(Erased):
        later.seal_many("acme", [text("ann", "1", "late")])
    assert later.open("acme", later.seal_many("acme", [text("ann", "2", "more")])[0]) == "more"


def test_erasing_somebody_without_a_key_forbids_their_first_one(evaluation: Cipher, people: Cipher) -> None:
    people.destroy_person("acme", "new")
    people.destroy_part("acme", "bob", STREAM, "1")
    for person in ("new", "bob"):
        with pytest.raises(Erased):
            evaluation.seal_many("acme", [text(person, "1", "late")])


def test_erasing_twice_is_erasing_once(evaluation: Cipher, people: Cipher, clock: Clock) -> None:
    [sealed] = evaluation.seal_many("acme", [text("ann", "1", "hers")])
    for _ in range(2):
        people.destroy_part("acme", "ann", STREAM, "1")
        people.destroy_person("acme", "ann")
    clock.now += 61
    assert evaluation.open("acme", sealed) is None


def test_a_key_asked_for_before_an_erasure_and_found_after_it_is_not_kept(people: Cipher, clock: Clock) -> None:
    place = Place("acme", "ann", STREAM, "1")
    cache = KeyCache(10, 60, clock)
    evictions = cache.evictions
    cache.evict(lambda one: one == place)
    cache.put({place: Key.fresh()}, clock(), evictions)
    assert cache.get([place]) == {}


def test_the_cache_of_keys_is_bounded(connect: Connect) -> None:
    cipher = connect("evaluation", size=10)
    sealed = cipher.seal_many("acme", [text("ann", str(n), str(n)) for n in range(50)])
    assert len(cipher._cache) == 10  # pyright: ignore[reportPrivateUsage]  (the bound is not seen from outside)
    assert cipher.open_many("acme", sealed) == [str(n) for n in range(50)]


# -- making keys at the same time


def test_makers_of_the_same_keys_at_the_same_time_agree_on_them(connect: Connect) -> None:
    ciphers = [connect("evaluation") for _ in range(4)]
    start = threading.Barrier(len(ciphers))
    made: list[list[dict[tuple[str, str], str]]] = [[] for _ in ciphers]

    def make(number: int) -> None:
        for rounds in range(10):
            texts = [text(f"p{rounds}-{n}", str(part), "x") for n in range(3) for part in range(3)]
            start.wait(10)
            sealed = ciphers[number].seal_many("acme", texts if number % 2 else texts[::-1])
            made[number].append({(one.person, one.part): one.key for one in sealed})

    threads = [threading.Thread(target=make, args=(number,)) for number in range(len(ciphers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made[0]) == 10
    assert all(keys == made[0] for keys in made)


def test_a_text_written_while_its_person_is_erased_is_refused_or_unreadable_afterwards(
    connect: Connect, people: Cipher, clock: Clock, database: Database
) -> None:
    writers = [connect("evaluation") for _ in range(3)]
    start = threading.Barrier(4)
    written: list[Sealed] = []

    def write(cipher: Cipher, writer: int) -> None:
        start.wait()
        for n in range(20):
            try:
                written.extend(cipher.seal_many("acme", [text("ann", f"{writer}-{n}", "x")]))
            except Erased:
                return

    threads = [threading.Thread(target=write, args=(cipher, n)) for n, cipher in enumerate(writers)]
    for thread in threads:
        thread.start()
    start.wait()
    people.destroy_person("acme", "ann")
    for thread in threads:
        thread.join()
    clock.now += 61
    assert writers[0].open_many("acme", written) == [None] * len(written)
    with psycopg.connect(database.admin_dsn()) as admin:
        assert admin.execute("select count(*) from keys.part_keys where wrapped is not null").fetchone() == (0,)


INSERT_PART = (
    "insert into keys.part_keys (workspace, person, stream, part, wrapped, key, person_key)"
    " values ('acme', 'ann', 'acme/evaluation/ev_1', 'late', 'sealed', 'hash', %s)"
)


def test_a_part_key_that_is_being_made_is_destroyed_together_with_its_person(
    evaluation: Cipher, people: Cipher, database: Database
) -> None:
    evaluation.seal_many("acme", [text("ann", "1", "hers")])
    eraser = threading.Thread(target=people.destroy_person, args=("acme", "ann"))
    with (
        psycopg.connect(database.admin_dsn(), autocommit=True) as admin,
        psycopg.connect(database.dsn("keys", "evaluation")) as maker,
    ):
        row = maker.execute("select key from keys.person_keys").fetchone()
        assert row is not None
        maker.execute(INSERT_PART, row)
        eraser.start()
        waits = (
            "select 1 from pg_stat_activity where datname = current_database()"
            " and usename = 'keys_people' and wait_event_type = 'Lock'"
        )
        while eraser.is_alive() and admin.execute(waits).fetchone() is None:
            pass
        maker.commit()
        eraser.join()
        assert admin.execute("select count(*) from keys.part_keys where wrapped is not null").fetchone() == (0,)


def test_a_part_key_wrapped_by_a_persons_key_that_lost_the_race_is_not_kept(
    evaluation: Cipher, database: Database
) -> None:
    evaluation.seal_many("acme", [text("ann", "1", "hers")])
    with psycopg.connect(database.dsn("keys", "evaluation")) as maker:
        assert maker.execute(INSERT_PART, ("the hash of another key",)).rowcount == 0


# -- who may


def test_a_service_without_a_grant_can_neither_make_nor_open_keys_of_a_kind(
    connect: Connect, people: Cipher, evaluation: Cipher
) -> None:
    [sealed] = evaluation.seal_many("acme", [text("ann", "1", "hers")])
    with pytest.raises(NotGranted):
        people.open("acme", sealed)
    with pytest.raises(NotGranted):
        people.seal_many("acme", [text("ann", "2", "x")])


def test_a_service_that_may_open_a_kind_may_not_make_its_keys(connect: Connect, people: Cipher) -> None:
    stream = "acme/employee/ann"
    [name] = people.seal_many("acme", [text("ann", "name", "Ann", stream)])
    evaluation = connect("evaluation")
    assert evaluation.open("acme", name) == "Ann"
    with pytest.raises(NotGranted):
        evaluation.seal_many("acme", [text("ann", "other", "x", stream)])


def test_only_people_may_destroy_keys_and_nobody_else_reaches_the_list(
    evaluation: Cipher, tmp_path: Path, database: Database
) -> None:
    [sealed] = evaluation.seal_many("acme", [text("ann", "1", "hers")])
    with pytest.raises(NotGranted):
        evaluation.destroy_person("acme", "ann")
    with pytest.raises(NotGranted):
        evaluation.destroy_part("acme", "ann", STREAM, "1")
    assert evaluation.open("acme", sealed) == "hers"
    assert len((tmp_path / "erasures").read_text().splitlines()) == 1


@pytest.mark.parametrize("service", ["evaluation", "people"])
@pytest.mark.parametrize(
    "statement",
    [
        "update keys.part_keys set wrapped = null, destroyed_at = now()",
        "update keys.person_keys set destroyed_at = null",
        "delete from keys.part_keys",
        "insert into keys.grants values ('keys_evaluation', 'report', true, true)",
        "delete from keys.installation",
    ],
)
def test_no_service_touches_the_tables_of_keys_by_hand(
    connect: Connect, database: Database, service: str, statement: str
) -> None:
    with (
        psycopg.connect(database.dsn("keys", service)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)  # pyright: ignore[reportCallIssue, reportArgumentType]  (one of those above)


def test_a_grant_that_is_taken_back_holds_from_the_next_migrate_step_on(
    evaluation: Cipher, connect: Connect, database: Database, tmp_path: Path
) -> None:
    [sealed] = evaluation.seal_many("acme", [text("ann", "1", "hers")])
    prepare_keys(database, tmp_path, [grant for grant in GRANTS if grant.service != "gap"], {})
    with pytest.raises(NotGranted):
        connect("gap").open("acme", sealed)


def test_a_service_does_not_reach_the_data_of_another_through_the_keys_role(
    connect: Connect, database: Database
) -> None:
    with psycopg.connect(database.dsn("keys", "gap")) as connection:
        row = connection.execute(
            "select rolsuper or rolbypassrls from pg_roles where rolname = current_user"
        ).fetchone()
    assert row == (False,)


# -- the installation key


def test_the_installation_key_is_made_once_and_closed_to_others(connect: Connect, tmp_path: Path) -> None:
    file = tmp_path / "installation.key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert InstallationKey.make(tmp_path) == InstallationKey.load(tmp_path, {})
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_key_in_the_environment_is_used_and_no_file_is_made(database: Database, tmp_path: Path) -> None:
    environ = {"LADDER_INSTALLATION_KEY": "QUJD" * 10 + "QUI=", "LADDER_ERASURES": str(tmp_path / "list")}
    key = prepare_keys(database, tmp_path / "home", GRANTS, environ)
    assert key.secret == (b"ABC" * 10 + b"AB")
    assert not (tmp_path / "home" / "installation.key").exists()
    assert (tmp_path / "list").exists()


def test_a_wrong_installation_key_is_recognised_and_refused(
    connect: Connect, database: Database, tmp_path: Path
) -> None:
    with pytest.raises(WrongInstallationKey):
        Cipher.connect(database, "evaluation", InstallationKey(b"x" * 32), tmp_path / "erasures")
    (tmp_path / "installation.key").write_text("QUJD" * 10 + "QUI=")
    with pytest.raises(WrongInstallationKey):
        prepare_keys(database, tmp_path, GRANTS, {})


def test_a_lost_installation_key_is_not_replaced_by_a_new_one(
    connect: Connect, database: Database, tmp_path: Path
) -> None:
    (tmp_path / "installation.key").unlink()
    with pytest.raises(WrongInstallationKey, match="missing"):
        prepare_keys(database, tmp_path, GRANTS, {})
    assert not (tmp_path / "installation.key").exists()


@pytest.mark.parametrize("value", ["%%%", "QUJD"], ids=["not base64", "too short"])
def test_a_malformed_installation_key_is_refused_without_being_shown(tmp_path: Path, value: str) -> None:
    with pytest.raises(WrongInstallationKey) as refused:
        InstallationKey.load(tmp_path, {"LADDER_INSTALLATION_KEY": value})
    assert value not in str(refused.value)


def test_other_secrets_are_wrapped_for_one_purpose(evaluation: Cipher) -> None:
    wrapped = evaluation.wrap("signing key", b"secret")
    assert b"secret" not in wrapped
    assert evaluation.unwrap("signing key", wrapped) == b"secret"
    with pytest.raises(Tampered):
        evaluation.unwrap("webhook", wrapped)


# -- digests


def test_a_digest_is_the_same_in_every_service_and_another_in_another_workspace(
    evaluation: Cipher, people: Cipher
) -> None:
    assert evaluation.digest("acme", "ann@example.org") == people.digest("acme", "ann@example.org")
    assert evaluation.digest("acme", "ann@example.org") != evaluation.digest("other", "ann@example.org")
    assert len(evaluation.digest("acme", "ann@example.org")) == 64


def test_a_digest_cannot_be_had_without_the_key(evaluation: Cipher) -> None:
    assert evaluation.digest("acme", "ann") != hashlib.sha256(b"ann").hexdigest()


# -- the list of erasures, and restores


def test_an_erasure_is_on_the_list_before_it_is_done(
    evaluation: Cipher, people: Cipher, clock: Clock, database: Database, tmp_path: Path
) -> None:
    [sealed] = evaluation.seal_many("acme", [text("ann", "1", "hers")])
    with killed_at("after the list of erasures"):
        people.destroy_person("acme", "ann")
    clock.now += 61
    last = json.loads((tmp_path / "erasures").read_text().splitlines()[-1])
    assert (last["workspace"], last["person"]) == ("acme", "ann")
    assert evaluation.open("acme", sealed) == "hers"
    prepare_keys(database, tmp_path, GRANTS, {})
    clock.now += 61
    assert evaluation.open("acme", sealed) is None


def test_an_erasure_is_safe_on_disk_before_the_key_is_destroyed(
    evaluation: Cipher, people: Cipher, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = tmp_path / "erasures"
    [sealed] = evaluation.seal_many("acme", [text("ann", "1", "hers")])
    flush, flushed = os.fsync, [b""]
    safe_when_it_was_done: list[bool] = []

    def watched(descriptor: int) -> None:
        flush(descriptor)
        if os.path.samestat(os.fstat(descriptor), listed.stat()):
            flushed.append(listed.read_bytes())

    def look() -> None:
        """Between the list and the key: what a power cut would leave of the list is all of it, and the key is there."""
        clock.now += 61
        safe_when_it_was_done.append(
            flushed[-1] == listed.read_bytes() and b"ann" in flushed[-1] and evaluation.open("acme", sealed) == "hers"
        )

    monkeypatch.setattr(os, "fsync", watched)
    arm("after the list of erasures", look)
    try:
        people.destroy_person("acme", "ann")
    finally:
        disarm()

    assert safe_when_it_was_done == [True]
    clock.now += 61
    assert evaluation.open("acme", sealed) is None


def test_the_list_names_opaque_ids_and_no_text(evaluation: Cipher, people: Cipher, tmp_path: Path) -> None:
    evaluation.seal_many("acme", [text("ann", "1", "hers")])
    people.destroy_part("acme", "ann", STREAM, "1")
    last = json.loads((tmp_path / "erasures").read_text().splitlines()[-1])
    assert set(last) == {"at", "workspace", "person", "stream", "part"}
    assert (tmp_path / "erasures").stat().st_mode & 0o777 == 0o600


def test_a_restored_older_backup_of_the_keys_loses_what_the_list_names_again(
    evaluation: Cipher, people: Cipher, connect: Connect, database: Database, tmp_path: Path
) -> None:
    hers, withdrawn, his = evaluation.seal_many(
        "acme", [text("ann", "1", "hers"), text("bob", "1", "withdrawn"), text("bob", "2", "his")]
    )
    backup(database, tmp_path)
    people.destroy_person("acme", "ann")
    people.destroy_part("acme", "bob", STREAM, "1")
    restore(database, tmp_path)
    assert connect("evaluation").open("acme", hers) == "hers"
    prepare_keys(database, tmp_path, GRANTS, {})
    assert connect("evaluation").open_many("acme", [hers, withdrawn, his]) == [None, None, "his"]


def test_a_restore_without_the_list_of_erasures_is_refused(
    evaluation: Cipher, people: Cipher, database: Database, tmp_path: Path
) -> None:
    evaluation.seal_many("acme", [text("ann", "1", "hers")])
    people.destroy_person("acme", "ann")
    (tmp_path / "erasures").unlink()
    with pytest.raises(ErasuresMissing, match="LADDER_ERASURES"):
        prepare_keys(database, tmp_path, GRANTS, {})
    with pytest.raises(ErasuresMissing):
        people.destroy_person("acme", "bob")


def test_a_list_older_than_the_keys_is_refused(people: Cipher, database: Database, tmp_path: Path) -> None:
    old = (tmp_path / "erasures").read_bytes()
    people.destroy_person("acme", "ann")
    (tmp_path / "erasures").write_bytes(old)
    with pytest.raises(ErasuresMissing, match="lacks 1"):
        prepare_keys(database, tmp_path, GRANTS, {})


def test_comparing_with_the_list_while_people_erases_finds_nothing_amiss(
    people: Cipher, database: Database, tmp_path: Path
) -> None:
    done = threading.Event()

    def erase() -> None:
        for number in range(100):
            people.destroy_person("acme", f"person-{number}")
        done.set()

    thread = threading.Thread(target=erase)
    thread.start()
    while not done.is_set():
        prepare_keys(database, tmp_path, GRANTS, {})
    thread.join()
    prepare_keys(database, tmp_path, GRANTS, {})


def test_the_list_of_another_installation_is_refused(people: Cipher, database: Database, tmp_path: Path) -> None:
    (tmp_path / "erasures").write_text('{"installation": "another"}\n')
    with pytest.raises(ErasuresMissing, match="another installation"):
        prepare_keys(database, tmp_path, GRANTS, {})


def test_a_line_broken_off_by_a_crash_does_not_spoil_the_next(
    people: Cipher, database: Database, tmp_path: Path
) -> None:
    with (tmp_path / "erasures").open("a") as file:
        file.write('{"at": "2026-01-01T00:00:00+00:00", "works')
    people.destroy_person("acme", "ann")
    prepare_keys(database, tmp_path, GRANTS, {})


def test_the_list_stands_where_the_setting_says(tmp_path: Path) -> None:
    assert erasures_path(tmp_path, {}) == tmp_path / "erasures"
    assert erasures_path(tmp_path, {"LADDER_ERASURES": "/mnt/safe/erasures"}) == Path("/mnt/safe/erasures")


# -- where the keys are


def test_keys_in_another_database_serve_the_same_services(
    database: Database, module_database: Database, tmp_path: Path
) -> None:
    url = f"postgresql://postgres@/{module_database.name}?host={module_database.host}"
    server = keys_server(database, {"LADDER_KEYS_URL": url})
    key = prepare_keys(server, tmp_path, GRANTS, {})
    cipher = Cipher.connect(server, "evaluation", key, tmp_path / "erasures")
    try:
        assert cipher.open("acme", cipher.seal_many("acme", [text("ann", "1", "hers")])[0]) == "hers"
    finally:
        cipher.close()
    assert keys_server(database, {}) is database
    with psycopg.connect(database.admin_dsn()) as admin:
        assert admin.execute("select to_regnamespace('keys')").fetchone() == (None,)


def test_an_administrator_who_is_no_superuser_prepares_the_keys(open_folder: Path, tmp_path: Path) -> None:
    with Embedded(open_folder / "external") as somebodys:
        with psycopg.connect(somebodys.database.admin_dsn()) as admin:
            admin.execute("create role administrator login createrole")
            admin.execute("grant create on database ladder to administrator")
        server = External(f"postgresql://administrator@/ladder?host={somebodys.database.host}", {}, "secret")
        prepare_keys(server, tmp_path, GRANTS, {})
        key = prepare_keys(server, tmp_path, GRANTS, {})
        cipher = Cipher.connect(server, "people", key, tmp_path / "erasures")
        try:
            [name] = cipher.seal_many("acme", [text("ann", "name", "Ann", "acme/employee/ann")])
            cipher.destroy_person("acme", "ann")
            assert cipher.open("acme", name) is None
        finally:
            cipher.close()


def test_a_superuser_is_refused_as_the_role_of_a_service(connect: Connect, database: Database, tmp_path: Path) -> None:
    key = InstallationKey.load(tmp_path, {})
    assert key is not None
    server = External(database.admin_dsn(), {"keys_evaluation": database.admin_dsn()})
    with pytest.raises(Privileged):
        Cipher.connect(server, "evaluation", key, tmp_path / "erasures")


def test_an_unreachable_key_database_is_said_so_and_nothing_is_written_in_the_clear(
    connect: Connect, database: Database, tmp_path: Path
) -> None:
    key = InstallationKey.load(tmp_path, {})
    assert key is not None
    cipher = Cipher(pool(f"host={tmp_path} user=keys_evaluation", 1, "keys", wait=0.2), key, tmp_path / "erasures")
    try:
        with pytest.raises(KeysUnavailable):
            cipher.seal_many("acme", [text("ann", "1", "hers")])
    finally:
        cipher.close()


def test_a_key_database_that_might_lose_a_key_in_use_is_refused(
    connect: Connect, database: Database, tmp_path: Path
) -> None:
    key = InstallationKey.load(tmp_path, {})
    assert key is not None
    with psycopg.connect(database.admin_dsn()) as admin:
        admin.execute(sql.SQL("alter database {} set synchronous_commit = off").format(sql.Identifier(database.name)))
    with pytest.raises(UnsafeDurability):
        Cipher.connect(database, "evaluation", key, tmp_path / "erasures")
    Cipher.connect(database, "evaluation", key, tmp_path / "erasures", allow_unsafe=True).close()


def test_a_connection_that_broke_while_idle_is_replaced_unnoticed(evaluation: Cipher, database: Database) -> None:
    [sealed] = evaluation.seal_many("acme", [text("ann", "1", "hers")])
    with psycopg.connect(database.admin_dsn(), autocommit=True) as admin:
        admin.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
            " where datname = current_database() and usename = 'keys_evaluation'"
        )
    evaluation.seal_many("acme", [text("bob", "1", "his")])
    assert evaluation.open("acme", sealed) == "hers"


def test_preparing_the_keys_again_changes_nothing(evaluation: Cipher, database: Database, tmp_path: Path) -> None:
    [sealed] = evaluation.seal_many("acme", [text("ann", "1", "hers")])
    assert prepare_keys(database, tmp_path, GRANTS, {}) == prepare_keys(database, tmp_path, GRANTS, {})
    assert evaluation.open("acme", sealed) == "hers"
