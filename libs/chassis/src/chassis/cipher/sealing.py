"""AES-256-GCM with its context bound in, and the installation key at the root of all other keys."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chassis.cipher.errors import Tampered, WrongInstallationKey

__all__ = ["KEY_BYTES", "InstallationKey", "Key", "context"]

KEY_BYTES = 32
NONCE_BYTES = 12
KEY_FILE = "installation.key"


def context(*parts: str) -> bytes:
    """Return one encoding of `parts`, each after its length in 4 bytes: no two lists share an encoding."""
    encoded = (part.encode() for part in parts)
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


class Key:
    """A symmetric key of 32 bytes: seals bytes together with the context they belong to."""

    def __init__(self, secret: bytes) -> None:
        self.hash = hashlib.sha256(secret).hexdigest()
        self._secret = secret
        self._cipher = AESGCM(secret)

    @classmethod
    def fresh(cls) -> Key:
        """Return a new random key."""
        return cls(secrets.token_bytes(KEY_BYTES))

    def seal(self, plain: bytes, aad: bytes) -> bytes:
        """Return nonce and ciphertext."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, aad)

    def open(self, sealed: bytes, aad: bytes) -> bytes:
        """Return the plain bytes; raise `Tampered` when they were changed or belong to another context."""
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], aad)
        except (InvalidTag, ValueError):
            raise Tampered("A sealed text does not fit its key or its place.") from None

    def wrap(self, inner: Key, aad: bytes) -> bytes:
        """Return `inner` sealed under this key."""
        return self.seal(inner._secret, aad)

    def unwrap(self, wrapped: bytes, aad: bytes) -> Key:
        """Return the key inside `wrapped`."""
        return Key(self.open(wrapped, aad))

    def digest(self, text: str) -> str:
        """Return the HMAC-SHA256 of `text` in hexadecimal."""
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class InstallationKey:
    """The key that wraps all others. Whoever loses it loses every personal text; it belongs in a safe of its own."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != KEY_BYTES:
            raise WrongInstallationKey(f"An installation key has {KEY_BYTES} bytes; this one has {len(self.secret)}.")

    @classmethod
    def load(cls, home: Path, environ: Mapping[str, str] = os.environ) -> InstallationKey | None:
        """Return the key of `LADDER_INSTALLATION_KEY` (base64), else of `<home>/installation.key`, else None."""
        text = environ.get("LADDER_INSTALLATION_KEY")
        if not text:
            try:
                text = (home / KEY_FILE).read_text(encoding="ascii")
            except FileNotFoundError:
                return None
        try:
            return cls(base64.b64decode(text.strip(), validate=True))
        except binascii.Error:
            raise WrongInstallationKey("The installation key is not base64.") from None

    @classmethod
    def make(cls, home: Path) -> InstallationKey:
        """Make `<home>/installation.key`, readable by its owner alone; when another was faster, return that one."""
        home.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{KEY_FILE}-", dir=home)  # mkstemp's mode is 0600
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            os.link(name, home / KEY_FILE)
        except FileExistsError:
            pass
        finally:
            Path(name).unlink()
        made = cls.load(home, {})
        if made is None:
            raise WrongInstallationKey(f"The installation key {home / KEY_FILE} was removed while it was made.")
        return made

    @property
    def check(self) -> str:
        """A value that recognises this key and tells nothing about it."""
        return Key(self.secret).digest("installation key check")

    def derive(self, purpose: str) -> bytes:
        """Return 32 secret bytes of this key for one `purpose`; they tell nothing about it or about others."""
        return bytes.fromhex(Key(self.secret).digest(f"derived: {purpose}"))

    def wrap(self, purpose: str, secret: bytes) -> bytes:
        """Return `secret` sealed for one `purpose`."""
        return Key(self.secret).seal(secret, context("purpose", purpose))

    def unwrap(self, purpose: str, wrapped: bytes) -> bytes:
        """Return the secret that was wrapped for the same `purpose`; raise `Tampered` for any other."""
        return Key(self.secret).open(wrapped, context("purpose", purpose))
