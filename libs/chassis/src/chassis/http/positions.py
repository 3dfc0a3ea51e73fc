"""Positions as people are given them: the sequence number is sealed, since how fast it grows tells what others did.

Sealed, it can be handed back and opened by every service of the workspace, and neither counted, compared nor made up:
the same position looks different each time, so that nobody sees whether others published something meanwhile.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Final, Protocol

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from chassis.unit import Position

_NUMBER: Final = 6
_NOISE: Final = 4
_CHECK: Final = 6
"""Bytes of each part of the one block."""


class Keyed(Protocol):
    """What every service of a workspace derives the same secret from."""

    def digest(self, workspace: str, text: str) -> str:
        """Return the HMAC of a text under the workspace's key, in hexadecimal."""
        ...


def sealed(keys: Keyed, workspace: str, position: Position) -> str:
    """Return `name/epoch/sequence`, the sequence as one AES block: the number, noise, and a check of name and epoch."""
    noise = secrets.token_bytes(_NOISE)
    block = position.sequence.to_bytes(_NUMBER, "big") + noise + _check(position.name, position.epoch)
    encryptor = _cipher(keys, workspace).encryptor()
    return f"{position.name}/{position.epoch}/{(encryptor.update(block) + encryptor.finalize()).hex()}"


def opened(keys: Keyed, workspace: str, text: str) -> Position:
    """Return the position; ValueError for a text that no write in this workspace has answered."""
    name, epoch, given = text.strip().split("/")
    block = bytes.fromhex(given)
    if len(block) != 16:
        raise ValueError("no position")
    decryptor = _cipher(keys, workspace).decryptor()
    clear = decryptor.update(block) + decryptor.finalize()
    if clear[_NUMBER + _NOISE :] != _check(name, epoch):
        raise ValueError("no position")
    return Position(name, epoch, int.from_bytes(clear[:_NUMBER], "big"))


def _check(name: str, epoch: str) -> bytes:
    return hashlib.sha256(f"{name}/{epoch}".encode()).digest()[:_CHECK]


def _cipher(keys: Keyed, workspace: str) -> Cipher[modes.ECB]:
    """One block with noise in it, and never the same number under another meaning: ECB is a permutation of 16 bytes here."""
    key = bytes.fromhex(keys.digest(workspace, "position"))
    return Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305 - a single block
