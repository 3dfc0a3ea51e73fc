"""How a published event travels: CloudEvents 1.0 attributes beside typed data (CloudEvents 1.0.2, binary mode)."""

from datetime import datetime
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, model_validator


class Sealed(BaseModel):
    """A personal text as it travels: ciphertext under the key of one (person, stream, part).

    `key` is the SHA-256 of the key in hexadecimal, `enc` the base64 of nonce and AES-256-GCM ciphertext.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    person: str
    stream: str
    part: str
    key: str
    enc: str

    @model_validator(mode="after")
    def _is_of_the_workspace(self, told: ValidationInfo) -> Self:
        """Whoever hears an event says of which workspace it is: a text of another never gets into it."""
        if told.context is not None and not self.stream.startswith(f"{told.context['workspace']}/"):
            raise ValueError("names a stream of another workspace")
        return self


class Published(BaseModel):
    """Base of every published event: additive within its major version, unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    TYPE: ClassVar[str] = ""
    TOPIC: ClassVar[str] = ""

    @classmethod
    def carried_by(cls, record: "Envelope") -> Self:
        """Return what an event says; ValidationError where it does not say this, or holds another workspace's text."""
        return cls.model_validate_json(record.data, context={"workspace": record.workspace})


class Part(BaseModel):
    """Base of a value inside a published event."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Reached(BaseModel):
    """A position its producer had consumed: `topic`, `epoch`, `sequence`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    topic: str
    epoch: str
    sequence: int


class Envelope(BaseModel):
    """Everything beside the data of one published event.

    `sequence` counts the events of `workspace` in the log of `source`; `previous` is the sequence of the last event
    published for this workspace on this topic (0: none); `after` is what its producer had consumed for the workspace,
    one position per topic it hears.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    eventid: str
    type: str
    source: str
    topic: str
    subject: str
    workspace: str
    epoch: str
    sequence: int = Field(ge=1)
    previous: int = Field(ge=0)
    after: tuple[Reached, ...] = ()
    actor: str
    causationid: str | None = None
    correlationid: str
    traceparent: str | None = None
    time: datetime
    data: bytes

    @property
    def id(self) -> str:
        """The CloudEvents id: topic/epoch/workspace/sequence."""
        return f"{self.topic}/{self.epoch}/{self.workspace}/{self.sequence}"
