"""Backup and restore of a whole installation: what `ladder backup` and `ladder restore` do."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from chassis.cipher import InstallationKey, erasures_path
from chassis.restored import begin_epochs
from chassis.service import Service
from chassis.steps import failpoint
from ladder.backups import BackupRefused, Made, Whose, backup, bring_back, fitting
from ladder.composition import Composition, over_kafka
from ladder.home import begin_restore
from ladder.resting import at_rest, recorded
from ladder.verifying import ALL_SENT, Broken, Verdict, verify
from people_svc.restored import erase_again

FOLLOWED_WITHIN: Final = 120.0
"""Seconds in which consumers and views have to find together again before the verdict."""
PATIENCE: Final = 10.0
PAUSE: Final = 0.1

Open = Callable[[Path], Composition]


def back_up(system: Composition, folder: Path) -> Made:
    """Write a backup of a running system into a new folder."""
    return backup(system.server, folder, _whose(system), system.now(), system.say)


def restore(home: Path, folder: Path, composed: Open) -> Verdict:
    """Bring a backup back into an empty home (or database) and return the verdict on it.

    The installation's key and its list of erasures are no part of a backup; both have to be in place first. Over Kafka
    nothing is sent here: the services find together by what is in their rows, and workers send what is unsent.
    """
    _refuse_without_key_and_list(home)
    sends = not over_kafka()
    with composed(home) as empty:
        _refuse_workers(empty)
        contents = fitting(empty.server, folder, _whose(empty))
        marker = begin_restore(home)
        bring_back(empty.server, folder, contents, empty.say)
    failpoint("before new epochs")
    with _reopened(composed(home)) as system:
        for service in system.services:
            begin_epochs(service)
        refused = _erase_all_again(system)
        failpoint("before finding together")
        marker.unlink()  # from here on it is a system like any other, whose followers go on where they were
        system.start(sends=sends)
        system.say("Letting the services find together again")
        verdict = _settled(system, sends=sends)
        if not sends:
            system.say("Nothing was sent to Kafka: the workers send what it lacks, once they run")
    return verdict.model_copy(update={"broken": [*refused, *verdict.broken]})


def _whose(system: Composition) -> Whose:
    return Whose([one.name for one in system.services], system.key.check)


def _refuse_workers(system: Composition) -> None:
    """Refuse a database that processes of the services work on: they would follow what is half back."""
    if working := system.at_work():
        raise BackupRefused(working)


def _reopened(system: Composition) -> Composition:
    system.restores = True
    return system


def _erase_all_again(system: Composition) -> list[Broken]:
    """Erase everybody on the list of erasures; return who could not be, as what a verdict says of them."""
    return [
        Broken(
            invariant="whoever is on the list of erasures is erased",
            service=system.people.name,
            workspace=one.workspace,
            detail=f"{one.person} is unreadable and still listed; erase them by hand: {one.why}",
        )
        for one in erase_again(system.people)
    ]


def _refuse_without_key_and_list(home: Path) -> None:
    if InstallationKey.load(home) is None:
        raise BackupRefused(f"Put the installation's key into {home} (installation.key) or LADDER_INSTALLATION_KEY first.")
    if not erasures_path(home).exists():
        raise BackupRefused(
            f"Put the list of erasures at {erasures_path(home)} first (LADDER_ERASURES): without it, "
            "whoever was erased since the backup would be readable again."
        )


def _settled(system: Composition, *, sends: bool) -> Verdict:
    """Wait until nobody has anything left to do, then look at everything once; what nobody here sends is not missed."""
    end = time.monotonic() + FOLLOWED_WITHIN
    while not _is_quiet(system, sends=sends) and time.monotonic() < end:
        time.sleep(PAUSE)
    verdict = verify(system.services)
    return verdict.model_copy(update={"broken": [one for one in verdict.broken if sends or one.invariant != ALL_SENT]})


def _is_quiet(system: Composition, *, sends: bool) -> bool:
    """Say whether everything recorded is known everywhere, and nothing is due or on its way.

    What is due is looked for between two looks at the records: had one fired meanwhile, they would have grown.
    """
    workspaces = system.workspaces()
    before = [recorded(system, one) for one in workspaces]
    rested = all(at_rest(system, one, PATIENCE) for one in workspaces)
    return rested and not _busy(system.services, sends=sends) and before == [recorded(system, one) for one in workspaces]


def _busy(services: Sequence[Service], *, sends: bool) -> bool:
    return any(
        set(each.behind())
        for one in services
        for each in (one.projections, one.clockwork, *([one.relay] if sends else []))
    )
