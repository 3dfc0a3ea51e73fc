"""The one port."""

from __future__ import annotations

import socket

from ladder.server import listen


def test_no_answer_waits_until_a_part_of_it_is_acknowledged() -> None:
    with listen("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        connection, _ = listening.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
