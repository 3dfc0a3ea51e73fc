"""PostgreSQL killed below the platform: what was acknowledged is there, and everything goes on by itself."""

from __future__ import annotations

from ..conftest import MAY_CUT_CONNECTIONS
from .conftest import MARKS, lives_on
from .faults import DATABASE_RESTORED, POSTGRES_KILLED, Scene

pytestmark = [*MARKS, MAY_CUT_CONNECTIONS]


def test_postgresql_killed_under_load_comes_back_and_loses_nothing(scene: Scene) -> None:
    lives_on(scene, POSTGRES_KILLED)


def test_a_service_whose_database_goes_back_loses_what_came_after_and_nobody_keeps_what_followed_from_it(
    scene: Scene,
) -> None:
    lives_on(scene, DATABASE_RESTORED)
