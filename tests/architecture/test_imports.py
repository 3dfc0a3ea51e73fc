"""What a process waits for while it starts: the libraries of files and of the broker are imported where they are used."""

from __future__ import annotations

import subprocess
import sys

import pytest

from .members import SERVICES

FOR_FILES = ("typst", "openpyxl", "xlsxwriter", "ruamel.yaml")
FOR_THE_BROKER = ("faststream", "aiokafka")
SHOW = "import sys, {modules}; print(*(name for name in {heavy} if name in sys.modules))"


def loaded(modules: str, *heavy: str) -> list[str]:
    """Which of these libraries a fresh interpreter has after importing the modules."""
    program = SHOW.format(modules=modules, heavy=heavy)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.parametrize("service", SERVICES)
def test_a_process_that_starts_waits_for_no_library_of_files_and_for_no_client_of_a_broker(service: str) -> None:
    assert loaded(f"{service}_svc.main, chassis.process", *FOR_FILES, *FOR_THE_BROKER) == []


def test_a_library_that_is_loaded_is_seen() -> None:
    assert loaded("chassis.kafka, typst", *FOR_FILES, *FOR_THE_BROKER) == ["typst", *FOR_THE_BROKER]
