"""Who acts and how they relate to whom: actors, their tokens, and the directory each service keeps of its people."""

from chassis.identity.actor import Actor
from chassis.identity.copying import DIRECTORY, DIRECTORY_HANDLERS, TABLES
from chassis.identity.directory import Directory, Person, Relation, WorkspaceSettings
from chassis.identity.services import EVERYWHERE, ServiceTokens
from chassis.identity.tokens import InvalidToken, KeysAway, KeysUnread, Signer, SigningKey, Verifier

__all__ = [
    "DIRECTORY",
    "DIRECTORY_HANDLERS",
    "EVERYWHERE",
    "TABLES",
    "Actor",
    "Directory",
    "InvalidToken",
    "KeysAway",
    "KeysUnread",
    "Person",
    "Relation",
    "ServiceTokens",
    "Signer",
    "SigningKey",
    "Verifier",
    "WorkspaceSettings",
]
