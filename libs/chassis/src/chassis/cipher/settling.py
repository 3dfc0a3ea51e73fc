"""Tombstones in the key database and the list of erasures made to agree."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import Any

import psycopg
import structlog
from psycopg.rows import tuple_row

from chassis.cipher.erasures import Destroyed
from chassis.cipher.errors import ErasuresMissing

__all__ = ["destroy", "settle"]

log = structlog.get_logger(__name__)


def settle(connection: psycopg.Connection[Any], listed: Callable[[], AbstractSet[Destroyed]]) -> None:
    """Compare what is destroyed with what is `listed`, and destroy again what an older key backup brought back.

    Raises `ErasuresMissing` when something destroyed is not listed: the list itself is older than the keys, and would
    let a later erasure be undone.
    """
    with connection.cursor(row_factory=tuple_row) as cursor:
        destroyed = {Destroyed(*row) for row in cursor.execute("select * from keys.tombstones()")}
    on_list = listed()  # read last: what is being destroyed meanwhile was listed before
    if unlisted := destroyed - on_list:
        raise ErasuresMissing(f"The list of erasures lacks {len(unlisted)} destroyed keys; put the newest list back.")
    persons = {(each.workspace, each.person) for each in destroyed if each.part is None}
    again = [each for each in on_list - destroyed if each.part is None or (each.workspace, each.person) not in persons]
    if again:
        log.warning("keys destroyed again", keys=len(again))
        for each in again:
            destroy(connection, each)


def destroy(connection: psycopg.Connection[Any], key: Destroyed) -> None:
    """Replace a key by its tombstone."""
    if key.part is None:
        connection.execute("select keys.destroy_person(%s, %s)", (key.workspace, key.person))
    else:
        arguments = (key.workspace, key.person, key.stream, key.part)
        connection.execute("select keys.destroy_part(%s, %s, %s, %s)", arguments)
