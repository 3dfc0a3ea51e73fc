"""The wiring of framework-svc: what it is made of, and nothing else."""

from chassis.service import Service
from framework_svc import api
from framework_svc.application import Frameworks
from framework_svc.messaging import handlers, published
from framework_svc.projections import FrameworkVersions, Placements, PublishedLadders, RefusedPlacements, deadlines
from framework_svc.settings import NAME


def service() -> Service:
    """Return the service."""
    application = Frameworks()
    return Service(
        name=NAME,
        application=application,
        published=published,
        router=api.router,
        errors=api.ERRORS,
        handlers=handlers(application),
        withdraw=application.withdraw,
        views=(FrameworkVersions(), PublishedLadders(), Placements(), RefusedPlacements()),
        deadlines=deadlines,
    )
