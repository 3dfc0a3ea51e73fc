"""Waiting for a condition: what it found is returned, and what never comes is named."""

from __future__ import annotations

import pytest

from chassis.testing import until


def test_what_a_condition_found_is_returned() -> None:
    left = ["found", "", None]

    assert until(left.pop) == "found"


def test_what_never_comes_is_named() -> None:
    with pytest.raises(AssertionError, match=r"^a reply did not come about$"):
        until(lambda: None, "a reply", seconds=0)
