"""The use cases of the directory: one method each, deciding on stored state and recording what was decided."""

from people_svc.application.people import Keys, People
from people_svc.application.taking import plan_digest

__all__ = ["Keys", "People", "plan_digest"]
