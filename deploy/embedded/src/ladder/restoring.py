"""Backup and restore of a whole installation: what `ladder backup` and `ladder restore` do."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from chassis.cipher import InstallationKey, erasures_path
from chassis.restored import begin_epochs
from ladder.backups import BackupRefused, Made, backup, bring_back
from ladder.composition import Composition
from ladder.verifying import Verdict, verify

FOLLOWED_WITHIN: Final = 120.0
"""Seconds in which consumers and views have to find together again before the verdict."""

Open = Callable[[Path], Composition]


def back_up(system: Composition, folder: Path) -> Made:
    """Write a backup of a running system into a new folder."""
    return backup(system.server, folder, [one.name for one in system.services], system.now(), system.say)


def restore(home: Path, folder: Path, composed: Open) -> Verdict:
    """Bring a backup back into an empty home (or database) and return the verdict on it.

    The installation's key and its list of erasures are no part of a backup; both have to be in place first.
    """
    _refuse_without_key_and_list(home)
    with composed(home) as empty:
        bring_back(empty.server, folder, [one.name for one in empty.services], empty.say)
    with composed(home) as system:
        for service in system.services:
            begin_epochs(service)
        system.start()
        system.say("Letting the services find together again")
        return _settled(system)


def _refuse_without_key_and_list(home: Path) -> None:
    if InstallationKey.load(home) is None:
        raise BackupRefused(f"Put the installation's key into {home} (installation.key) or LADDER_INSTALLATION_KEY first.")
    if not erasures_path(home).exists():
        raise BackupRefused(
            f"Put the list of erasures at {erasures_path(home)} first (LADDER_ERASURES): without it, "
            "whoever was erased since the backup would be readable again."
        )


def _settled(system: Composition) -> Verdict:
    end = time.monotonic() + FOLLOWED_WITHIN
    while True:
        verdict = verify(system.services)
        if verdict.ok or time.monotonic() > end:
            return verdict
        time.sleep(0.2)
