"""The environment of gap-svc."""

from pathlib import Path

import pytest

from gap_svc.main import service
from gap_svc.settings import fonts


def test_ladder_fonts_names_the_folder_that_reports_are_printed_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LADDER_FONTS", "/srv/fonts")
    assert service().application.fonts == Path("/srv/fonts")


@pytest.mark.parametrize("given", [None, ""])
def test_without_it_the_fonts_of_the_system_are_used(monkeypatch: pytest.MonkeyPatch, given: str | None) -> None:
    monkeypatch.delenv("LADDER_FONTS", raising=False)
    if given is not None:
        monkeypatch.setenv("LADDER_FONTS", given)
    assert fonts() is None
