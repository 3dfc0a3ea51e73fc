"""Plain data out of YAML and JSON together with the line each part stands on.

YAML is read as data only: no tags, no anchors or aliases (a file of nine lines can otherwise expand to gigabytes), no
key twice.
"""

import json
from typing import Any, cast

DEEPEST = 20

Node = Any
"""A node of the YAML library, whose own types are partly unknown."""

Path = tuple[str | int, ...]


class Unreadable(Exception):
    """The text is no data; says where (`line` from 1) and why."""

    def __init__(self, line: int, problem: str, path: str = "") -> None:
        super().__init__(problem)
        self.line, self.path = line, path


class Lines:
    """The line, from 1, of every part of a file by its path."""

    def __init__(self) -> None:
        self._lines: dict[Path, int] = {(): 1}

    def put(self, path: Path, line: int) -> None:
        """Note where a part begins; what was noted first (its name) stays."""
        self._lines.setdefault(path, line)

    def of(self, path: Path) -> int:
        """Return the line of a part, or of the nearest part around it that is there."""
        while path not in self._lines:
            path = path[:-1]
        return self._lines[path]


def read_yaml(text: str) -> tuple[object, Lines]:
    """Return the data in a YAML text and its lines; raises `Unreadable`."""
    data, lines = _Reader().read(text)
    return stripped(data), lines


def read_json(text: str) -> tuple[object, Lines]:
    """Return the data in a JSON text and its lines; raises `Unreadable`.

    JSON is YAML as far as lines go; its values come from the JSON reader, which knows its escapes.
    """
    try:
        data: object = json.loads(text)
    except json.JSONDecodeError as error:
        raise Unreadable(error.lineno, f"This is not JSON: {error.msg}.") from None
    except ValueError:
        raise Unreadable(1, "This holds a number no computer needs.") from None
    except RecursionError:
        raise Unreadable(1, "This is nested too deeply.") from None
    return stripped(data), _Reader().read(text.replace("\t", " "))[1]


def stripped(data: object) -> object:
    """Return `data` with the white space around every text taken off."""
    if isinstance(data, str):
        return data.strip()
    if isinstance(data, dict):
        return {name: stripped(value) for name, value in cast(dict[str, object], data).items()}
    if isinstance(data, list):
        return [stripped(item) for item in cast(list[object], data)]
    return data


class _Reader:
    """One walk over the nodes of a text."""

    def __init__(self) -> None:
        self.lines = Lines()
        self._seen: set[int] = set()

    def read(self, text: str) -> tuple[object, Lines]:
        from ruamel.yaml import YAML  # only who reads a file waits for the library
        from ruamel.yaml.error import MarkedYAMLError, YAMLError

        yaml: Any = YAML(typ="safe", pure=True)
        try:
            node: Node | None = yaml.compose(text)
        except MarkedYAMLError as error:
            raise Unreadable(_line_of(error), f"This is not YAML: {cast(Any, error).problem}.") from None
        except (YAMLError, ValueError) as error:
            raise Unreadable(1, f"This is not YAML: {str(error).splitlines()[0]}") from None
        except RecursionError:
            raise Unreadable(1, "This is nested too deeply.") from None
        return (None if node is None else self._value(node, ())), self.lines

    def _value(self, node: Node, path: Path) -> object:
        line: int = node.start_mark.line + 1
        self.lines.put(path, line)
        if id(node) in self._seen:
            raise self._unreadable(line, path, "Write it out; references to other places (&, *) are not read.")
        if len(path) > DEEPEST:
            raise self._unreadable(line, path, "This is nested too deeply.")
        self._seen.add(id(node))
        if node.id == "mapping":
            return self._fields(node, path)
        if node.id == "sequence":
            return [self._value(item, (*path, n)) for n, item in enumerate(node.value)]
        return self._scalar(node)

    def _fields(self, node: Node, path: Path) -> dict[str, object]:
        fields: dict[str, object] = {}
        for key, value in node.value:
            line: int = key.start_mark.line + 1
            if key.id != "scalar":
                raise self._unreadable(line, path, "A field's name is a text.")
            name = str(key.value)
            if name in fields:
                raise self._unreadable(line, path, f"“{name}” is given twice in one place.")
            self.lines.put((*path, name), line)
            fields[name] = self._value(value, (*path, name))
        return fields

    def _scalar(self, node: Node) -> object:
        kind = str(node.tag).rpartition(":")[2]
        text = str(node.value)
        try:
            match kind:
                case "str":
                    return text
                case "null":
                    return None
                case "bool":
                    return text.lower() == "true"
                case "int":
                    return int(text.replace("_", ""), 0) if not text.lstrip("+-").startswith("0") else int(text, 10)
                case "float":
                    return float(text.replace("_", ""))
                case _:
                    return text
        except ValueError:
            return text

    def _unreadable(self, line: int, path: Path, problem: str) -> Unreadable:
        return Unreadable(line, problem, "/".join(str(step) for step in path))


def _line_of(error: Any) -> int:
    mark = error.problem_mark or error.context_mark
    return mark.line + 1 if mark else 1
