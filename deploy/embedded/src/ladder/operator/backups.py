"""The operator makes a backup of the system that runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict

from chassis.kernel import DomainError
from ladder.backups import BackupRefused
from ladder.restoring import back_up

router = APIRouter(tags=["backups"])


class Wanted(BaseModel):
    """Where the backup goes: a folder of this machine that is new or empty."""

    model_config = ConfigDict(extra="forbid")

    folder: Path


@router.post("/backups")
def make_backup(wanted: Wanted, request: Request) -> dict[str, Any]:
    """Write data and keys into a folder, an archive each."""
    try:
        made = back_up(request.app.state.system, wanted.folder)
    except (BackupRefused, OSError) as error:
        raise DomainError(str(error)) from None
    return {"folder": str(made.folder), "sizes": dict(made.sizes)}
