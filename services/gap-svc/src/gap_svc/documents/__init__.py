"""Files that leave gap-svc: the printed gap report."""

from gap_svc.documents.pdf import render
from gap_svc.documents.report import ReportDocument

__all__ = ["ReportDocument", "render"]
