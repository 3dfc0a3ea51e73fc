"""The directory running on PostgreSQL: races, erasure, rebuilt views, sessions and keys."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import Client

from chassis.identity import Actor, Signer, SigningKey, Verifier
from chassis.kernel import NotFound, Sealed, Unsealed
from chassis.testing import now, until
from chassis.unit import Answer, CommandInfo, Unit
from people_svc import accounts
from people_svc.domain import NotAtWork
from people_svc.search import Found, Search
from people_svc.tokens import sign_in, sign_in_as

from .conftest import Colleague, Running, deadline, founder


def test_of_two_people_who_would_manage_each_other_at_the_same_moment_one_is_refused(hr: Colleague) -> None:
    ada, bob = hr.adds("Ada"), hr.adds("Bob")
    together = threading.Barrier(2)

    def report(person: str, manager: str) -> int:
        together.wait()
        return hr.as_(hr.person, "hr").post(f"/people/{person}/manager", {"manager": manager}, key=person).status_code

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(report, (ada, bob), (bob, ada)))

    assert sorted(answers) == [200, 409]


def test_of_many_who_take_one_address_at_the_same_moment_one_gets_it(hr: Colleague) -> None:
    def add(n: int) -> int:
        body = {"given_name": "A", "family_name": "B", "work_email": "one@example.com"}
        return hr.as_(hr.person, "hr").post("/people", body, key=f"k{n}").status_code

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(add, range(8)))

    assert sorted(answers) == [201] + [409] * 7


def test_live_views_equal_rebuilt_ones(hr: Colleague, running: Running) -> None:
    boss = hr.adds("Boss")
    ada = hr.adds("Ada", manager=boss, job_title="Engineer")
    hr.patch(f"/people/{ada}", {"job_title": "Lead"})
    file = "number,first name,surname\nE1,Eve,New\n"
    hr.brings("/imports", file, plan=hr.brings("/imports/preview", file).json()["plan"])
    hr.get("/people")

    def rows() -> dict[str, list[dict[str, Any]]]:
        with running.service.reader(hr.workspace) as reader:
            return {
                view.NAME: reader.rows(f"select * from {view.NAME} where workspace = %(workspace)s order by 2")
                for view in running.service.all_views
            }

    live = rows()
    for view in running.service.all_views:
        running.service.projections.rebuild(view.NAME, hr.workspace)

    assert rows() == live
    assert len(live["people"]) == 4


def test_the_index_of_people_is_kept_until_they_change_or_another_day_begins(hr: Colleague, running: Running) -> None:
    hr.adds("Ada")
    hr.get("/people")
    index, today = Search(), now().date()

    with running.service.reader(hr.workspace) as reader:
        first = index.people(hr.workspace, reader, today)
        again = index.people(hr.workspace, reader, today)
        tomorrow = index.people(hr.workspace, reader, today + timedelta(days=1))

    assert first is again
    assert tomorrow is not first
    assert len(first) == 2


def test_the_index_of_people_forgets_the_workspace_asked_for_longest_ago_before_it_grows_beyond_its_bound(
    hr: Colleague, running: Running, client: Client
) -> None:
    index, today = Search(most_held=2), now().date()

    def asked_for(one: Colleague) -> tuple[Found, ...]:
        one.get("/people")
        with running.service.reader(one.workspace) as reader:
            return index.people(one.workspace, reader, today)

    other = founder(running, client)
    first, second = asked_for(hr), asked_for(other)
    assert (len(first), len(second)) == (1, 1)
    assert asked_for(hr) is first
    assert asked_for(other) is second

    other.adds("Ada")
    both = asked_for(other)
    assert asked_for(other) is both
    again = asked_for(hr)

    assert (again, again is first) == (first, False)
    assert asked_for(other) is not both


def test_the_index_of_people_reads_only_who_has_changed(hr: Colleague, running: Running) -> None:
    ada, bob = hr.adds("Ada"), hr.adds("Bob")
    hr.get("/people")
    index, today = Search(), now().date()
    with running.service.reader(hr.workspace) as reader:
        before = {one.known.person: one for one in index.people(hr.workspace, reader, today)}
    hr.patch(f"/people/{ada}", {"given_name": "Ida"})
    hr.get("/people")

    with running.service.reader(hr.workspace) as reader:
        after = {one.known.person: one for one in index.people(hr.workspace, reader, today)}
        assert [one.known.person for one in index.find(hr.workspace, reader, today, "ida")] == [ada]

    assert after[bob] is before[bob]
    assert after[ada].known.given_name == "Ida"


def test_erasing_lists_and_destroys_the_keys_and_everybody_else_reads_on(hr: Colleague, running: Running) -> None:
    ada, bob = hr.adds("Ada"), hr.adds("Bob")
    confirmation = hr.get(f"/people/{ada}/erasure").json()["confirmation"]
    with running.service.connection(hr.workspace) as connection:
        accounts.set_password(connection, hr.workspace, ada, "a hash", now())
    assert ada not in running.erasures.read_text()
    hr.post(f"/people/{ada}/erasure", {"reason": "no longer needed", "confirmation": confirmation})

    until(lambda: history(hr, ada)[-1] == "person.erased")

    with running.service.connection(hr.workspace) as connection:
        assert accounts.account(connection, hr.workspace, ada) is None
    with running.service.reader(hr.workspace) as reader:
        sealed = reader.rows("select employee from people where workspace = %(workspace)s order by person")
    names = {row["employee"]["person"]: row["employee"]["details"]["given_name"] for row in sealed}
    opened = running.cipher.open_many(hr.workspace, [_sealed(names[ada]), _sealed(names[bob])])
    assert opened == [None, "Bob"]
    assert ada in running.erasures.read_text()
    assert history(hr, ada) == [
        "person.added",
        "person.status-changed",
        "person.details-changed",
        "person.erasure-requested",
        "person.erased",
    ]


def test_an_erasure_that_fires_again_changes_nothing(hr: Colleague, running: Running) -> None:
    ada = hr.adds("Ada")
    confirmation = hr.get(f"/people/{ada}/erasure").json()["confirmation"]
    hr.post(f"/people/{ada}/erasure", {"reason": "no longer needed", "confirmation": confirmation})
    until(lambda: history(hr, ada)[-1] == "person.erased")

    running.service.fire(hr.workspace, deadline(ada))

    assert history(hr, ada).count("person.erased") == 1


def test_an_erasure_that_was_cut_off_after_the_keys_were_destroyed_is_finished(hr: Colleague, running: Running) -> None:
    ada = hr.adds("Ada", work_email="ada@example.com")
    confirmation = hr.get(f"/people/{ada}/erasure").json()["confirmation"]
    running.cipher.destroy_person(hr.workspace, ada)

    hr.post(f"/people/{ada}/erasure", {"reason": "no longer needed", "confirmation": confirmation})

    until(lambda: history(hr, ada)[-1] == "person.erased")


def test_a_text_withdrawn_elsewhere_loses_its_key_and_the_rest_of_the_person_stays(
    hr: Colleague, running: Running
) -> None:
    ada = hr.adds("Ada")
    stream = f"{hr.workspace}/person/{ada}"
    note = Unsealed(person=ada, part="note/1", text="written about somebody else")
    (sealed,) = running.cipher.seal_many(hr.workspace, [(stream, note)])

    def withdraw(unit: Unit) -> Answer:
        running.people.withdraw(unit, ada, stream, "note/1")
        return Answer()

    info = CommandInfo(hr.workspace, "service:evaluation", "withdraw", correlation_id="withdraw")
    running.service.execute(info, Actor.service(hr.workspace, "people"), withdraw)

    assert running.cipher.open(hr.workspace, sealed) is None
    assert hr.get(f"/people/{ada}").json()["given_name"] == "Ada"


def test_a_file_of_fifteen_hundred_people_is_taken_as_one_batch_and_is_unchanged_afterwards(hr: Colleague) -> None:
    rows = "".join(f"E{n},Given{n},Family{n},p{n}@x.org,Engineer,E{n // 8}\n" for n in range(1, 1500))
    file = "number,first name,surname,email,title,manager\nE0,Chief,Example,p0@x.org,CEO,\n" + rows
    preview = hr.brings("/imports/preview", file).json()
    assert (preview["new"], preview["errors"]) == (1500, 0)

    taken = hr.brings("/imports", file, plan=preview["plan"])

    assert taken.status_code == 201, taken.text
    until(lambda: hr.get("/people").status_code == 200)
    assert hr.brings("/imports/preview", file).json()["unchanged"] == 1500


# Sessions, accounts, signing keys


def test_somebody_signs_in_as_hr_as_a_manager_as_an_employee_or_by_address(hr: Colleague, running: Running) -> None:
    boss = hr.adds("Boss", family_name="A")
    ada = hr.adds("Ada", manager=boss, work_email="ada@example.com")
    hr.get("/people")

    found = [sign_in_as(running.service, hr.workspace, who, now()) for who in ("hr", "manager", "employee")]
    by_address = sign_in_as(running.service, hr.workspace, "ADA@example.com", now())

    assert [one.person for one in (*found, by_address)] == [hr.person, boss, ada, ada]
    assert found[0].roles == {"hr"}
    with pytest.raises(NotFound):
        sign_in_as(running.service, hr.workspace, "nobody@example.com", now())


def test_a_session_holds_until_it_expires_or_is_revoked_and_another_one_holds_on(hr: Colleague, running: Running) -> None:
    hr.get("/people")
    service, workspace = running.service, hr.workspace
    first, second = (sign_in(service, workspace, hr.person, now()) for _ in range(2))

    assert holds(running, first, now())
    assert not holds(running, first, now() + accounts.LIFETIME)
    with service.connection(workspace) as connection:
        accounts.revoke(connection, workspace, first.session, now())

    assert not holds(running, first, now())
    assert holds(running, second, now())


def test_whoever_has_left_cannot_sign_in(hr: Colleague, running: Running) -> None:
    ada = hr.adds("Ada")
    hr.post(f"/people/{ada}/status", {"status": "left"})
    hr.get("/people")

    with pytest.raises(NotAtWork):
        sign_in(running.service, hr.workspace, ada, now())


def test_a_new_password_ends_every_session(hr: Colleague, running: Running) -> None:
    hr.get("/people")
    service, workspace = running.service, hr.workspace
    actor = sign_in(service, workspace, hr.person, now())

    with service.connection(workspace) as connection:
        accounts.set_password(connection, workspace, hr.person, "a hash", now())

    assert not holds(running, actor, now())
    with service.connection(workspace) as connection:
        assert (accounts.account(connection, workspace, hr.person) or {})["password"] == "a hash"


def test_one_workspace_never_sees_the_accounts_of_another(hr: Colleague, running: Running) -> None:
    hr.get("/people")
    sign_in(running.service, hr.workspace, hr.person, now())

    with running.service.connection("another") as connection:
        assert connection.execute("select * from sessions").fetchall() == []


def test_processes_that_start_together_make_one_signing_key(running: Running) -> None:
    def ensure(_: int) -> list[str]:
        with running.service.connection(accounts.INSTALLATION) as connection:
            return [key.kid for key in accounts.ensure_signing_key(connection, running.cipher, now())]

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(ensure, range(4)))

    assert len({tuple(one) for one in found}) == 1
    assert len(found[0]) == 1


def test_the_newest_key_signs_and_tokens_of_the_one_before_are_still_met(running: Running) -> None:
    def keys() -> list[SigningKey]:
        with running.service.connection(accounts.INSTALLATION) as connection:
            return accounts.ensure_signing_key(connection, running.cipher, now())

    keys()
    signer = Signer(keys, now)
    before = signer.sign(Actor(workspace="w", person="p"))
    with running.service.connection(accounts.INSTALLATION) as connection:
        newest = accounts.add_signing_key(connection, running.cipher, now())

    assert keys()[0] == newest
    assert Verifier(signer.jwks, now).verify(before).person == "p"


def test_a_signing_key_is_stored_wrapped(running: Running) -> None:
    with running.service.connection(accounts.INSTALLATION) as connection:
        key = accounts.ensure_signing_key(connection, running.cipher, datetime(2020, 1, 1, tzinfo=UTC))[0]
        stored = connection.execute("select wrapped from signing_keys").fetchall()

    assert all(key.private["d"].encode() not in bytes(row["wrapped"]) for row in stored)


def holds(running: Running, actor: Actor, at: datetime) -> bool:
    with running.service.connection(actor.workspace) as connection:
        session = accounts.session(connection, actor.workspace, actor.session)
    return session is not None and session.holds(at)


def history(caller: Colleague, person: str) -> list[str]:
    """Return what was recorded about somebody."""
    return [one["what"] for one in caller.get(f"/people/{person}/history").json()["because"]]


def _sealed(value: dict[str, str]) -> Sealed:
    return Sealed.model_validate(value)
