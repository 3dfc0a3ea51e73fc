"""A gate before the brokers that a test stands in: it lets everything through until it is to lose acknowledgements.

Every frame of Kafka's protocol begins with its length (4 bytes); a request goes on with its kind (2 bytes), the
version (2) and a number (4) that its answer begins with (kafka.apache.org/protocol).
"""

from __future__ import annotations

import asyncio
import struct
import threading
from collections.abc import Sequence
from contextlib import suppress

from chassis.testing.kafka import Node

PRODUCE = 0
BROKEN = (OSError, asyncio.IncompleteReadError)


class Gate:
    """Listens on the gate port of every node, in a thread of its own."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.lost = 0
        self._to_lose = 0
        self._nodes = nodes
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="gate", daemon=True)

    def __enter__(self) -> Gate:
        """Open it."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        """Close it; connections through it are cut."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def lose_acknowledgements(self, count: int) -> None:
        """Let the next so many produce requests through, keep their answers back and cut the connection instead."""
        self._to_lose = count

    async def _open(self) -> None:
        self._servers = [await self._serve(node) for node in self._nodes]

    async def _serve(self, node: Node) -> asyncio.Server:
        async def passing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._pass(node.detour_port, reader, writer)

        return await asyncio.start_server(passing, "127.0.0.1", node.gate_port)

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _pass(self, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, away = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            writer.close()
            return
        kept_back: set[int] = set()
        ways = (self._requests(reader, away, kept_back), self._answers(there, writer, kept_back))
        running = [asyncio.ensure_future(way) for way in ways]
        try:
            await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in running:
                one.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            for end in (away, writer):
                end.close()

    async def _requests(self, client: asyncio.StreamReader, broker: asyncio.StreamWriter, kept_back: set[int]) -> None:
        with suppress(*BROKEN):
            while True:
                frame = await _frame(client)
                kind, _, number = struct.unpack_from(">hhi", frame, 4)
                if kind == PRODUCE and self._to_lose > 0:
                    self._to_lose -= 1
                    kept_back.add(number)
                broker.write(frame)
                await broker.drain()

    async def _answers(self, broker: asyncio.StreamReader, client: asyncio.StreamWriter, kept_back: set[int]) -> None:
        """Pass answers on; one that is kept back ends the connection: the broker has the records, nobody knows it."""
        with suppress(*BROKEN):
            while True:
                frame = await _frame(broker)
                if struct.unpack_from(">i", frame, 4)[0] in kept_back:
                    self.lost += 1
                    return
                client.write(frame)
                await client.drain()


async def _frame(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(4)
    return head + await reader.readexactly(struct.unpack(">i", head)[0])
