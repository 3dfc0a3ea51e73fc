"""The cipher seam: personal text is sealed before it is stored and opened when it is read."""

from __future__ import annotations

import base64
import binascii
import functools
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from chassis.cipher.cache import KeyCache
from chassis.cipher.erasures import Destroyed, Erasures
from chassis.cipher.errors import Erased, NotGranted, Tampered, WrongInstallationKey
from chassis.cipher.sealing import InstallationKey, Key, context
from chassis.cipher.settling import destroy
from chassis.cipher.vault import Place, Vault
from chassis.clock import now
from chassis.kernel import Unsealed
from chassis.postgres import Pool, Server, check_durable, pool, refuse_superuser
from chassis.steps import failpoint
from contracts.envelope import Sealed

__all__ = ["Cipher"]

CACHED_KEYS = 50_000
CACHED_WORKSPACES = 10_000
LIFE = 60.0
BATCH = 5_000
"""Places in one statement."""


class Cipher:
    """Seals and opens personal text with the keys that one service has been granted.

    Hierarchy: the installation key wraps a person's key, which wraps the key of each (stream, part) about them.
    Destroying takes effect here and `beside` at once, in a process that listens (`Forgetting`) as soon as it hears of
    it, and within `LIFE` seconds in any other.
    """

    def __init__(
        self,
        connections: Pool,
        installation: InstallationKey,
        erasures: Path,
        *,
        size: int = CACHED_KEYS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = connections
        self._installation = installation
        self._erasures = Erasures(erasures)
        self._vault = Vault(connections, installation)
        self._clock = clock
        self._cache = KeyCache(size, LIFE, clock)
        self._beside: tuple[Cipher, ...] = ()
        self._keeps: Callable[[], bool] = lambda: True
        self._workspace_key = functools.lru_cache(CACHED_WORKSPACES)(self._vault.workspace_key)

    @classmethod
    def connect(
        cls,
        server: Server,
        service: str,
        installation: InstallationKey,
        erasures: Path,
        allow_unsafe: bool = False,
    ) -> Cipher:
        """Return the cipher of `service` over the key database.

        Raises `WrongInstallationKey` when the keys there were wrapped with another than `installation`, and refuses a
        role that would pass by the grants and, without `allow_unsafe`, a database that might lose a key in use.
        """
        keys = pool(server.dsn("keys", service), 2, f"{service} keys", autocommit=True, wait=5)
        cipher = cls(keys, installation, erasures)
        try:
            cipher._vault.run(refuse_superuser)
            cipher._vault.run(lambda connection: check_durable(connection, allow_unsafe))
            cipher.check_installation()
        except BaseException:
            cipher.close()
            raise
        return cipher

    def beside(self, others: Iterable[Cipher]) -> None:
        """Name the ciphers of other services in this process: what is destroyed here they forget at once too."""
        self._beside = tuple(one for one in others if one is not self)

    def keep_keys_while(self, sure: Callable[[], bool]) -> None:
        """Use keys kept from before only while `sure` says so; otherwise each is asked for."""
        self._keeps = sure

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    def seal_many(self, workspace: str, texts: Sequence[tuple[str, Unsealed]]) -> list[Sealed]:
        """Seal texts, each with the stream it belongs to, in their order.

        Missing keys are made, and committed before this returns, in two round trips for all. Raises `Erased` when a key
        was destroyed, `NotGranted` for a kind of stream this service makes no keys of, `KeysUnavailable`.
        """
        places = [_place(workspace, text.person, stream, text.part) for stream, text in texts]
        keys = self._keys(places, self._vault.make)
        return [_seal(place, keys[place], text.text) for place, (_, text) in zip(places, texts, strict=True)]

    def open(self, workspace: str, sealed: Sealed) -> str | None:
        """Return the text, or None when it was erased or withdrawn; raises as `open_many`."""
        return self.open_many(workspace, [sealed])[0]

    def open_many(self, workspace: str, sealed: Sequence[Sealed]) -> list[str | None]:
        """Return the texts in their order, None for what was erased or withdrawn; one round trip for all unknown keys.

        Raises `Tampered` when a text was changed or moved, `NotGranted` and `KeysUnavailable`.
        """
        places = [_sealed_place(workspace, one) for one in sealed]
        keys = self._keys(places, self._vault.find)
        return [self._open(place, one, keys) for place, one in zip(places, sealed, strict=True)]

    def digest(self, workspace: str, text: str) -> str:
        """Return the HMAC-SHA256 of `text` under the workspace's key, in hexadecimal: equal texts, equal digests.

        The caller brings the text into its normal form (case, spaces) first.
        """
        return self._workspace_key(workspace).digest(text)

    def destroy_person(self, workspace: str, person: str) -> None:
        """Destroy the key of a person and with it every text about them, for good.

        It is on the list of erasures before it is done. Only the role of people may: `NotGranted`.
        """
        self._destroy(Destroyed(workspace, person))
        self._forget(lambda place: place[:2] == (workspace, person))

    def destroy_part(self, workspace: str, person: str, stream: str, part: str) -> None:
        """Destroy the key of one part: the text is withdrawn; as `destroy_person`."""
        gone = _place(workspace, person, stream, part)
        self._destroy(Destroyed(*gone))
        self._forget(lambda place: place == gone)

    def destroyed_persons(self) -> set[tuple[str, str]]:
        """Return everybody (workspace, person) whose key the list of erasures says must never come back."""
        listed = self._erasures.read(self._installation.check)
        return {(one.workspace, one.person) for one in listed if one.part is None}

    def check_installation(self) -> None:
        """Raise `WrongInstallationKey` when the keys here were wrapped with another installation key."""
        row = self._vault.run(lambda connection: connection.execute("select value from keys.installation").fetchone())
        if row is None or row["value"] != self._installation.check:
            raise WrongInstallationKey("The keys of this installation were wrapped with another installation key.")

    def wrap(self, purpose: str, secret: bytes) -> bytes:
        """Return another secret (a signing key) sealed under the installation key for one `purpose`."""
        return self._installation.wrap(purpose, secret)

    def unwrap(self, purpose: str, wrapped: bytes) -> bytes:
        """Return a secret that was wrapped for the same `purpose`; raise `Tampered`."""
        return self._installation.unwrap(purpose, wrapped)

    def _keys(
        self, places: Sequence[Place], ask: Callable[[Sequence[Place]], dict[Place, Key | None]]
    ) -> dict[Place, Key | None]:
        """Return what is known or `ask` finds about `places`."""
        evictions, read_at = self._cache.evictions, self._clock()
        keys = self._cache.get(places) if self._keeps() else {}
        unknown = [place for place in dict.fromkeys(places) if place not in keys]
        for start in range(0, len(unknown), BATCH):
            asked = ask(unknown[start : start + BATCH])
            self._cache.put(asked, read_at, evictions)
            keys.update(asked)
        return keys

    def _open(self, place: Place, sealed: Sealed, keys: dict[Place, Key | None]) -> str | None:
        if place not in keys:
            if not self._vault.may_open(place.kind):
                raise NotGranted(f"This service may not open text of {place.kind} streams.")
            raise Tampered("A sealed text names a key that was never made here.")
        key = keys[place]
        if key is None:
            return None
        if key.hash != sealed.key:
            raise Tampered("A sealed text names another key than that of its place.")
        try:
            ciphertext = base64.b64decode(sealed.enc, validate=True)
        except binascii.Error:
            raise Tampered("A sealed text is not base64.") from None
        return key.open(ciphertext, context(*place)).decode()

    def _destroy(self, key: Destroyed) -> None:
        self._may_destroy()
        self._erasures.append([key], now().isoformat())
        failpoint("after the list of erasures")
        self._vault.run(lambda connection: destroy(connection, key))

    def forget(self, person: tuple[str, str] | None) -> None:
        """Forget the cached keys about somebody (workspace, person), or every one: another process destroyed some."""
        self._cache.evict(lambda place: person is None or place[:2] == person)

    def _forget(self, those: Callable[[Place], bool]) -> None:
        for one in (self, *self._beside):
            one._cache.evict(those)

    def _may_destroy(self) -> None:
        sql = "select has_function_privilege('keys.destroy_person(text, text)', 'execute') as may"
        row = self._vault.run(lambda connection: connection.execute(sql).fetchone())
        if row is None or not row["may"]:
            raise NotGranted("Only the people service may destroy keys.")


def _place(workspace: str, person: str, stream: str, part: str) -> Place:
    if not stream.startswith(f"{workspace}/") or stream.count("/") < 2:
        raise ValueError(f"{stream!r} is not the name of a stream of workspace {workspace!r}")
    return Place(workspace, person, stream, part)


def _sealed_place(workspace: str, sealed: Sealed) -> Place:
    try:
        return _place(workspace, sealed.person, sealed.stream, sealed.part)
    except ValueError:
        raise Tampered("A sealed text names a stream of another workspace.") from None


def _seal(place: Place, key: Key | None, text: str) -> Sealed:
    if key is None:
        raise Erased("This text was withdrawn, or the person it is about was erased; nothing more can be written here.")
    ciphertext = key.seal(text.encode(), context(*place))
    return Sealed(
        person=place.person,
        stream=place.stream,
        part=place.part,
        key=key.hash,
        enc=base64.b64encode(ciphertext).decode(),
    )
