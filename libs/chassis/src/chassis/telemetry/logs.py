"""Log lines: an event name with keys, as JSON or for a console, with trace ids and without personal data.

Whatever a line would say in somebody's words is withheld: a value is a number, a fixed word or an id, an error is its
type and the places it passed, and the message of a foreign library is its template without the values put into it.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping, Sequence
from datetime import date
from types import TracebackType
from typing import Any, Final, Literal, TextIO, cast
from uuid import UUID

import structlog
from opentelemetry import trace

WITHHELD: Final = "[withheld]"

_PLAIN = re.compile(r"[A-Za-z0-9_./:+,=#{}\[\]()<>*-]{0,256}")
_WORDED: Final = frozenset({"event", "error", "reason", "detail"})
"""Keys that hold a phrase from our own code, such as `ValidationError at lines.0.rating`."""
_OURS: Final = frozenset({"event", "level", "logger", "timestamp", "exception", "trace_id", "span_id"})
_QUIET: Final = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")

_ErrorInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def configure_logs(
    form: Literal["json", "console"] = "json", level: str = "INFO", stream: TextIO | None = None
) -> None:
    """Send every log line of this process, ours and the libraries', through one form (`LADDER_LOG`) to one stream."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _with_trace_ids,
        _with_places_of_the_error,
    ]
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_only_the_template, *shared, _without_personal_data],
            pass_foreign_args=True,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer(form)],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for name in _QUIET:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    # It would write paths with their queries; the HTTP middleware writes a line by route instead.
    logging.getLogger("uvicorn.access").disabled = True
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            _without_personal_data,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _renderer(form: Literal["json", "console"]) -> structlog.typing.Processor:
    if form == "json":
        return structlog.processors.JSONRenderer(serializer=_to_json)
    return structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)


def _to_json(line: object, **_: Any) -> str:
    return json.dumps(line, default=str, ensure_ascii=False, separators=(",", ":"))


def _with_trace_ids(logger: Any, method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        line["trace_id"], line["span_id"] = f"{context.trace_id:032x}", f"{context.span_id:016x}"
    return line


def _with_places_of_the_error(logger: Any, method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace an exception by its type and places: its text may hold what somebody wrote."""
    error = _error_info(line.pop("exc_info", None))
    line.pop("stack_info", None)
    if error is not None:
        line["exception"] = described(error[1])
    return line


def _error_info(given: object) -> _ErrorInfo | None:
    if isinstance(given, BaseException):
        return type(given), given, given.__traceback__
    if given is True:
        given = sys.exc_info()
    if not isinstance(given, tuple):
        return None
    found = cast("_ErrorInfo", given)
    return found if isinstance(found[1], BaseException) else None  # pyright: ignore[reportUnnecessaryIsInstance]  (Nones)


def described(error: BaseException) -> str:
    """Return an error as its type and the places it passed, its causes first, without any of its text."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    before = f"{described(cause)} > " if cause is not None and cause is not error else ""
    found = traceback.extract_tb(error.__traceback__)
    places = " ".join(f"{_module(frame.filename)}:{frame.lineno}:{frame.name}" for frame in found)
    return f"{before}{type(error).__name__}{_parts(error)} at {places or 'nowhere'}"


def _parts(error: BaseException) -> str:
    if not isinstance(error, BaseExceptionGroup):
        return ""
    parts = cast("BaseExceptionGroup[BaseException]", error).exceptions
    return f" of ({'; '.join(described(one) for one in parts)})"


def _module(filename: str) -> str:
    return "/".join(filename.rsplit("/", 2)[1:])


def _only_the_template(logger: Any, method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep a library's message as it stands in its code, and of its values those that are plain."""
    record: logging.LogRecord | None = line.get("_record")
    if record is None:
        return line
    line["event"] = str(record.msg).partition("\n")[0]
    values = line.pop("positional_args", None)
    if isinstance(values, tuple) and values:
        line["values"] = _plain(cast("tuple[object, ...]", values))
    if record.exc_info:
        line["exc_info"] = record.exc_info
    return line


def _without_personal_data(logger: Any, method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in [key for key in line if key not in _OURS and not key.startswith("_")]:
        line[key] = _phrase(line[key]) if key in _WORDED else _plain(line[key])
    line["event"] = _phrase(line.get("event"))
    return line


def _phrase(value: object) -> object:
    if isinstance(value, str):
        return value if "@" not in value and len(value) <= 256 and value.isprintable() else WITHHELD
    return _plain(value)


def _plain(value: object) -> object:
    """Return a value that cannot hold somebody's words, else say that it is withheld."""
    if value is None or isinstance(value, bool | int | float | date | UUID):
        return value
    if isinstance(value, str):
        return value if _PLAIN.fullmatch(value) else WITHHELD
    if isinstance(value, BaseException):
        return type(value).__name__
    if isinstance(value, Mapping):
        pairs = cast("Mapping[object, object]", value).items()
        return {str(_plain(key)): _plain(one) for key, one in pairs}
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, bytes | bytearray):
        return [_plain(one) for one in cast("Sequence[object]", value)]
    return WITHHELD
