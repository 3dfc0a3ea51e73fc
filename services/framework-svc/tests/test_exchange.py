"""The exchange format: exact both ways, every error with its path and line, and a schema that says the same."""

import json
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from framework_svc import templates
from framework_svc.documents import exchange, schema
from framework_svc.documents.exchange import Document, FileError, NotReadable
from framework_svc.domain.structure import faults_in_ladder
from framework_svc.domain.texts import (
    DEFAULT_SCALE,
    NOT_EXPECTED,
    Competency,
    Expectation,
    Ladder,
    Level,
    Provenance,
    Track,
)

SMALL = """format: career-framework/v1
competencies:
  - id: communication
    name: Communication
    area: Collaboration
ladders:
  - id: engineering
    name: Engineering
    tracks:
      - id: ic
        name: Individual
        levels:
          - id: ic1
            code: IC1
            title: Engineer
            expectations:
              communication:
                required: 3
                behaviours: [Writes a note.]
"""


CELL = "ladders/0/tracks/0/levels/0/expectations/communication"


def errors(text: str | bytes) -> list[FileError]:
    with pytest.raises(NotReadable) as refused:
        exchange.read(text)
    return list(refused.value.errors)


def is_valid(data: object) -> bool:
    return cast(Any, Draft202012Validator(exchange.schema())).is_valid(data)


# --- both ways --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", templates.NAMES)
@pytest.mark.parametrize("form", ["yaml", "json"])
def test_a_template_comes_back_exactly_as_yaml_and_as_json(name: str, form: Any) -> None:
    document = exchange.read(templates.text(name))

    written = exchange.write(document, form)

    assert exchange.read(written) == document
    assert exchange.write(exchange.read(written), form) == written


WORDS = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Cn")), min_size=1, max_size=30).map(str.strip)
TEXTS = st.one_of(
    WORDS.filter(bool),
    st.sampled_from(
        ["yes", "3", "3.5", "null", "~", "2026-03-03", "- a", "a: b", "#x", "@x", "'", '"', "a\nb", "%", "0x1F"]
    ),
)


@settings(max_examples=60, deadline=None)
@given(TEXTS, TEXTS, TEXTS, st.sampled_from(["yaml", "json"]))
def test_whatever_a_text_looks_like_it_comes_back_exactly(name: str, behaviour: str, original: str, form: Any) -> None:
    origin = Provenance(source=name, original=original)
    cell = Expectation(required=2.5, weight=3, behaviours=(behaviour,), examples=(name,), provenance=origin)
    level = Level(id="1", code="1", title=name, scope=behaviour, expectations={"null": cell, "on": NOT_EXPECTED})
    ladder = Ladder(id="0", name=name, credits=(behaviour,), tracks=(Track(id="ic", name=name, levels=(level,)),))
    described = tuple(Competency(id=each, name=name, area=behaviour) for each in ("null", "on"))
    document = Document(competencies=described, ladders=(ladder,))

    assert exchange.read(exchange.write(document, form)) == document


def test_the_default_scale_is_left_out_and_one_of_their_own_is_written() -> None:
    mine = (DEFAULT_SCALE[0].model_copy(update={"name": "Beginning"}), *DEFAULT_SCALE[1:])

    assert exchange.document_of((), (), DEFAULT_SCALE).scale is None
    assert exchange.read(exchange.write(exchange.document_of((), (), mine))).scale == mine


def test_the_templates_scale_is_the_default_scale() -> None:
    assert {exchange.read(templates.text(name)).scale for name in templates.NAMES} == {DEFAULT_SCALE}


def test_expectations_are_written_in_the_order_of_the_competencies() -> None:
    known = tuple(Competency(id=each, name=each, area="A") for each in ("b", "a"))
    level = Level(id="l", code="L", title="L", expectations={"a": NOT_EXPECTED, "b": NOT_EXPECTED})
    ladder = Ladder(id="x", name="X", tracks=(Track(id="ic", name="IC", levels=(level,)),))

    document = exchange.document_of((ladder,), known, DEFAULT_SCALE)

    assert list(document.ladders[0].tracks[0].levels[0].expectations) == ["b", "a"]


