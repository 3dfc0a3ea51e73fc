"""Who acts, proved by tokens; who somebody is to whom, told by what people-svc published."""

import base64
import itertools
import json
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey
from psycopg.rows import dict_row

from chassis.identity import (
    DIRECTORY_HANDLERS,
    TABLES,
    Actor,
    Directory,
    InvalidToken,
    KeysAway,
    KeysUnread,
    Signer,
    SigningKey,
    Verifier,
)
from chassis.kernel import Event
from chassis.postgres import Database
from chassis.testing import enveloped
from chassis.unit import CommandInfo, Unit
from contracts import people
from contracts.envelope import Published, Sealed

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
KEY = SigningKey.generate()
ADA = Actor(workspace="acme", person="p_ada", session="s_1", roles=frozenset({"hr"}), scope=frozenset({"feed"}))


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def signer(clock: Clock) -> Signer:
    return Signer(lambda: [KEY], clock)


@pytest.fixture
def verifier(signer: Signer, clock: Clock) -> Verifier:
    return Verifier(signer.jwks, clock)


# Tokens


def test_a_token_proves_the_actor_it_was_signed_for(signer: Signer, verifier: Verifier) -> None:
    assert verifier.verify(signer.sign(ADA)) == ADA


def test_acting_for_somebody_else_is_part_of_the_token(signer: Signer, verifier: Verifier) -> None:
    helper = ADA.model_copy(update={"on_behalf_of": "p_bob"})
    assert verifier.verify(signer.sign(helper)).on_behalf_of == "p_bob"


def test_a_token_ends_after_five_minutes(signer: Signer, verifier: Verifier, clock: Clock) -> None:
    token = signer.sign(ADA)
    clock.now += timedelta(minutes=5) - timedelta(seconds=1)
    assert verifier.verify(token) == ADA
    clock.now += timedelta(seconds=1)
    with pytest.raises(InvalidToken, match="expired"):
        verifier.verify(token)


def test_the_public_document_holds_no_private_key(signer: Signer) -> None:
    assert [set(key) for key in signer.jwks()["keys"]] == [{"kty", "crv", "x", "kid", "use", "alg"}]
    assert KEY.private["d"] not in repr(KEY)


def _claims(**changed: Any) -> dict[str, Any]:
    now = int(NOW.timestamp())
    claims: dict[str, Any] = {"iss": "people-svc", "aud": "career-ladder", "sub": "p_ada", "iat": now, "exp": now + 300}
    claims |= {"ws": "acme", "sid": "s_1", "roles": ["hr"], "scope": ""}
    return {name: value for name, value in (claims | changed).items() if value is not ...}


def _signed(claims: dict[str, Any], header: dict[str, Any] | None = None, key: SigningKey = KEY) -> str:
    whole = {"alg": "Ed25519", "typ": "at+jwt", "kid": KEY.kid} | (header or {})
    whole = {name: value for name, value in whole.items() if value is not ...}
    return jwt.encode(whole, claims, OKPKey.import_key(dict[str, str | list[str]](key.private)), algorithms=["Ed25519"])


def _by_hand(header: dict[str, Any], claims: dict[str, Any], signature: str = "") -> str:
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims))
    return ".".join((*parts, signature))


def test_the_forger_begins_with_a_token_that_is_good(verifier: Verifier) -> None:
    assert verifier.verify(_signed(_claims())) == ADA.model_copy(update={"scope": frozenset[str]()})


PUBLIC_X = KEY.public["x"]
SECRET_OF_PUBLIC = OctKey.import_key(base64.urlsafe_b64decode(PUBLIC_X + "="))
HMAC_WITH_PUBLIC_KEY = jwt.encode({"alg": "HS256", "typ": "at+jwt", "kid": KEY.kid}, _claims(), SECRET_OF_PUBLIC)
OTHER = SigningKey.generate()
GOOD = _signed(_claims())

