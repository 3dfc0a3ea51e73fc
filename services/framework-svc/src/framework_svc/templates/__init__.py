"""Ladders to start from, written by this project, each one file in the exchange format `career-framework/v1`."""

from importlib.resources import files
from typing import Any, cast

__all__ = ["NAMES", "document", "text"]

NAMES = ("engineering", "design", "sales", "customer-success", "finance", "operations")
"""The templates in the order a page offers them; a name is also the id of the ladder in the file."""


def text(name: str) -> str:
    """The YAML file of a template as it is shipped, comments included; `KeyError` for a name not in `NAMES`."""
    if name not in NAMES:
        raise KeyError(name)
    return files(__name__).joinpath(f"{name}.yaml").read_text(encoding="utf-8")


def document(name: str) -> dict[str, Any]:
    """A template as the plain mapping of the exchange format, a fresh copy at every call; `KeyError` as for `text`."""
    from ruamel.yaml import YAML  # only who starts from a template waits for the library

    reader = cast(Any, YAML(typ="safe", pure=True))  # its own types are partly unknown
    return reader.load(text(name))
