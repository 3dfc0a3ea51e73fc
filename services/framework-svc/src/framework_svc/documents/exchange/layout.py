"""How career-framework/v1 lies on the page: plain data as YAML, short things on one line."""

from io import StringIO
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import SingleQuotedScalarString

from framework_svc.documents.exchange.document import Json

_ON_ONE_LINE = {"next", "provenance"}


def yaml_text(fields: Json) -> str:
    """Return `fields` as YAML."""
    yaml = cast(Any, YAML(typ="rt", pure=True))  # its own types are partly unknown
    yaml.width = 10_000  # a text stays on its line: its changes read well in any diff
    yaml.allow_unicode = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = StringIO()
    yaml.dump(_laid_out(fields), out)
    return out.getvalue()


def _laid_out(value: object, name: str = "") -> object:
    """Return `value` as YAML nodes, short things on one line."""
    if isinstance(value, dict):
        fields = CommentedMap((key, _laid_out(item, key)) for key, item in cast(Json, value).items())
        if name in _ON_ONE_LINE:
            cast(Any, fields).fa.set_flow_style()
        return fields
    if isinstance(value, list):
        items = CommentedSeq(_laid_out(item) for item in cast(list[object], value))
        if name in _ON_ONE_LINE:
            cast(Any, items).fa.set_flow_style()
        return items
    if isinstance(value, str) and value.startswith(("?", ":", "-")):
        return SingleQuotedScalarString(value)  # bare, the library writes what it cannot read inside { }
    return value
