"""Where the brokers of Kafka are, and who we are there: the settings alone, for whoever need not wait for a client."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
MECHANISMS: Final = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
_PLACE: Final = re.compile(r"(\[[^\]]+\]|[^:\[\]\s]+):\d{1,5}")


@dataclass(frozen=True, slots=True, repr=False)
class ClientSettings:
    """Where Kafka is and who we are there; the password is in no representation."""

    servers: tuple[str, ...]
    tls: bool = False
    ca_file: str | None = None
    username: str | None = None
    password: str | None = None
    mechanism: Mechanism = "SCRAM-SHA-512"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> ClientSettings | None:
        """Return the settings of `LADDER_KAFKA*`, or None where Kafka is not named; ValueError for one unusable."""
        servers = tuple(one.strip() for one in environ.get("LADDER_KAFKA", "").split(",") if one.strip())
        if not servers:
            return None
        for one in servers:
            if _PLACE.fullmatch(one) is None:
                raise ValueError(f"LADDER_KAFKA holds {one!r}; write each broker as host:port.")
        username, password, mechanism = _who(environ)
        tls, ca_file = environ.get("LADDER_KAFKA_TLS", "") not in ("", "0"), environ.get("LADDER_KAFKA_CA") or None
        if ca_file is not None:
            _check_certificates(ca_file, tls)
        return cls(servers, tls, ca_file, username, password, mechanism)

    def tls_context(self) -> ssl.SSLContext | None:
        """Return how certificates are checked; None for a plain connection."""
        return ssl.create_default_context(cafile=self.ca_file) if self.tls else None


def _who(environ: Mapping[str, str]) -> tuple[str | None, str | None, Mechanism]:
    username, password = environ.get("LADDER_KAFKA_USERNAME") or None, environ.get("LADDER_KAFKA_PASSWORD") or None
    if (username is None) != (password is None):
        raise ValueError("Of LADDER_KAFKA_USERNAME and LADDER_KAFKA_PASSWORD only one is set; they belong together.")
    mechanism = environ.get("LADDER_KAFKA_MECHANISM", "SCRAM-SHA-512")
    if mechanism not in MECHANISMS:
        raise ValueError(f"LADDER_KAFKA_MECHANISM is {mechanism!r}; use one of {', '.join(MECHANISMS)}.")
    return username, password, mechanism


def _check_certificates(file: str, tls: bool) -> None:
    if not tls:
        raise ValueError(f"LADDER_KAFKA_CA is {file!r}, and nothing is checked by it; set LADDER_KAFKA_TLS=1.")
    try:
        ssl.create_default_context(cafile=file)
    except OSError as error:
        why = error.strerror if error.filename or not isinstance(error, ssl.SSLError) else "it holds no certificate"
        raise ValueError(f"LADDER_KAFKA_CA is {file!r}: {why}; name a file of certificates (PEM).") from None
