"""How the services of the one process are put together."""

from __future__ import annotations

import evaluation_svc.settings
from ladder.composition import GRANTS


def test_gap_reports_may_open_every_text_that_an_evaluation_can_carry() -> None:
    written = {grant.kind for grant in evaluation_svc.settings.GRANTS if grant.may_make}
    assert written <= {grant.kind for grant in GRANTS if grant.service == "gap"}