def test_only_the_competencies_a_ladder_speaks_of_go_with_it() -> None:
    document = exchange.read(SMALL)
    known = {each: Competency(id=each, name=each, area="A") for each in ("other", "communication")}

    assert [used.id for used in exchange.competencies_used(document.ladders, known)] == ["communication"]


def test_white_space_around_a_text_is_no_part_of_it() -> None:
    document = exchange.read(SMALL.replace("name: Communication", 'name: "  Communication "'))

    assert document.competencies[0].name == "Communication"


def test_a_byte_order_mark_is_read_over() -> None:
    assert exchange.read(b"\xef\xbb\xbf" + SMALL.encode()) == exchange.read(SMALL)


# --- errors -----------------------------------------------------------------------------------------------------------


def test_every_error_has_a_path_and_a_line() -> None:
    wrong = SMALL.replace("code: IC1", "code: 1").replace("required: 3", "required: 3.2").replace("area:", "aria:")

    assert [(error.path, error.line) for error in errors(wrong)] == [
        ("competencies/0/area", 3),
        ("competencies/0/aria", 5),
        ("ladders/0/tracks/0/levels/0/code", 14),
    ]


@pytest.mark.parametrize(
    ("before", "after", "path", "line", "says"),
    [
        ("required: 3", "required: 3.2", f"{CELL}/required", 18, "half"),
        ("required: 3", "required: many", f"{CELL}/required", 18, "num"),
        ("required: 3", "weight: 9", f"{CELL}/weight", 18, "1, 2 or 3"),
        ("required: 3", "weight: 1.5", f"{CELL}/weight", 18, "whole"),
        ("required: 3", "recuired: 3", f"{CELL}/recuired", 18, "did you mean required?"),
        ("behaviours:", "behaviors:", f"{CELL}/behaviors", 19, "did you mean behaviours?"),
        ("required: 3", "spirit: 3", f"{CELL}/spirit", 18, "there are required, weight, behaviours"),
        ("    name: Engineering", "    name: Engineering\n    colour: red", "ladders/0/colour", 9, "there are id, name"),
        ("ladders:", "laders:", "laders", 6, "did you mean ladders?"),
        ("id: engineering", "id: Engineering", "ladders/0/id", 7, "lower-case"),
        ("- id: communication", "- id: talking", CELL, 17, "Desc"),
        ("behaviours: [Writes a note.]", "behaviours: Writes.", f"{CELL}/behaviours", 19, "list"),
        ("format: career-framework/v1", "format: career-framework/v2", "format", 1, "Begin with"),
        ("    name: Communication", "    name: Communication\n    name: Again", "competencies/0", 5, "twice"),
        ("    name: Communication", "    name: *x", "", 4, "YAML"),
        ("    name: Communication", "    name: [", "", 6, "YAML"),
    ],
)  # fmt: skip
def test_an_error_says_where_and_what_to_do(before: str, after: str, path: str, line: int, says: str) -> None:
    (error, *_) = errors(SMALL.replace(before, after, 1))

    assert (error.path, error.line) == (path, line)
    assert says in error.problem


def test_a_wrong_cell_is_told_what_a_cell_may_be() -> None:
    wrong = SMALL.partition("              communication:")[0] + "              communication: never\n"

    (error,) = errors(wrong)

    assert error.line == 17
    assert "not expected" in error.problem


def test_an_error_in_json_has_its_line_too() -> None:
    text = json.dumps(json.loads(exchange.write(exchange.read(SMALL), "json")), indent=1).replace('"IC1"', "1")

    (error,) = errors(text)

    assert error.path == "ladders/0/tracks/0/levels/0/code"
    assert text.splitlines()[error.line - 1].strip().startswith('"code"')


def test_an_id_that_is_taken_is_an_error() -> None:
    twice = SMALL.replace("ladders:", "  - {id: communication, name: Again, area: A}\nladders:")

    assert [(error.path, error.line) for error in errors(twice)] == [("competencies/1/id", 6)]


