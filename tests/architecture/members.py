"""The services as their folders name them: what is held of every service is held of a new one without another word."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
SERVICES = sorted(folder.name.removesuffix("-svc") for folder in (ROOT / "services").glob("*-svc"))
PACKAGES = [f"{name}_svc" for name in SERVICES]
