"""Backups: made while the system runs, brought back whole, and never a way around an erasure.

company → backup → (more happens) → restore elsewhere → new epochs → verify
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import httpx
import pytest

from chassis.postgres import External, StartFailed
from chassis.testing import killed_at, now, served, until
from ladder.backups import DATA, KEYS, BackupRefused, Whose, backup
from ladder.composition import Composition
from ladder.home import RESTORING
from ladder.operator.workspaces import NewWorkspace, new_workspace
from ladder.restoring import back_up, restore
from ladder.server import public_app
from people_svc import tokens
from people_svc.domain import Employee

from .conftest import Installation

_keys = itertools.count(1)


@dataclass
class Company:
    """A running system with one workspace, spoken to as its HR admin over HTTP."""

    system: Composition
    client: httpx.Client
    workspace: str

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        actor = tokens.sign_in_as(self.system.people, self.workspace, "hr", self.system.now())
        given = {"Authorization": f"Bearer {self.system.signer.sign(actor)}", "Idempotency-Key": f"k{next(_keys)}"}
        answer = self.client.request(method, f"/api/people/v1{path}", json=body, headers=given | headers)
        assert answer.status_code < 300, answer.text
        return answer

    def adds(self, name: str) -> str:
        body = {"given_name": name, "family_name": "Example", "starts_on": "2024-01-01"}
        answer = self.ask("POST", "/people", body)
        self.names(answer.headers["Position"])
        return answer.json()["id"]

    def erases(self, person: str) -> None:
        looked = self.ask("GET", f"/people/{person}/erasure").json()
        body = {"reason": "asked by the person", "confirmation": looked["confirmation"]}
        self.ask("POST", f"/people/{person}/erasure", body)
        until(lambda: self.erasure_of(person) == "done", "the end of the keys")

    def erasure_of(self, person: str) -> str | None:
        with self.system.people.reader(self.workspace) as reader:
            employee, _ = reader.state(Employee, person)
        assert employee is not None
        return employee.erasure

    def names(self, wait_for: str = "") -> set[str | None]:
        headers = {"Wait-For": wait_for} if wait_for else {}
        return {one["given_name"] for one in self.ask("GET", "/people", **headers).json()["items"]}


@contextmanager
def company(home: Path, workspace: str | None = None) -> Generator[Company]:
    with Composition(home) as system:
        system.start()
        found = workspace or new_workspace(system, NewWorkspace(name="N", admin="hanna@example.com"))["workspace"]
        with served(public_app(system)) as client:
            yield Company(system, client, found)


@pytest.fixture
def folder() -> Iterator[Path]:
    one = Path(tempfile.mkdtemp(prefix="ladder-backup-"))
    one.chmod(0o755)
    yield one
    shutil.rmtree(one, ignore_errors=True)


def carried(old: Path, new: Path, *files: str) -> Path:
    """Carry what no backup holds to the new home."""
    new.mkdir()
    for name in files or ("installation.key", "erasures"):
        found = next(one for one in old.iterdir() if one.name.startswith(name))
        shutil.copy2(found, new / found.name)
    return new


def test_a_backup_made_while_the_system_runs_comes_back_whole(folder: Path) -> None:
    with company(folder / "old") as old:
        old.adds("Ann")
        made = back_up(old.system, folder / "backup")
        workspace = old.workspace
    assert all(made.sizes.values())
    home = carried(folder / "old", folder / "new")

    verdict = restore(home, folder / "backup", Composition)

    assert verdict.broken == []
    with company(home, workspace) as new:
        assert "Ann" in new.names()
        new.adds("Ben")
        epochs = new.system.people.feed.epochs(workspace)
        assert len(epochs) == 2
        assert epochs[0].epoch < epochs[1].epoch
        assert "Ben" in new.names()


def test_whoever_was_erased_after_the_backup_stays_erased(folder: Path) -> None:
    with company(folder / "old") as old:
        ann, _ = old.adds("Ann"), old.adds("Ben")
        back_up(old.system, folder / "backup")
        workspace = old.workspace
        old.system.people.cipher.destroy_person(workspace, ann)
    home = carried(folder / "old", folder / "new")

    verdict = restore(home, folder / "backup", Composition)

    assert verdict.broken == []
    with company(home, workspace) as new:
        assert new.names() & {"Ann", "Ben"} == {"Ben"}


def test_whoever_was_erased_after_the_backup_is_erased_again_and_listed_no_more(folder: Path) -> None:
    with company(folder / "old") as old:
        ann, _ = old.adds("Ann"), old.adds("Ben")
        back_up(old.system, folder / "backup")
        workspace = old.workspace
        old.erases(ann)
    home = carried(folder / "old", folder / "new")

    verdict = restore(home, folder / "backup", Composition)

    assert verdict.broken == []
    with company(home, workspace) as new:
        assert new.names() == {"HR", "Ben"}
        assert new.erasure_of(ann) == "done"


def test_the_last_hr_admin_of_a_backup_who_was_erased_since_is_named_and_the_rest_is_restored(folder: Path) -> None:
    with company(folder / "old") as old:
        old.adds("Ben")
        back_up(old.system, folder / "backup")
        workspace = old.workspace
        hanna = tokens.sign_in_as(old.system.people, workspace, "hr", old.system.now()).person
        old.system.people.cipher.destroy_person(workspace, hanna)
    home = carried(folder / "old", folder / "new")

    verdict = restore(home, folder / "backup", Composition)

    assert [(one.invariant, hanna in one.detail) for one in verdict.broken] == [
        ("whoever is on the list of erasures is erased", True)
    ]


@pytest.mark.parametrize(
    ("given", "says"),
    [(("erasures",), "installation's key"), (("installation.key",), "list of erasures")],
)
def test_without_the_key_or_the_list_of_erasures_nothing_is_brought_back(
    folder: Path, given: tuple[str, ...], says: str
) -> None:
    with company(folder / "old") as old:
        back_up(old.system, folder / "backup")
    home = carried(folder / "old", folder / "new", *given)

    with pytest.raises(BackupRefused, match=says):
        restore(home, folder / "backup", Composition)

    assert not (home / "postgres").exists()


def test_nothing_is_written_over(folder: Path) -> None:
    with company(folder / "old") as old:
        back_up(old.system, folder / "backup")
        with pytest.raises(BackupRefused, match="is not empty"):
            back_up(old.system, folder / "backup")
    with pytest.raises(BackupRefused, match="There is data here already"):
        restore(folder / "old", folder / "backup", Composition)


def test_an_archive_that_was_cut_off_or_changed_is_refused_by_its_name(folder: Path) -> None:
    with company(folder / "old") as old:
        back_up(old.system, folder / "backup")
    home = carried(folder / "old", folder / "new")
    for name in (DATA, KEYS):
        archive = folder / "backup" / name
        whole = archive.read_bytes()
        archive.write_bytes(whole[:-1] if name == DATA else whole + b"x")
        with pytest.raises(BackupRefused, match=f"{name} is missing or is not the file that was written"):
            restore(home, folder / "backup", Composition)
        archive.write_bytes(whole)
    assert restore(home, folder / "backup", Composition).broken == []


def test_a_backup_made_with_another_key_is_refused_before_anything_comes_back(folder: Path) -> None:
    with company(folder / "old") as old:
        back_up(old.system, folder / "backup")
    with Composition(folder / "another"):
        pass
    other = carried(folder / "another", folder / "new")

    with pytest.raises(BackupRefused, match="was made with another installation key"):
        restore(other, folder / "backup", Composition)

    with Composition(other) as system:
        assert system.workspaces() == []


@pytest.mark.parametrize(
    "point",
    ["before the data come back", "before the keys come back", "before new epochs", "before finding together"],
)
def test_what_a_restore_that_was_cut_off_left_is_opened_by_nothing(
    folder: Path, point: str
) -> None:
    with company(folder / "old") as old:
        back_up(old.system, folder / "backup")
    cut_off = carried(folder / "old", folder / "cut-off")

    with killed_at(point):
        restore(cut_off, folder / "backup", Composition)

    for refused in (lambda: Composition(cut_off).__enter__(), lambda: restore(cut_off, folder / "backup", Composition)):
        with pytest.raises(StartFailed, match="the list of erasures into a new folder"):
            refused()

    again = carried(cut_off, folder / "again")
    assert restore(again, folder / "backup", Composition).broken == []
    assert not (again / RESTORING).exists()


def test_every_command_refuses_what_is_half_restored_in_one_line(folder: Path) -> None:
    half = Installation(folder)
    (folder / "postgres").mkdir()
    (folder / RESTORING).touch()

    for command in (["up", "--port", "0"], ["verify"]):
        said = half.run(*command)
        assert said.returncode == 2, said.stderr
        assert [line for line in said.stderr.splitlines() if "is not finished" in line] == [said.stderr.splitlines()[-1]]
    assert "restore again" in half.run("doctor").stdout


def test_the_command_says_what_has_to_be_in_place_before_a_restore(folder: Path) -> None:
    refused = Installation(folder / "new").run("restore", str(folder))

    assert (refused.returncode, refused.stdout) == (2, "")
    assert "Put the installation's key into" in refused.stderr


def test_no_program_is_told_a_password_where_other_accounts_can_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[str, str]] = []

    def run(command: list[str], *, env: Mapping[str, str], **_: Any) -> CompletedProcess[str]:
        started.append((" ".join(command), env.get("PGPASSWORD", "")))
        return CompletedProcess(command, 0)

    monkeypatch.setattr("ladder.backups.subprocess.run", run)
    monkeypatch.delenv("LADDER_KEYS_URL", raising=False)

    server, whose = External("postgresql://ladder:sesame@db/ladder"), Whose(["people"], key="")
    backup(server, tmp_path / "backup", whose, now(), lambda _: None)

    assert [password for _, password in started] == ["sesame", "sesame"]
    assert not [command for command, _ in started if "sesame" in command or "host=db" not in command]
