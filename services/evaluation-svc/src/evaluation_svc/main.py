"""The wiring of evaluation-svc: what it is made of, and nothing else."""

from chassis.service import Service
from evaluation_svc import api
from evaluation_svc.application import Evaluations
from evaluation_svc.messaging import FACTS, published
from evaluation_svc.projections import CycleList, EvaluationList, NoteList, ReactionList, deadlines
from evaluation_svc.settings import NAME
from wording import vague


def service() -> Service:
    """Return the service."""
    application = Evaluations(vague)
    return Service(
        name=NAME,
        application=application,
        published=published,
        router=api.router,
        errors=api.ERRORS,
        facts=FACTS,
        views=(CycleList(), EvaluationList(), NoteList(), ReactionList()),
        deadlines=deadlines,
    )
