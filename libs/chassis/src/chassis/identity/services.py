"""Tokens of services: whoever holds the installation's key may read every feed, and do nothing else."""

from __future__ import annotations

from typing import Final

from chassis.identity.actor import Actor
from chassis.identity.tokens import Clock, InvalidToken, Signer, SigningKey, Verifier

ISSUER: Final = "installation"
SCOPE: Final = frozenset({"feed"})
EVERYWHERE: Final = "*"


class ServiceTokens:
    """Makes and checks tokens of services with a key of their own, derived from the installation's.

    They are no actor tokens: routes of people never accept them, since only the feed asks here.
    """

    def __init__(self, seed: bytes, service: str, clock: Clock) -> None:
        self._service = service
        key = SigningKey.from_seed(seed)
        self._signer = Signer(lambda: [key], clock, issuer=ISSUER)
        self._verifier = Verifier(self._signer.jwks, clock, issuer=ISSUER)

    def make(self) -> str:
        """Return a token with which this service reads feeds for the next minutes."""
        actor = Actor(workspace=EVERYWHERE, person=f"service:{self._service}", session="-", scope=SCOPE)
        return self._signer.sign(actor)

    def verify(self, token: str) -> Actor:
        """Return the service that asks; InvalidToken for everything else."""
        actor = self._verifier.verify(token)
        if actor.scope != SCOPE or actor.roles or not actor.person.startswith("service:"):
            raise InvalidToken("claims")
        return actor
