"""Draft ladders from the O*NET® database: a release archive that a user downloaded in, a ladder to edit out.

Nothing here fetches anything. docs/onet.md says which releases were tried, how elements are chosen and who is credited.
"""

from framework_svc.documents.onet.archive import Archive, NotAnArchive, read_archive
from framework_svc.documents.onet.draft import Draft, NotRated, draft_ladder
from framework_svc.documents.onet.occupations import NoSingleOccupation, Occupation, choose
from framework_svc.documents.onet.report import Report

__all__ = [
    "Archive",
    "Draft",
    "NoSingleOccupation",
    "NotAnArchive",
    "NotRated",
    "Occupation",
    "Report",
    "choose",
    "draft_ladder",
    "read_archive",
]
