"""What HR or a file states about a person, in the clear, checked before it is decided on."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any, Self

from pydantic import Field

from chassis.kernel import Frozen, Invalid
from people_svc.domain.workspace import checked_locale, checked_time_zone

Digest = Callable[[str], str]

_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s.,;<>\"]+")


_UNSHOWN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and what makes a text read other than it is written."""


def checked_text(field: str, text: str) -> str:
    """Return a text that every page and file can show as it is; Invalid for one that holds what cannot be shown."""
    if _UNSHOWN.search(text):
        raise Invalid(field, None, "leave out characters that cannot be shown")
    return text


def normal_email(email: str) -> str:
    """Return an e-mail address as it is stored and compared: trimmed, lower case; Invalid when it is none."""
    normal = email.strip().lower()
    if not _EMAIL.fullmatch(normal):
        raise Invalid("work_email", email, "give one address such as ada@example.com")
    return normal


class Identifiers(Frozen):
    """What people are recognised by, as digests: `external_ids` by their source."""

    email: str | None = None
    external_ids: dict[str, str] = Field(default_factory=dict[str, str])

    @classmethod
    def of(cls, email: str | None, external_ids: dict[str, str], digest: Digest) -> Self:
        """Return the digests of an e-mail address and of external ids by source."""
        return cls(
            email=None if email is None else digest(f"email/{normal_email(email)}"),
            external_ids={source: digest(f"{source}/{one.strip()}") for source, one in external_ids.items()},
        )

    def after(self, changes: "Changes", digest: Digest) -> "Identifiers":
        """Return the digests after changes."""
        stated = Identifiers.of(changes.work_email or None, changes.external_ids, digest)
        return Identifiers(
            email=stated.email if "work_email" in changes.model_fields_set else self.email,
            external_ids={**self.external_ids, **stated.external_ids},
        )


class Changes(Frozen):
    """What shall be so from now on, in the clear; a field that is not set stays as it is, None clears it."""

    given_name: str | None = None
    family_name: str | None = None
    work_email: str | None = None
    job_title: str | None = None
    department: str | None = None
    location: str | None = None
    external_ids: dict[str, str] = Field(default_factory=dict[str, str])
    starts_on: date | None = None
    time_zone: str | None = None
    locale: str | None = None

    def checked(self) -> Self:
        """Return the changes with texts trimmed and e-mail in its normal form; Invalid names what cannot be."""
        values: dict[str, Any] = {name: _trimmed(getattr(self, name)) for name in self.model_fields_set}
        texts = {name: value for name, value in values.items() if isinstance(value, str)}
        for name, text in (texts | self.external_ids).items():
            checked_text(name, text)
        if values.get("work_email") is not None:
            values["work_email"] = normal_email(values["work_email"])
        if values.get("time_zone") is not None:
            checked_time_zone(values["time_zone"])
        if values.get("locale") is not None:
            checked_locale(values["locale"])
        for required in ("given_name", "family_name", "starts_on"):
            if required in values and not values[required]:
                raise Invalid(required, values[required], "it cannot be empty")
        return type(self)(**values)


def _trimmed(value: object) -> object:
    """Return a text without surrounding blanks, None for an empty one, anything else as it is."""
    return (value.strip() or None) if isinstance(value, str) else value
