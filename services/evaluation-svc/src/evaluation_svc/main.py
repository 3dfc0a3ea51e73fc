"""The wiring of evaluation-svc: what it is made of, and nothing else."""

from chassis.service import Service
from evaluation_svc import api
from evaluation_svc.application import Evaluations
from evaluation_svc.application.drafts import Vague
from evaluation_svc.facts import TABLES
from evaluation_svc.messaging import HANDLERS, published
from evaluation_svc.projections import CycleList, EvaluationList, NoteList, ReactionList, deadlines
from evaluation_svc.settings import NAME


def service(vague: Vague) -> Service:
    """Return the service; `vague` is the wording rule that tells whether a text says nothing concrete."""
    return Service(
        name=NAME,
        application=Evaluations(vague),
        published=published,
        router=api.router,
        handlers=HANDLERS,
        tables=TABLES,
        views=(CycleList(), EvaluationList(), NoteList(), ReactionList()),
        deadlines=deadlines,
    )
