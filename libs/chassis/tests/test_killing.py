"""A kill at a failpoint: what runs ends there, nothing stays armed, and a point nothing comes to is told."""

from __future__ import annotations

import pytest

from chassis.steps import failpoint
from chassis.testing import killed_at


def test_what_runs_ends_at_the_failpoint_and_the_next_passes_it() -> None:
    passed: list[str] = []

    with killed_at("here"):
        passed.append("before")
        failpoint("here")
        passed.append("after")
    failpoint("here")

    assert passed == ["before"]


def test_a_failpoint_that_nothing_comes_to_is_told() -> None:
    with pytest.raises(AssertionError, match="nothing came to the failpoint here"), killed_at("here"):
        failpoint("there")
