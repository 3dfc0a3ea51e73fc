"""A broker's guarded door, for tests: TLS under an authority of its own, names with passwords, and who may do what."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, cast

from aiokafka.conn import create_conn
from aiokafka.protocol.admin import CreateAclsRequest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LISTENER: Final = "GUARDED"
_PLAIN: Final = "org.apache.kafka.common.security.plain.PlainLoginModule required"
_SCRAM: Final = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
_RESOURCES: Final = {"topic": 2, "group": 3, "cluster": 4}
_OPERATIONS: Final = {"read": 3, "write": 4, "create": 5, "describe": 8, "describe configs": 10, "idempotent write": 12}
_LITERAL, _ALLOW = 3, 3


@dataclass(frozen=True)
class Guard:
    """The guarded door of one broker: who has no name and password there is not let in, and may do what is allowed."""

    folder: Path
    port: int
    users: Mapping[str, str]

    @property
    def server(self) -> str:
        """The address to give to a client."""
        return f"127.0.0.1:{self.port}"

    @property
    def ca_file(self) -> Path:
        """The certificate of the authority that signed the broker's."""
        return self.folder / "ca.pem"

    def properties(self) -> dict[str, str]:
        """Return what the broker is told; the door that is not guarded stays open to whoever may do everything."""
        own, named = f"listener.name.{LISTENER.lower()}", "".join(f' user_{n}="{p}"' for n, p in self.users.items())
        return {
            "inter.broker.listener.name": "PLAINTEXT",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
            f"{own}.ssl.keystore.type": "PEM",
            f"{own}.ssl.keystore.location": str(self.folder / "broker.pem"),
            f"{own}.sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
            f"{own}.plain.sasl.jaas.config": f"{_PLAIN}{named};",
            f"{own}.scram-sha-256.sasl.jaas.config": _SCRAM,
            f"{own}.scram-sha-512.sasl.jaas.config": _SCRAM,
        }

    def credentials(self) -> list[str]:
        """Return the options of Kafka's storage tool that make the passwords of SCRAM."""
        return [
            option
            for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512")
            for name, password in self.users.items()
            for option in ("--add-scram", f"{mechanism}=[name={name},password={password}]")
        ]

    def make_certificates(self) -> None:
        """Make an authority, and a certificate of the broker that it has signed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        own = _certificate("An authority for tests", authority, "An authority for tests", authority, ca=True)
        broker = _certificate("127.0.0.1", key, "An authority for tests", authority, ca=False)
        self.ca_file.write_bytes(_pem(own))
        (self.folder / "broker.pem").write_bytes(_private(key) + _pem(broker) + _pem(own))


async def allow(open_server: str, user: str, what: Mapping[tuple[str, str], tuple[str, ...]]) -> None:
    """Let a user do operations on resources: `{("topic", "gap.v1"): ("write", "describe")}`; asked at the open door."""
    host, _, port = open_server.rpartition(":")
    connection = await create_conn(host, int(port), request_timeout_ms=10_000)
    try:
        for (kind, name), operations in what.items():
            for operation in operations:
                place = (_RESOURCES[kind], name, _LITERAL)
                asked = CreateAclsRequest(*place, f"User:{user}", "*", _OPERATIONS[operation], _ALLOW)
                answer: Any = await connection.send(asked)
                assert [error for error, _ in answer.creation_responses] == [0], answer
    finally:
        closed = cast("Future[None] | None", connection.close())
        if closed is not None:
            await closed


def _certificate(
    name: str, key: ec.EllipticCurvePrivateKey, signer: str, by: ec.EllipticCurvePrivateKey, *, ca: bool
) -> x509.Certificate:
    begins = datetime(2020, 1, 1, tzinfo=UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, signer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=36_500))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
        .add_extension(_usage(ca=ca), critical=True)
    )
    if not ca:
        address = x509.SubjectAlternativeName([x509.IPAddress(ip_address(name))])
        builder = builder.add_extension(address, critical=False)
    return builder.sign(by, hashes.SHA256())


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
