"""The cipher seam: keys per person, stream and part; sealing, opening, erasing."""

from chassis.cipher.cipher import Cipher
from chassis.cipher.erasures import erasures_path
from chassis.cipher.errors import (
    CipherError,
    Erased,
    ErasuresMissing,
    KeysUnavailable,
    NotGranted,
    Tampered,
    WrongInstallationKey,
)
from chassis.cipher.forgetting import Forgetting
from chassis.cipher.schema import Grant, keys_server, prepare_keys
from chassis.cipher.sealing import InstallationKey

__all__ = [
    "Cipher",
    "CipherError",
    "Erased",
    "ErasuresMissing",
    "Forgetting",
    "Grant",
    "InstallationKey",
    "KeysUnavailable",
    "NotGranted",
    "Tampered",
    "WrongInstallationKey",
    "erasures_path",
    "keys_server",
    "prepare_keys",
]
