"""The bundled fonts and the typesetter: small, complete for three scripts, and every text of the data stays text."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest

from documents.typeset import FONTS, Typeset, Typesetter, printable

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
PAGE = """#let d = json(bytes(sys.inputs.data))
#set document(title: "A page")
#set text(font: ("Inter", "Ladder Serif"), lang: "en")
#for text in d.texts [ #par(text) ]
#text(font: "Ladder Serif", weight: 600, d.texts.join(" "))
"""
ALPHABETS = {
    "Latin": "Zażółć gęślą jaźń, Đặng Thị Ánh, Þórsdóttir, Ağaoğlu, Ștefănescu, Œuvre, Šķēle",
    "Greek": "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία, Ἀθῆναι, ΐΰώ",
    "Cyrillic": "Съешь же ещё этих мягких французских булок, Ђорђе Љубичић, Їжак, Әділ",
}
HOSTILE = [
    '#eval("1 + 1")',
    '#read("/etc/passwd")',
    '#import "@preview/cetz:0.3.0"',
    "$ sum_(i=0)^n i $",
    "*bold* _emphasis_ `raw` <label> @reference",
    "= A heading",
    "#set page(fill: red)",
    '"}, {"texts": ["another"]',
    "\\u{41} \\ ]]} #{",
    "// a comment /* and more */",
]

Print = Callable[..., Typeset]


@pytest.fixture(scope="module")
def typeset(tmp_path_factory: pytest.TempPathFactory) -> Print:
    """Print texts on a page, with no other fonts than the bundled ones."""
    folder = tmp_path_factory.mktemp("template")
    (folder / "page.typ").write_text(PAGE, encoding="utf-8")
    nothing = tmp_path_factory.mktemp("no-fonts")
    typesetter = Typesetter(folder / "page.typ", fallback_fonts=nothing)
    return lambda *texts: typesetter.typeset({"texts": list(texts)}, AT)


def words(pdf: bytes) -> str:
    """The text of a PDF, as a program copies it: codes of its fonts, translated by their own tables."""
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        return "".join(_page(page) for page in opened.pages)


def _page(page: pikepdf.Page) -> str:
    fonts = {name: _unicode(font) for name, font in page.resources.Font.items()}
    shown, table = "", dict[int, str]()
    for operands, operator in pikepdf.parse_content_stream(page):
        match str(operator):
            case "Tf":
                table = fonts[str(operands[0])]
            case "Tj":
                shown += _decoded(bytes(operands[0]), table)
            case "TJ":
                pieces = [piece for piece in operands[0] if isinstance(piece, pikepdf.String)]
                shown += "".join(_decoded(bytes(piece), table) for piece in pieces)
            case _:
                pass
    return shown


def _decoded(codes: bytes, table: dict[int, str]) -> str:
    return "".join(table.get(int.from_bytes(codes[at : at + 2], "big"), "") for at in range(0, len(codes), 2))


def _unicode(font: pikepdf.Object) -> dict[int, str]:
    """The ToUnicode table of a font: what each of its codes means."""
    table: dict[int, str] = {}
    source = font.ToUnicode.read_bytes().decode("ascii")
    for block in re.findall(r"beginbfchar(.*?)endbfchar", source, re.DOTALL):
        for code, text in re.findall(r"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            table[int(code, 16)] = bytes.fromhex(text).decode("utf-16-be")
    for block in re.findall(r"beginbfrange(.*?)endbfrange", source, re.DOTALL):
        for first, last, text in re.findall(r"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            start = int.from_bytes(bytes.fromhex(text), "big")
            table |= {code: chr(start + code - int(first, 16)) for code in range(int(first, 16), int(last, 16) + 1)}
    return table


def squeezed(text: str) -> str:
    """A text without its blanks: a line may break at any of them."""
    return "".join(text.split())


def test_the_bundled_fonts_are_at_most_two_megabytes_and_each_family_has_its_licence() -> None:
    fonts = [path for path in FONTS.iterdir() if path.suffix in (".otf", ".ttf")]

    assert sum(path.stat().st_size for path in fonts) <= 2_000_000
    for family in {path.name.partition("-")[0] for path in fonts}:
        assert "SIL OPEN FONT LICENSE" in (FONTS / f"{family}-OFL.txt").read_text(encoding="utf-8").upper()


@pytest.mark.parametrize("script", ALPHABETS)
def test_the_bundled_fonts_hold_every_letter_of_latin_greek_and_cyrillic_names(typeset: Print, script: str) -> None:
    made = typeset(ALPHABETS[script])

    assert (made.standard, made.note) == ("ua-1", None)
    assert squeezed(ALPHABETS[script]) in squeezed(words(made.pdf))


def test_what_no_font_has_is_said_and_the_page_is_made_all_the_same(typeset: Print) -> None:
    made = typeset("日本語")

    assert made.standard is None
    assert made.note
    assert "日本語" not in made.note
    assert made.pdf.startswith(b"%PDF-")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_that_looks_like_a_program_is_printed_as_it_was_written(typeset: Print, text: str) -> None:
    made = typeset("before", text, "after")

    assert squeezed(f"before{text}after") in squeezed(words(made.pdf))
    assert made.standard == "ua-1"


def test_a_template_reads_no_file_outside_its_own_folder(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside.txt"
    inside.mkdir()
    outside.write_text("secret", encoding="utf-8")
    (inside / "page.typ").write_text('#read("../outside.txt")', encoding="utf-8")

    with pytest.raises(Exception, match=r"outside|root|access"):
        Typesetter(inside / "page.typ").typeset({}, AT)


def test_equal_data_and_time_give_equal_bytes_and_another_time_other_ones(typeset: Print) -> None:
    assert typeset("one").pdf == typeset("one").pdf
    assert typeset("one").pdf != typeset("two").pdf


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a\x00b\x1bc", "abc"),
        ("safe\u202eexe.txt", "safeexe.txt"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("\ud800lone", "lone"),
    ],
)
def test_what_no_page_can_show_is_left_out(text: str, left: str) -> None:
    assert printable(text) == left
