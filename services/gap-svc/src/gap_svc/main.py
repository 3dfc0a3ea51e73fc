"""The wiring of gap-svc: what it is made of, and nothing else."""

from chassis.service import Service
from gap_svc import api
from gap_svc.application import Reports
from gap_svc.facts import TABLES
from gap_svc.messaging import HANDLERS, published
from gap_svc.projections import ReportList, ReportVersions, Standings, deadlines
from gap_svc.settings import NAME, fonts


def service() -> Service:
    """Return the service."""
    return Service(
        name=NAME,
        application=Reports(fonts()),
        published=published,
        router=api.router,
        errors=api.ERRORS,
        handlers=HANDLERS,
        tables=TABLES,
        views=(ReportList(), ReportVersions(), Standings()),
        deadlines=deadlines,
    )
