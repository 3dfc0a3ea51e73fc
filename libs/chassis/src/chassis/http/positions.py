"""Positions as people are given them: the sequence number is sealed, since how fast it grows tells what others did.

Sealed, it can be handed back, compared by every service of the workspace, and neither counted nor made up.
"""

from __future__ import annotations

import hashlib
from typing import Protocol

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from chassis.unit import Position


class Keyed(Protocol):
    """What every service of a workspace derives the same secret from."""

    def digest(self, workspace: str, text: str) -> str:
        """Return the HMAC of a text under the workspace's key, in hexadecimal."""
        ...


def sealed(keys: Keyed, workspace: str, position: Position) -> str:
    """Return `name/epoch/sequence` with the sequence as one AES block: the number, then a check of name and epoch."""
    block = position.sequence.to_bytes(8, "big") + _check(position.name, position.epoch)
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
    if clear[8:] != _check(name, epoch):
        raise ValueError("no position")
    return Position(name, epoch, int.from_bytes(clear[:8], "big"))


def _check(name: str, epoch: str) -> bytes:
    return hashlib.sha256(f"{name}/{epoch}".encode()).digest()[:8]


def _cipher(keys: Keyed, workspace: str) -> Cipher[modes.ECB]:
    """One block, and never the same number under another meaning: ECB is a permutation of 16 bytes here."""
    key = bytes.fromhex(keys.digest(workspace, "position"))
    return Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305 - a single block