FORGED = {
    "no algorithm": _by_hand({"alg": "none", "typ": "at+jwt", "kid": KEY.kid}, _claims()),
    "an HMAC made with the public key": HMAC_WITH_PUBLIC_KEY,
    "RS256 in name": _by_hand({"alg": "RS256", "typ": "at+jwt", "kid": KEY.kid}, _claims(), GOOD.split(".")[2]),
    "signed by another key": _signed(_claims(), key=OTHER),
    "a key nobody lists": _signed(_claims(), {"kid": OTHER.kid}, OTHER),
    "a key inside the token": _signed(_claims(), {"kid": OTHER.kid, "jwk": OTHER.public}, OTHER),
    "no key named": _signed(_claims(), {"kid": ...}),
    "another type of token": _signed(_claims(), {"typ": "JWT"}),
    "another issuer": _signed(_claims(iss="somebody")),
    "another audience": _signed(_claims(aud="elsewhere")),
    "expired": _signed(_claims(exp=int(NOW.timestamp()) - 1, iat=int(NOW.timestamp()) - 301)),
    "of the future": _signed(_claims(iat=int(NOW.timestamp()) + 60)),
    "lives for a day": _signed(_claims(exp=int(NOW.timestamp()) + 86_400)),
    "no end": _signed(_claims(exp=...)),
    "no workspace": _signed(_claims(ws=...)),
    "an empty workspace": _signed(_claims(ws="")),
    "no person": _signed(_claims(sub="")),
    "roles as one word": _signed(_claims(roles="hr")),
    "claims of another, signature of mine": ".".join(
        (GOOD.split(".")[0], _signed(_claims(ws="other")).split(".")[1], GOOD.split(".")[2])
    ),
    "a critical header": _by_hand({"alg": "Ed25519", "kid": KEY.kid, "typ": "at+jwt", "crit": ["b64"]}, _claims()),
    "cut off": GOOD[:-1],
    "empty": "",
    "two dots": "..",
    "a header that is a list": _by_hand([], _claims()),  # type: ignore[arg-type]  # that is the forgery
    "longer than any of ours": GOOD + "A" * 5000,
}


@pytest.mark.parametrize("token", FORGED.values(), ids=FORGED.keys())
def test_a_forged_token_proves_nothing(token: str, verifier: Verifier) -> None:
    with pytest.raises(InvalidToken) as refused:
        verifier.verify(token)
    assert refused.value.reason in {
        *("too long", "signature", "type", "claims", "issuer", "audience", "expired"),
        *("not yet valid", "lives too long", "no key named", "unknown key"),
    }


@given(st.text() | st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode() + ".e30.e30"))
def test_whatever_is_sent_as_a_token_is_refused_and_breaks_nothing(token: str) -> None:
    with pytest.raises(InvalidToken):
        Verifier(lambda: {"keys": [KEY.public]}, Clock()).verify(token)


def test_after_a_rotation_old_and_new_tokens_are_both_good(clock: Clock) -> None:
    keys = [KEY]
    signer, new = Signer(lambda: keys, clock), SigningKey.generate()
    verifier = Verifier(signer.jwks, clock)
    old_token = signer.sign(ADA)
    verifier.verify(old_token)
    keys.insert(0, new)
    clock.now += timedelta(seconds=20)
    assert verifier.verify(signer.sign(ADA)) == ADA
    assert verifier.verify(old_token) == ADA


def test_a_withdrawn_key_is_forgotten_when_the_document_is_read_again(clock: Clock) -> None:
    keys = [KEY]
    signer = Signer(lambda: keys, clock)
    verifier = Verifier(signer.jwks, clock)
    verifier.verify(signer.sign(ADA))
    keys[:] = [SigningKey.generate()]
    clock.now += timedelta(minutes=5)
    with pytest.raises(InvalidToken, match="unknown key"):
        verifier.verify(Signer(lambda: [KEY], clock).sign(ADA))


def test_unknown_keys_do_not_make_the_document_be_read_on_every_request(signer: Signer, clock: Clock) -> None:
    read: list[int] = []

    def jwks() -> dict[str, Any]:
        read.append(1)
        return signer.jwks()

    verifier = Verifier(jwks, clock)
    for _ in range(20):
        with pytest.raises(InvalidToken):
            verifier.verify(_signed(_claims(), {"kid": OTHER.kid}, OTHER))
    assert len(read) == 1


