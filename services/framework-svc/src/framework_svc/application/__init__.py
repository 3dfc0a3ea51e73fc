"""The use cases of this service: drafting, publishing and placing."""

from framework_svc.application.drafting import Drafting
from framework_svc.application.losing import Losing
from framework_svc.application.placing import Placing
from framework_svc.application.publishing import Publishing

__all__ = ["Frameworks"]


class Frameworks(Drafting, Publishing, Placing, Losing):
    """Every use case about a framework and the people placed in it."""
