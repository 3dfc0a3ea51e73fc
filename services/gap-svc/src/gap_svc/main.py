"""The wiring of gap-svc: what it is made of, and nothing else."""

from chassis.service import Service
from gap_svc import api
from gap_svc.application import Reports
from gap_svc.messaging import FACTS, handlers, published
from gap_svc.projections import ReportList, ReportVersions, Standings, deadlines
from gap_svc.settings import NAME, fonts


def service() -> Service:
    """Return the service."""
    application = Reports(fonts())
    return Service(
        name=NAME,
        application=application,
        published=published,
        router=api.router,
        errors=api.ERRORS,
        handlers=handlers(application),
        facts=FACTS,
        withdraw=application.withdraw,
        views=(ReportList(), ReportVersions(), Standings()),
        deadlines=deadlines,
    )