def test_who_may_not_wait_is_told_that_the_keys_have_to_be_read_first(signer: Signer, verifier: Verifier) -> None:
    token = signer.sign(ADA)
    with pytest.raises(KeysUnread):
        verifier.verify(token, may_read=False)
    assert verifier.verify(token) == verifier.verify(token, may_read=False) == ADA


def test_a_source_that_fails_leaves_the_keys_known_so_far(signer: Signer, clock: Clock) -> None:
    documents: list[dict[str, Any]] = [signer.jwks()]

    def jwks() -> dict[str, Any]:
        if not documents:
            raise ConnectionError("people-svc is away")
        return documents.pop()

    verifier = Verifier(jwks, clock)
    verifier.verify(signer.sign(ADA))
    clock.now += timedelta(minutes=10)
    assert verifier.verify(signer.sign(ADA)) == ADA


def test_who_comes_while_the_keys_are_read_for_the_first_time_waits_for_them(signer: Signer, clock: Clock) -> None:
    asked, answers = threading.Event(), threading.Event()

    def jwks() -> dict[str, Any]:
        asked.set()
        assert answers.wait(30)
        return signer.jwks()

    verifier, token = Verifier(jwks, clock), signer.sign(ADA)
    with ThreadPoolExecutor(4) as many:
        first = many.submit(verifier.verify, token)
        assert asked.wait(30)
        others = [many.submit(verifier.verify, token) for _ in range(3)]
        answers.set()
        assert [one.result() for one in (first, *others)] == [ADA] * 4


def test_a_token_is_not_called_bad_while_the_keys_cannot_be_read(signer: Signer, clock: Clock) -> None:
    documents: list[dict[str, Any]] = []

    def jwks() -> dict[str, Any]:
        if not documents:
            raise ConnectionError("people-svc is away")
        return documents[0]

    verifier, token = Verifier(jwks, clock), signer.sign(ADA)
    with pytest.raises(KeysAway):
        verifier.verify(token)
    documents.append(signer.jwks())
    clock.now += timedelta(seconds=1)
    assert verifier.verify(token) == ADA


def test_a_document_that_lists_other_kinds_of_keys_gives_none_of_them(clock: Clock) -> None:
    listed = [{"kty": "oct", "k": "AAAA", "kid": "a"}, {"kty": "OKP", "crv": "X25519", "x": PUBLIC_X, "kid": KEY.kid}]
    with pytest.raises(InvalidToken, match="unknown key"):
        Verifier(lambda: {"keys": listed}, clock).verify(GOOD)


# The directory