@pytest.mark.parametrize("wrong", ["colour: red, ", ""], ids=["fields that are unknown", "ids that are taken"])
def test_of_many_errors_the_first_fifty_are_listed_and_all_are_counted(wrong: str) -> None:
    lines = f"  - {{id: communication, {wrong}name: Again, area: A}}\n" * 61

    with pytest.raises(NotReadable, match=r"\(61 problems in all, the first 50 listed\)") as refused:
        exchange.read(SMALL.replace("ladders:", f"{lines}ladders:"))

    assert (len(refused.value.errors), refused.value.unlisted) == (50, 11)


def test_references_inside_a_file_are_not_followed() -> None:
    bomb = "format: career-framework/v1\na: &a [x, x]\nb: &b [*a, *a]\nladders: [*b, *b]\n"

    (error,) = errors(bomb)

    assert "&" in error.problem or "references" in error.problem


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"just text",
        b"{",
        b"{]",
        b'{"format": "career-framework/v1", "ladders": ' + b"9" * 5000 + b"}",
        b'{"format": ' + b"[" * 5000,
        b"format: " + b"[" * 5000,
        b"- " * 3000,
        b"!!python/object/apply:os.system [ls]",
        b"\x00",
        b"a: 1\n---\nb: 2\n",
        b"x" * 2_000_001,
    ],
    ids=lambda content: repr(content[:14]),
)
def test_what_is_no_framework_is_refused_and_never_crashes(content: bytes) -> None:
    assert errors(content)


# --- the schema -------------------------------------------------------------------------------------------------------


def test_the_committed_schema_is_that_of_the_models() -> None:
    assert exchange.schema() == schema.generated()


def test_the_schema_is_a_valid_json_schema_of_2020_12() -> None:
    Draft202012Validator.check_schema(exchange.schema())
    assert exchange.schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("name", templates.NAMES)
def test_every_template_is_valid_by_the_schema(name: str) -> None:
    assert is_valid(templates.document(name))


def test_the_example_of_the_documentation_is_read() -> None:
    page = (Path(__file__).parents[3] / "docs" / "career-framework-format.md").read_text("utf-8")
    example = page.partition("```yaml\n")[2].partition("```")[0]

    assert exchange.read(example).ladders[0].level_ids() == ("engineering.ic1", "engineering.ic2")


def test_what_is_written_is_valid_by_the_schema() -> None:
    assert is_valid(json.loads(exchange.write(exchange.read(SMALL), "json")))


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("format",), "career-framework/v2"),
        (("scale",), []),
        (("competencies", 0, "id"), "Not A Slug"),
        (("competencies", 0, "name"), ""),
        (("ladders", 0, "colour"), "red"),
        (("ladders", 0, "tracks", 0, "levels", 0, "next"), ["ic2"]),
        (("ladders", 0, "tracks", 0, "levels", 0, "expectations", "communication"), "never"),
        (("ladders", 0, "tracks", 0, "levels", 0, "expectations", "communication", "required"), 3.2),
        (("ladders", 0, "tracks", 0, "levels", 0, "expectations", "communication", "weight"), 4),
        (("ladders", 0, "tracks", 0, "levels", 0, "expectations", "communication", "behaviours"), ["x"] * 6),
    ],
    ids=lambda value: "/".join(map(str, cast(Any, value))) if isinstance(value, tuple) else None,
)
def test_the_schema_refuses_what_the_reader_refuses(where: tuple[str | int, ...], value: object) -> None:
    data = json.loads(exchange.write(exchange.read(SMALL), "json"))
    inner = data
    for step in where[:-1]:
        inner = inner[step]
    inner[where[-1]] = value

    assert not is_valid(data)
    assert errors(json.dumps(data))


def test_the_format_is_what_a_draft_may_hold() -> None:
    (ladder,) = exchange.read(SMALL).ladders

    assert list(faults_in_ladder(ladder)) == []
