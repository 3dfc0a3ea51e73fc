"""The event sourcing library's own test case for recorders, run against ours."""

from __future__ import annotations

import itertools
import sys
import types
from typing import Any, ClassVar

import pytest

from chassis.store import Recorder

from .conftest import Pair

if "eventsourcing.cipher" not in sys.modules:
    # The library's tests import its example cipher, whose package nothing here needs.
    stand_in: Any = types.ModuleType("eventsourcing.cipher")
    stand_in.AESCipher = object
    sys.modules["eventsourcing.cipher"] = stand_in

from eventsourcing.persistence import StoredEvent
from eventsourcing.tests import persistence as library

_numbers = itertools.count(1)


class TestTheLibrarysOwnCase(library.AggregateRecorderTestCase):
    """Its tests, for stream ids that begin with a workspace."""

    recorder: ClassVar[Recorder]

    @pytest.fixture(autouse=True)
    def _take_recorder(self, pair: Pair) -> None:
        type(self).recorder = pair.toy.store.recorder

    def create_recorder(self) -> Any:
        return self.recorder

    def new_originator_id(self) -> Any:
        return f"library/notebook/{next(_numbers)}"


def test_the_recorder_writes_stored_events_with_a_record(pair: Pair) -> None:
    stored = [StoredEvent("bare/notebook/n", version, "notebook.opened", b"{}") for version in (1, 2)]

    pair.toy.store.recorder.insert_events(stored)

    rows = pair.rows("select sequence, version from toy.events where workspace = 'bare' order by sequence")
    assert rows == [{"sequence": 1, "version": 1}, {"sequence": 2, "version": 2}]
