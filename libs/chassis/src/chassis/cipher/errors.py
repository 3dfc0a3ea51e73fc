"""What can go wrong between a personal text and its key."""

__all__ = [
    "CipherError",
    "Erased",
    "ErasuresMissing",
    "KeysUnavailable",
    "NotGranted",
    "Tampered",
    "WrongInstallationKey",
]


class CipherError(Exception):
    """Base of the errors of the cipher seam; no message holds personal text."""


class Erased(CipherError):
    """A text about an erased person, or of a withdrawn part, cannot be written any more."""


class Tampered(CipherError):
    """A sealed text does not fit the key it names: changed, moved, or its key was never made here."""


class NotGranted(CipherError):
    """This service may not make, open or destroy keys of this kind of stream."""


class KeysUnavailable(CipherError):
    """The key database cannot be reached; nothing was written."""


class WrongInstallationKey(CipherError):
    """The installation key is not the one that the keys were wrapped with."""


class ErasuresMissing(CipherError):
    """The list of erasures lacks what is known to be erased: after a restore, erased text might come back."""