class Copied:
    """Copied facts of one workspace in a real database, as a unit of work reads and writes them."""

    def __init__(self, connection: psycopg.Connection[dict[str, Any]], workspace: str) -> None:
        self.connection, self.workspace = connection, workspace

    def rows(self, sql: str, params: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        return self.connection.execute(sql.encode(), {"workspace": self.workspace, **(params or {})}).fetchall()

    def write(self, sql: str, params: dict[str, Any] | None = None) -> None:
        self.connection.execute(sql.encode(), {"workspace": self.workspace, **(params or {})})

    def load(self, stream: str) -> tuple[list[Event], int]:
        return [], 0

    def with_commands(self, stream: str) -> list[tuple[str, Event]]:
        return []

    def ids(self, kind: str) -> list[str]:
        return []

    def open_many(self, sealed: Sequence[Sealed]) -> list[str | None]:
        return [one.enc for one in sealed]

    def digest(self, text: str) -> str:
        return text

    def directory(self) -> Directory:
        return Directory(self.rows, NOW)

    def hear(self, *events: Published) -> None:
        info = CommandInfo(self.workspace, "service:test", "c_1", "co_1")
        unit = Unit(info, Actor.service(self.workspace, "test"), NOW, self, may_copy=True)
        for event in events:
            DIRECTORY_HANDLERS[type(event)](unit, event, enveloped(self.workspace, event))

    def on(self, year: int, month: int, day: int, hour: int = 12) -> Directory:
        return Directory(self.rows, datetime(year, month, day, hour, tzinfo=UTC))


@pytest.fixture
def copied(module_database: Database) -> Iterator[Copied]:
    with psycopg.Connection[dict[str, Any]].connect(module_database.admin_dsn(), row_factory=dict_row) as connection:
        connection.execute("create schema facts")
        connection.execute("set search_path to facts")
        for table in TABLES:
            connection.execute(table.format(schema="facts").encode())
        copied = Copied(connection, "acme")
        copied.hear(opened())
        yield copied
        connection.rollback()


def opened(time_zone: str = "Europe/Berlin", *, one_level_up: bool = True) -> people.WorkspaceOpened:
    calendar = people.WorkspaceCalendar(time_zone=time_zone, holidays=(date(2026, 12, 25),))
    return people.WorkspaceOpened(name="Acme", locale="de", calendar=calendar, one_level_up=one_level_up)


def sealed(person: str, text: str) -> Sealed:
    return Sealed(person=person, stream=f"acme/person/{person}", part="self", key="k", enc=text)


def added(person: str, **changed: Any) -> people.PersonAdded:
    fields: dict[str, Any] = {
        "person": person,
        "given_name": sealed(person, person),
        "family_name": sealed(person, "Family"),
        "job_title": sealed(person, "Engineer"),
        "status": "active",
        "starts_on": date(2024, 1, 1),
    }
    return people.PersonAdded(**fields | changed)


def manager_changed(person: str, manager: str | None, *day: int) -> people.ManagerChanged:
    return people.ManagerChanged(person=person, manager=manager, effective_on=date(*day))


def leave(person: str, on: date, until: date | None) -> people.StatusChanged:
    return people.StatusChanged(person=person, status="leave", effective_on=on, until=until)


def test_a_person_is_known_with_what_they_were_added_with(copied: Copied) -> None:
    copied.hear(added("p_ann", manager="p_max", roles=("hr",), invited=True, time_zone="Asia/Kolkata"))
    ann = copied.on(2026, 11, 23).person("p_ann")
    assert ann is not None
    assert (ann.status, ann.manager, ann.roles, ann.invited) == ("active", "p_max", frozenset({"hr"}), True)
    assert (ann.time_zone, ann.locale) == ("Asia/Kolkata", "de")
    assert ann.given_name == sealed("p_ann", "p_ann")
    assert ann.work_email is None


def test_who_was_never_added_is_nobody(copied: Copied) -> None:
    directory = copied.on(2026, 11, 23)
    assert directory.person("p_none") is None
    assert directory.manager_on("p_none", date(2026, 11, 23)) is None
    assert directory.status_on("p_none", date(2026, 11, 23)) is None
    assert directory.relation("p_ann", "p_none") == frozenset()


def test_another_workspace_is_another_directory(copied: Copied) -> None:
    copied.hear(added("p_ann"))
    other = Copied(copied.connection, "other")
    other.hear(added("p_ann", status="left"), added("p_zoe"))
    assert [person.id for person in copied.on(2026, 11, 23).people()] == ["p_ann"]
    assert [person.status for person in other.on(2026, 11, 23).people()] == ["left", "active"]


def test_who_was_the_manager_on_a_day_has_an_answer(copied: Copied) -> None:
    copied.hear(
        added("p_ann", manager="p_max"),
        manager_changed("p_ann", "p_mia", 2026, 5, 1),
        manager_changed("p_ann", "p_moe", 2026, 3, 3),
        manager_changed("p_ann", None, 2026, 8, 1),
    )
    directory = copied.on(2026, 11, 23)
    days = [date(2020, 1, 1), date(2026, 3, 2), date(2026, 3, 3), date(2026, 4, 30), date(2026, 5, 1), date(2026, 8, 1)]
    assert [directory.manager_on("p_ann", day) for day in days] == ["p_max", "p_max", "p_moe", "p_moe", "p_mia", None]


numbers = itertools.count(1)
changes = st.lists(st.tuples(st.integers(1, 9), st.sampled_from([None, "p_max", "p_mia"])), max_size=8)


@given(changes)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_in_whatever_order_changes_are_heard_each_day_has_the_manager_of_the_latest_day_before(
    copied: Copied, heard: list[tuple[int, str | None]]
) -> None:
    fresh = Copied(copied.connection, f"w{next(numbers)}")
    fresh.hear(added("p_ann", manager="p_first"))
    fresh.hear(*(manager_changed("p_ann", manager, 2026, 5, day) for day, manager in heard))
    last_word: dict[int, str | None] = {0: "p_first", **dict(heard)}
    for day in range(1, 11):
        directory = fresh.on(2026, 5, day)
        expected = last_word[max(one for one in last_word if one <= day)]
        assert directory.manager_on("p_ann", date(2026, 5, day)) == expected
        [ann] = directory.people()
        assert ann.manager == expected


def test_the_last_word_about_a_day_holds(copied: Copied) -> None:
    copied.hear(
        added("p_ann", manager="p_max"),
        manager_changed("p_ann", "p_mia", 2026, 5, 1),
        manager_changed("p_ann", "p_moe", 2026, 5, 1),
    )
    assert copied.on(2026, 11, 23).manager_on("p_ann", date(2026, 5, 1)) == "p_moe"


def test_a_change_dated_in_the_future_is_in_force_from_that_day_in_the_workspace_s_calendar(copied: Copied) -> None:
    copied.hear(opened("Pacific/Kiritimati"), added("p_ann", manager="p_max"), added("p_max"), added("p_mia"))
    copied.hear(manager_changed("p_ann", "p_mia", 2026, 12, 1))
    before, after = copied.on(2026, 11, 30, 9), copied.on(2026, 11, 30, 10)
    assert before.managed_by("p_max") == ["p_ann"]
    assert before.relation("p_mia", "p_ann") == frozenset()
    assert after.managed_by("p_mia") == ["p_ann"]
    assert after.relation("p_max", "p_ann") == {"former manager"}
    assert (after.person("p_ann") or pytest.fail("unknown")).manager == "p_mia"


def test_a_title_of_the_future_waits_for_its_day_and_a_name_does_not(copied: Copied) -> None:
    copied.hear(
        added("p_ann"),
        people.PersonDetailsChanged(
            person="p_ann",
            given_name=sealed("p_ann", "Anna"),
            family_name=sealed("p_ann", "Family"),
            job_title=sealed("p_ann", "Lead"),
            starts_on=date(2024, 1, 1),
            effective_on=date(2027, 1, 1),
        ),
    )
    now, then = copied.on(2026, 11, 23).person("p_ann"), copied.on(2027, 1, 1).person("p_ann")
    assert now is not None
    assert then is not None
    assert (now.given_name, now.job_title) == (sealed("p_ann", "Anna"), sealed("p_ann", "Engineer"))
    assert then.job_title == sealed("p_ann", "Lead")


def test_a_location_changed_today_stays_when_a_title_planned_before_begins(copied: Copied) -> None:
    details = people.PersonDetailsChanged(
        person="p_ann",
        given_name=sealed("p_ann", "Ann"),
        family_name=sealed("p_ann", "Family"),
        job_title=sealed("p_ann", "Lead"),
        location=sealed("p_ann", "Leeds"),
        starts_on=date(2024, 1, 1),
        effective_on=date(2027, 1, 1),
    )
    moved = {"location": sealed("p_ann", "York"), "job_title": sealed("p_ann", "Engineer"), "effective_on": date.min}
    copied.hear(added("p_ann", location=sealed("p_ann", "Leeds")), details, details.model_copy(update=moved))
    for day in ((2026, 11, 23), (2027, 1, 1)):
        found = copied.on(*day).person("p_ann")
        assert found is not None
        assert found.location == sealed("p_ann", "York"), day


def test_relations_follow_the_chain_of_managers(copied: Copied) -> None:
    copied.hear(
        added("p_ann", manager="p_max"),
        added("p_max", manager="p_top"),
        added("p_top", manager="p_boss"),
        added("p_boss"),
    )
    directory = copied.on(2026, 11, 23)
    assert directory.relation("p_max", "p_ann") == {"manager"}
    assert directory.relation("p_top", "p_ann") == {"manager above"}
    assert directory.relation("p_boss", "p_ann") == frozenset()
    assert directory.relation("p_ann", "p_max") == frozenset()


def test_what_somebody_is_to_many_people_is_asked_at_once(copied: Copied) -> None:
    copied.hear(
        added("p_ann", manager="p_max"),
        added("p_bob", manager="p_ann"),
        added("p_cid", manager="p_max"),
        manager_changed("p_cid", None, 2026, 1, 1),
        added("p_max"),
    )
    asked: list[str] = []

    def rows(sql: str, params: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        asked.append(sql)
        return copied.rows(sql, params)

    directory = Directory(rows, NOW)
    found = directory.relations("p_max", ["p_ann", "p_bob", "p_cid", "p_max", "p_none"])
    assert {person: set(relations) for person, relations in found.items()} == {
        "p_ann": {"manager"},
        "p_bob": {"manager above"},
        "p_cid": {"former manager"},
        "p_max": {"self"},
        "p_none": set(),
    }
    assert found == {person: directory.relation("p_max", person) for person in found}
    assert len(asked) == 2


def test_self_outranks_every_other_relation(copied: Copied) -> None:
    copied.hear(added("p_ann", manager="p_ann"))
    assert copied.on(2026, 11, 23).relation("p_ann", "p_ann") == {"self"}


def test_a_workspace_may_keep_one_level_up_out(copied: Copied) -> None:
    copied.hear(opened(one_level_up=False), added("p_ann", manager="p_max"), added("p_max", manager="p_top"))
    assert copied.on(2026, 11, 23).relation("p_top", "p_ann") == frozenset()


def test_a_manager_corrected_from_the_first_day_on_was_never_one(copied: Copied) -> None:
    copied.hear(added("p_ann", manager="p_max"), manager_changed("p_ann", "p_mia", 2024, 1, 1))
    directory = copied.on(2026, 11, 23)
    assert directory.relation("p_max", "p_ann") == frozenset()
    assert directory.relation("p_mia", "p_ann") == {"manager"}


def test_a_manager_who_comes_back_is_the_manager_and_no_former_one(copied: Copied) -> None:
    copied.hear(
        added("p_ann", manager="p_max"),
        manager_changed("p_ann", "p_mia", 2025, 1, 1),
        manager_changed("p_ann", "p_max", 2026, 1, 1),
    )
    assert copied.on(2026, 11, 23).relation("p_max", "p_ann") == {"manager"}


def test_direct_reports_are_those_of_today_without_leavers(copied: Copied) -> None:
    copied.hear(
        added("p_ann", manager="p_max"),
        added("p_bob", manager="p_max", ends_on=date(2026, 11, 22)),
        added("p_cid", manager="p_mia"),
        added("p_dee", manager="p_mia"),
        manager_changed("p_dee", "p_max", 2026, 11, 23),
    )
    assert copied.on(2026, 11, 23).managed_by("p_max") == ["p_ann", "p_dee"]


@pytest.mark.parametrize(
    ("day", "status"),
    [
        (date(2023, 12, 31), "preboarding"),
        (date(2024, 1, 1), "active"),
        (date(2026, 3, 1), "leave"),
        (date(2026, 3, 31), "leave"),
        (date(2026, 4, 1), "active"),
        (date(2026, 11, 30), "active"),
        (date(2026, 12, 1), "left"),
    ],
)
def test_the_status_on_a_day_weighs_dates_with_what_was_stated(copied: Copied, day: date, status: str) -> None:
    copied.hear(
        added("p_ann", status="preboarding", ends_on=date(2026, 11, 30)),
        leave("p_ann", date(2026, 3, 1), date(2026, 3, 31)),
    )
    directory = copied.on(2026, 11, 23)
    assert directory.status_on("p_ann", day) == status
    seen = copied.on(day.year, day.month, day.day).person("p_ann")
    assert seen is not None
    assert seen.status == status


def test_roles_and_invitations_are_as_last_heard(copied: Copied) -> None:
    copied.hear(
        added("p_ann", roles=("hr",)),
        people.RolesChanged(person="p_ann", roles=("analyst",)),
        people.PersonInvited(person="p_ann"),
    )
    ann = copied.on(2026, 11, 23).person("p_ann")
    assert ann is not None
    assert (ann.roles, ann.invited) == (frozenset({"analyst"}), True)


def test_an_erased_person_keeps_an_id_and_dates_and_loses_every_text(copied: Copied) -> None:
    copied.hear(added("p_ann", manager="p_max"), people.PersonErased(person="p_ann"))
    ann = copied.on(2026, 11, 23).person("p_ann")
    assert ann is not None
    assert (ann.erased, ann.manager, ann.starts_on) == (True, "p_max", date(2024, 1, 1))
    texts = (ann.given_name, ann.family_name, ann.work_email, ann.job_title, ann.department, ann.location)
    assert texts == (None,) * 6


def test_a_person_s_calendar_has_their_zone_the_company_s_holidays_and_their_leave(copied: Copied) -> None:
    copied.hear(
        added("p_ann", time_zone="Asia/Kolkata"), leave("p_ann", date(2026, 12, 28), date(2027, 1, 1)), added("p_bob")
    )
    directory = copied.on(2026, 11, 23)
    calendar = directory.calendar("p_ann")
    assert calendar.time_zone == "Asia/Kolkata"
    assert not calendar.is_working_day(date(2026, 12, 25))
    assert calendar.away == ((date(2026, 12, 28), date(2027, 1, 1)),)
    assert directory.calendar("p_bob").time_zone == directory.calendar(None).time_zone == "Europe/Berlin"
    assert directory.calendar("p_bob").away == ()


def test_a_leave_ends_when_somebody_comes_back_before_its_planned_end(copied: Copied) -> None:
    copied.hear(
        added("p_ann"),
        leave("p_ann", date(2026, 11, 2), date(2026, 12, 31)),
        people.StatusChanged(person="p_ann", status="active", effective_on=date(2026, 11, 16)),
    )
    assert copied.on(2026, 11, 23).calendar("p_ann").away == ((date(2026, 11, 2), date(2026, 11, 15)),)


def test_a_leave_without_a_planned_end_counts_through_today_and_is_asked_again(copied: Copied) -> None:
    copied.hear(added("p_ann"), leave("p_ann", date(2026, 11, 2), None))
    first, later = copied.on(2026, 11, 10), copied.on(2026, 11, 23)
    assert first.calendar("p_ann").away == ((date(2026, 11, 2), date(2026, 11, 10)),)
    asked = datetime(2026, 11, 5, 9, tzinfo=UTC)
    assert first.calendar("p_ann").add_working_days(asked, 1) < later.calendar("p_ann").add_working_days(asked, 1)


def test_a_leave_planned_until_the_end_of_time_does_not_stop_a_clock_from_being_set(copied: Copied) -> None:
    copied.hear(added("p_ann"), leave("p_ann", date(2026, 11, 2), date.max))
    calendar = copied.on(2026, 11, 23).calendar("p_ann")
    due = calendar.add_working_days(datetime(2026, 11, 23, 9, tzinfo=UTC), 10)
    assert date(2027, 11, 24) < calendar.local_date(due) < date(2027, 12, 31)


def test_settings_are_the_last_ones_heard_and_sensible_before_any(copied: Copied) -> None:
    copied.hear(
        people.WorkspaceSettingsChanged(
            name="Acme & Co",
            locale="en-US",
            spelling="american",
            calendar=people.WorkspaceCalendar(time_zone="America/Los_Angeles", working_days=(0, 1, 2, 3)),
            one_level_up=False,
        )
    )
    settings = copied.on(2026, 11, 23).settings()
    assert (settings.name, settings.spelling, settings.working_days) == ("Acme & Co", "american", (0, 1, 2, 3))
    assert not settings.one_level_up
    assert Directory(Copied(copied.connection, "new").rows, NOW).settings().time_zone == "UTC"


def test_a_directory_asks_the_database_once_for_each_thing(copied: Copied) -> None:
    copied.hear(added("p_ann", manager="p_max"), added("p_max"))
    asked: list[str] = []

    def rows(sql: str, params: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        asked.append(sql)
        return copied.rows(sql, params)

    directory = Directory(rows, NOW)
    for _ in range(3):
        directory.people()
        directory.person("p_ann")
        directory.person("p_none")
        directory.settings()
        directory.manager_on("p_ann", date(2026, 1, 1))
    assert len(asked) == 3


def test_every_event_of_people_svc_that_the_directory_needs_has_a_handler() -> None:
    contracts = {cls for cls in vars(people).values() if isinstance(cls, type) and issubclass(cls, Published)}
    assert contracts - {Published, people.PlacementStated} == set(DIRECTORY_HANDLERS)
