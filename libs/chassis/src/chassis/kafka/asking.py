"""Whether a broker answers us, and if none does, why: in a sentence that names the setting."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from typing import Final, cast

from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import BrokerResponseError, IllegalSaslStateError, KafkaError, UnsupportedSaslMechanismError
from aiokafka.protocol.metadata import MetadataRequest

from chassis.brokers import ClientSettings

PATIENCE: Final = 3.0
"""Seconds a broker may take to let us in, and to answer."""


class Unanswered(Exception):
    """No broker answers; the text says why as far as one can tell."""


class ShutOut(Unanswered):
    """A broker is there and will not let us in until a setting is another; the text names it."""


@dataclass
class Asking:
    """Asks the brokers as every client of this process does, through TLS and SASL, over a connection that is kept."""

    settings: ClientSettings
    name: str
    _kept: AIOKafkaConnection | None = None

    async def ask(self) -> None:
        """Return when a broker has answered; Unanswered when none does."""
        if self._kept is None or not self._kept.connected():
            self._kept = await self._connected()
        try:
            await asyncio.wait_for(self._kept.send(MetadataRequest([])), PATIENCE)
        except (KafkaError, OSError, TimeoutError) as error:
            await self.close()
            raise Unanswered(f"a broker is there and does not answer ({type(error).__name__})") from None

    async def close(self) -> None:
        """Let the connection go."""
        kept, self._kept = self._kept, None
        if kept is not None:
            await _closed(kept)

    async def _connected(self) -> AIOKafkaConnection:
        """Return a connection to the first broker that lets us in; else say what the last one was about."""
        found: Unanswered | None = None
        for server in self.settings.servers:
            try:
                return await self._connect(server)
            except (KafkaError, OSError, TimeoutError) as error:
                found = _understood(server, self.settings, error)
        raise found or Unanswered("no broker is named")

    async def _connect(self, server: str) -> AIOKafkaConnection:
        host, _, port = server.rpartition(":")
        settings, tls = self.settings, self.settings.tls_context()
        sasl = settings.username is not None
        protocol = {(False, False): "PLAINTEXT", (True, False): "SSL", (False, True): "SASL_PLAINTEXT"}
        connection = AIOKafkaConnection(
            host.strip("[]"),
            int(port),
            client_id=self.name,
            request_timeout_ms=int(PATIENCE * 1000),
            ssl_context=tls,
            security_protocol=protocol.get((settings.tls, sasl), "SASL_SSL"),
            sasl_mechanism=settings.mechanism,
            sasl_plain_username=settings.username,
            sasl_plain_password=settings.password,
        )
        try:
            await asyncio.wait_for(connection.connect(), 2 * PATIENCE)
        except (KafkaError, TimeoutError):
            await _closed(connection)
            raise
        return connection


async def _closed(connection: AIOKafkaConnection) -> None:
    """Close a connection and wait, within bounds, until that is done: whoever asks once ends its loop afterwards."""
    closed = cast("asyncio.Future[None] | None", connection.close())
    if closed is not None:
        await asyncio.wait([closed], timeout=1)


def _understood(server: str, settings: ClientSettings, error: Exception) -> Unanswered:
    """Say what the failure of a connection means for whoever runs the process; never a name or a password."""
    match error:
        case ssl.SSLCertVerificationError():
            named = "the authorities of LADDER_KAFKA_CA" if settings.ca_file else "the system's (name it by LADDER_KAFKA_CA)"
            return ShutOut(f"Kafka at {server}: its certificate is not signed by {named}: {error.verify_message}.")
        case ssl.SSLError():
            return ShutOut(f"Kafka at {server} does not speak TLS there ({error.reason}); look at LADDER_KAFKA_TLS and the port.")
        case UnsupportedSaslMechanismError():
            return ShutOut(f"Kafka at {server} does not take {settings.mechanism}; look at LADDER_KAFKA_MECHANISM.")
        case IllegalSaslStateError():
            return ShutOut(f"Kafka at {server} asks for no name there; look at LADDER_KAFKA_USERNAME and the port.")
        case BrokerResponseError():  # of all that is asked while connecting, only who we are can be answered by no
            return ShutOut(f"Kafka at {server} refuses LADDER_KAFKA_USERNAME with LADDER_KAFKA_PASSWORD.")
        case ConnectionRefusedError():
            return Unanswered(f"nobody listens at {server}")
        case _:
            may = "not speak TLS there" if settings.tls else "ask for TLS, or for a name"
            return Unanswered(f"{server} does not answer ({type(error).__name__}); it may {may} (LADDER_KAFKA_TLS, _USERNAME)")


async def ask(settings: ClientSettings, name: str) -> None:
    """Ask once; Unanswered, or ShutOut where a setting stands in the way."""
    asking = Asking(settings, name)
    try:
        await asking.ask()
    finally:
        await asking.close()
