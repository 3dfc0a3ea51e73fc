"""What a test stands on: a folder, a database, services over it, and a real port to ask; each ended at the end."""

from __future__ import annotations

import itertools
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from httpx import Client

from chassis.cipher import Cipher, Grant, prepare_keys
from chassis.consumer import Span
from chassis.postgres import Database, Embedded, Server
from chassis.service import Service, connect_in_process

_numbers = itertools.count(1)


@contextmanager
def open_folder() -> Generator[Path]:
    """Make a folder that PostgreSQL's account may enter; pytest's own are closed to it when root runs them."""
    folder = Path(tempfile.mkdtemp(prefix="ladder-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def fresh_database(postgres: Embedded) -> Generator[Database]:
    """Make an empty database that nobody else uses."""
    name = f"test_{next(_numbers)}"
    try:
        yield postgres.create_database(name)
    finally:
        postgres.drop_database(name)


@contextmanager
def keyed(server: Server, home: Path, grants: Iterable[Grant], *names: str) -> Generator[dict[str, Cipher]]:
    """Prepare the keys of a database and connect the ciphers of the services so named; erasures are listed at `home`."""
    key = prepare_keys(server, home, grants, {})
    with ExitStack() as stack:
        connected = (Cipher.connect(server, name, key, home / "erasures") for name in names)
        yield {name: stack.enter_context(closing(cipher)) for name, cipher in zip(names, connected, strict=True)}


@contextmanager
def opened(
    server: Server,
    ciphers: Mapping[str, Cipher],
    *services: Service,
    size: int = 6,
    clock: Callable[[], datetime | None] = lambda: None,
    spans: Mapping[str, Span] | None = None,
) -> Generator[None]:
    """Open services over a database and connect them in this process; their followers stand still until started."""
    for one in services:
        one.migrate(server)
    with ExitStack() as stack:
        for one in services:
            one.open(server, ciphers[one.name], size=size, clock=clock)
            stack.callback(one.close)
        connect_in_process(services, spans)
        yield


@contextmanager
def served(app: FastAPI) -> Generator[Client]:
    """Serve an application on a free port of this machine and give a client of it: real HTTP."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as the one port: else each answer waits 40 ms
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on"))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        try:
            with Client(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}", timeout=30) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join(30)
