"""One of several processes of a service: its followers run where it leads, and what others changed wakes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from chassis.attendance import Attendance
from chassis.leadership import Leadership
from chassis.service import Service
from chassis.wakeups import Kind, Wakeups

LED: Final = ("relay", "projections", "deadlines")
"""Followers that one process at a time runs; consumers are spread by their group and made safe by their rows."""


class Sharing:
    """A service's share in this process: a worker runs followers, another only writes, reads and waits."""

    def __init__(self, service: Service, dsn: str, *, works: bool) -> None:
        self._service, self._works = service, works
        self._attendance = Attendance(dsn, service.name, service.consumer.care, self.compare)
        self._leadership = Leadership(dsn, service.name, LED, self._gained)
        self._wakeups = Wakeups(dsn, service.name, self._hear, self.compare)

    def start(self) -> None:
        """Begin: followers first, then everything that wakes them."""
        self._service.tell = self._wakeups.announce
        if self._works:
            self._attendance.start()
            self._service.start(leads=self._leads)
            self._leadership.start()
        self._wakeups.start()

    def stop(self) -> None:
        """Stop telling and leading; the service itself is closed by whoever opened it."""
        self._wakeups.stop()
        if self._works:
            for runner in self._service.runners:
                runner.stop()
            self._leadership.stop()
            self._attendance.stop(clean=not any(runner.alive for runner in self._service.runners))

    def _leads(self, follower: str) -> bool:
        return follower not in LED or self._leadership.holds(follower)

    def _gained(self, follower: str) -> None:
        if follower == self._service.relay.name:
            self._service.relay.doubt()
        for runner in self._service.runners:
            if runner.step.name == follower:
                runner.compare()

    def compare(self) -> None:
        """Look for everything that is behind: names may have been missed."""
        for runner in self._service.runners:
            runner.compare()
        self._service.look_again()

    def _hear(self, kind: Kind, workspaces: Iterable[str]) -> None:
        if kind == "moved":
            self._service.look_again()
            return
        for workspace in workspaces:
            self._service.wake(workspace)
