"""Actor tokens: short-lived EdDSA signatures over who acts (RFC 7519, RFC 8037; `alg` as RFC 9864 names it)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from joserfc.util import urlsafe_b64decode
from pydantic import Field, ValidationError

from chassis.identity.actor import Actor
from chassis.kernel import Frozen

ISSUER: Final = "people-svc"
AUDIENCE: Final = "career-ladder"
LIFETIME: Final = timedelta(minutes=5)

_ALGORITHM: Final = "Ed25519"
_TYPE: Final = "at+jwt"
_LONGEST_TOKEN: Final = 4096
_LEEWAY: Final = timedelta(seconds=5)
_FRESH: Final = timedelta(minutes=5)
_AGAIN: Final = timedelta(seconds=10)
_AFTER_FAILURE: Final = timedelta(seconds=1)

Clock = Callable[[], datetime]


class InvalidToken(Exception):
    """The token does not prove who acts; `reason` is a fixed word, never a part of the token."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class KeysUnread(Exception):
    """The document of keys has to be read before this token can be judged, and the caller may not wait for that."""


class KeysAway(Exception):
    """The document of keys cannot be read now, so a token that names a key not known yet cannot be judged."""


@dataclass(frozen=True, slots=True, repr=False)
class SigningKey:
    """A private key: `kid` is the thumbprint of its public half (RFC 7638), `private` the JWK (RFC 8037)."""

    kid: str
    private: dict[str, str]

    @classmethod
    def generate(cls) -> SigningKey:
        """Make a new key from the system's randomness."""
        key = OKPKey.generate_key("Ed25519", private=True)
        return cls(key.thumbprint(), {name: str(value) for name, value in key.as_dict(private=True).items()})

    @classmethod
    def from_seed(cls, seed: bytes) -> SigningKey:
        """Return the key that 32 secret bytes stand for (RFC 8032, section 5.1.5)."""
        pem = Ed25519PrivateKey.from_private_bytes(seed).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        key = OKPKey.import_key(pem)
        return cls(key.thumbprint(), {name: str(value) for name, value in key.as_dict(private=True).items()})

    @property
    def public(self) -> dict[str, str]:
        """The public half as a JWKS lists it."""
        shown = {name: value for name, value in self.private.items() if name != "d"}
        return shown | {"kid": self.kid, "use": "sig", "alg": _ALGORITHM}


class Signer:
    """Signs actor tokens with the newest key; shows every key that may still be met.

    `keys` gives the signing keys, newest first: people-svc reads them from its store, where they are wrapped.
    """

    def __init__(
        self,
        keys: Callable[[], Sequence[SigningKey]],
        clock: Clock,
        issuer: str = ISSUER,
    ) -> None:
        self._keys, self._clock, self._issuer = keys, clock, issuer

    def sign(self, actor: Actor) -> str:
        """Return the token that lets `actor` act for the next minutes."""
        key = self._keys()[0]
        now = int(self._clock().timestamp())
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": AUDIENCE,
            "sub": actor.person,
            "iat": now,
            "exp": now + int(LIFETIME.total_seconds()),
            "ws": actor.workspace,
            "sid": actor.session,
            "roles": sorted(actor.roles),
            "scope": " ".join(sorted(actor.scope)),
        }
        if actor.on_behalf_of is not None:
            claims["obo"] = actor.on_behalf_of
        header = {"alg": _ALGORITHM, "typ": _TYPE, "kid": key.kid}
        return jwt.encode(header, claims, _imported(key.private), algorithms=[_ALGORITHM])

    def jwks(self) -> dict[str, Any]:
        """Return the JWKS document: public halves only."""
        return {"keys": [key.public for key in self._keys()]}


class _Claims(Frozen, extra="ignore"):
    """What a token must claim, and of which type."""

    iss: str
    aud: str
    sub: str = Field(min_length=1)
    iat: int
    exp: int
    ws: str = Field(min_length=1)
    sid: str
    roles: frozenset[str]
    scope: str
    obo: str | None = None

    def actor(self) -> Actor:
        return Actor(
            workspace=self.ws,
            person=self.sub,
            session=self.sid,
            roles=self.roles,
            scope=frozenset(self.scope.split()),
            on_behalf_of=self.obo,
        )


