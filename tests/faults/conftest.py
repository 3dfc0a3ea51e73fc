"""Fixtures of the fault tests: the company is prepared once, every test works on a copy of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .company import Prepared, prepare
from .killable import Killable

MAY_CUT_CONNECTIONS = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
"""A kill may cut a connection while the client still opens it; whether its socket is closed is the client's business."""


@pytest.fixture(scope="module")
def company() -> Iterator[Prepared]:
    """The prepared company."""
    made = prepare()
    yield made
    made.remove()


@pytest.fixture
def system(company: Prepared) -> Iterator[Killable]:
    """A system over a copy of the company, ended by its own handle."""
    one = company.copy()
    yield one
    one.remove()
