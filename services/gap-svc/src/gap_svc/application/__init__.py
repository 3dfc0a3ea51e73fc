"""The use cases of gap, and what reports rest on."""

from gap_svc.application.basis import LevelUnknown
from gap_svc.application.reports import Reports

__all__ = ["LevelUnknown", "Reports"]
