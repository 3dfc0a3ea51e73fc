"""How a body is configured: nothing unknown is taken, and an example of it stands in the OpenAPI document."""

from typing import Any

from pydantic import ConfigDict


def like(**example: Any) -> ConfigDict:
    """Return the configuration of a body: nothing unknown is taken, and this is an example of it."""
    return ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, json_schema_extra={"examples": [example]})