class Verifier:
    """Turns a token into the actor it proves. Knows keys from a JWKS document only, never from the token itself.

    The document is read again when it is older than five minutes, or when a token names an unknown key (at most every
    ten seconds; every second while the source fails). A source that fails leaves the keys known so far. Whoever comes
    while it is read waits for it.
    """

    def __init__(
        self,
        jwks: Callable[[], Mapping[str, Any]],
        clock: Clock,
        *,
        issuer: str = ISSUER,
    ) -> None:
        self._issuer = issuer
        self._jwks, self._clock = jwks, clock
        self._known: dict[str, OKPKey] = {}
        self._read_at: datetime | None = None
        self._failed = False
        self._reading = threading.Lock()

    def verify(self, token: str, *, may_read: bool = True) -> Actor:
        """Return who acts; InvalidToken when the token does not prove it, KeysAway when that cannot be known now.

        Where `may_read` is False nothing is waited for: KeysUnread says that the document has to be read first.
        """
        if len(token) > _LONGEST_TOKEN:
            raise InvalidToken("too long")

        def named(signed: Any) -> OKPKey:
            return self._key_named_in(signed, may_read)

        try:
            # The key is chosen by the header's `kid`, which proves nothing until the signature over it holds.
            decoded = jwt.decode(token, named, algorithms=[_ALGORITHM])
        except (JoseError, ValueError):
            raise InvalidToken("signature") from None
        if decoded.header.get("typ") != _TYPE:
            raise InvalidToken("type")
        try:
            claims = _Claims.model_validate(decoded.claims, strict=False)
        except ValidationError:
            raise InvalidToken("claims") from None
        self._check(claims)
        return claims.actor()

    def _check(self, claims: _Claims) -> None:
        now, leeway = self._clock().timestamp(), _LEEWAY.total_seconds()
        if claims.iss != self._issuer:
            raise InvalidToken("issuer")
        if claims.aud != AUDIENCE:
            raise InvalidToken("audience")
        if claims.exp <= now:
            raise InvalidToken("expired")
        if claims.iat > now + leeway:
            raise InvalidToken("not yet valid")
        if claims.exp - claims.iat > 2 * LIFETIME.total_seconds():
            raise InvalidToken("lives too long")

    def _key_named_in(self, signed: Any, may_read: bool) -> OKPKey:
        kid = signed.headers().get("kid")
        if not isinstance(kid, str):
            raise InvalidToken("no key named")
        self._refresh(kid, may_read)
        if kid in self._known:
            return self._known[kid]
        if self._failed:
            raise KeysAway
        raise InvalidToken("unknown key")

    def _refresh(self, wanted: str, may_read: bool) -> None:
        if not self._is_due(wanted):
            return
        if not may_read:
            raise KeysUnread
        with self._reading:
            if self._is_due(wanted):
                self._read()

    def _is_due(self, wanted: str) -> bool:
        if self._read_at is None:
            return True
        pause = _FRESH if wanted in self._known else _AFTER_FAILURE if self._failed else _AGAIN
        return self._clock() - self._read_at >= pause

    def _read(self) -> None:
        try:
            document = self._jwks()
        except OSError:
            self._failed = True
        else:
            self._known = {key.kid: key for key in map(_public_key, document["keys"]) if key is not None and key.kid}
            self._failed = False
        self._read_at = self._clock()


def _public_key(listed: Mapping[str, str]) -> OKPKey | None:
    """Return a listed key when it is an Ed25519 public key, else None: other algorithms are not ours."""
    if listed.get("kty") != "OKP" or listed.get("crv") != "Ed25519":
        return None
    try:
        if len(urlsafe_b64decode(listed["x"].encode())) != 32:
            return None
        return _imported({"kty": "OKP", "crv": "Ed25519", "x": listed["x"], "kid": listed["kid"]})
    except (JoseError, ValueError, KeyError):
        return None


def _imported(jwk: Mapping[str, str]) -> OKPKey:
    return OKPKey.import_key(dict[str, str | list[str]](jwk))
