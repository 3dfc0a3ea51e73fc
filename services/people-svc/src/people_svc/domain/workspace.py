"""The workspace: one company with its language, its working days and who may read one level up."""

import re
from datetime import date, datetime
from typing import Literal, Self

from chassis.calendar import Calendar
from chassis.kernel import DomainError, Event, Frozen, Invalid, State

Spelling = Literal["british", "american"]

_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?")


def checked_locale(locale: str) -> str:
    """Return `locale` if it is a BCP 47 language tag such as en-GB; Invalid otherwise."""
    if not _LOCALE.fullmatch(locale):
        raise Invalid("locale", locale, "give a language tag such as en-GB or de-DE")
    return locale


def checked_time_zone(time_zone: str) -> str:
    """Return `time_zone` if the IANA database knows it; Invalid otherwise."""
    try:
        return Calendar(time_zone=time_zone).time_zone
    except ValueError:
        raise Invalid("time_zone", time_zone, "give an IANA time zone such as Europe/Berlin") from None


class AlreadyOpen(DomainError):
    """The workspace exists."""


class Settings(Frozen):
    """What HR sets for the whole workspace; `one_level_up`: whether managers above the direct one may read."""

    name: str
    locale: str = "en-GB"
    spelling: Spelling = "british"
    calendar: Calendar = Calendar()
    one_level_up: bool = True

    def checked(self) -> Self:
        """Return the settings with the name trimmed; Invalid when there is no name, or the locale is none."""
        checked_locale(self.locale)
        if not self.name.strip():
            raise Invalid("name", self.name, "give the company's name")
        return self.model_copy(update={"name": self.name.strip()})


class Opened(Event):
    """A company's workspace exists."""

    TOPIC = "workspace.opened"
    settings: Settings
    at: datetime


class SettingsChanged(Event):
    """HR changed the settings; every field as it is now."""

    TOPIC = "workspace.settings-changed"
    settings: Settings
    by: str
    at: datetime


class Workspace(State):
    """One company."""

    KIND = "workspace"

    settings: Settings

    @staticmethod
    def open(already: "Workspace | None", settings: Settings, at: datetime) -> Opened:
        """Open the workspace, once."""
        if already is not None:
            raise AlreadyOpen(f"The workspace {already.settings.name} is already open.")
        return Opened(settings=settings.checked(), at=at)

    def change(self, settings: Settings, by: str, at: datetime) -> tuple[SettingsChanged, ...]:
        """Replace the settings; nothing is recorded when they are the same."""
        if settings == self.settings:
            return ()
        return (SettingsChanged(settings=settings.checked(), by=by, at=at),)

    def today(self, now: datetime) -> date:
        """Return the company's local date."""
        return self.settings.calendar.local_date(now)

    @classmethod
    def evolve(cls, state: Self | None, event: Event) -> Self:
        """Fold one event in."""
        match event:
            case Opened() | SettingsChanged():
                return cls(settings=event.settings)
            case _:
                raise TypeError(event)
