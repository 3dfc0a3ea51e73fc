"""PostgreSQL killed below the platform: what was acknowledged is there, and everything goes on by itself."""

from __future__ import annotations

import pytest

from .faults import POSTGRES_KILLED, Scene, live_through

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(900),
    # A kill may cut a connection while the client still opens it; whether its socket is closed is the client's business.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]


def test_postgresql_killed_under_load_comes_back_and_loses_nothing(scene: Scene) -> None:
    assert live_through(scene, POSTGRES_KILLED).broken == []
