"""The wiring of people-svc: what it is made of, and nothing else."""

from chassis.service import Service
from people_svc import accounts, api, projections
from people_svc.application import Keys, People
from people_svc.messaging import handlers, published
from people_svc.search import Search
from people_svc.settings import NAME


def service(keys: Keys) -> Service:
    """Return the service; `keys` is the cipher, which this service alone may ask to destroy."""
    application = People(keys)
    return Service(
        name=NAME,
        application=application,
        published=published,
        router=api.router,
        errors=api.ERRORS,
        handlers=handlers(application),
        tables=accounts.TABLES,
        views=(projections.People(), projections.Imports()),
        deadlines=projections.deadlines,
        collaborators={"search": Search()},
    )
