"""The processes of gap-svc: `python -m gap_svc api | worker | migrate | restored`."""

from chassis.process import run
from gap_svc.main import service
from gap_svc.settings import GRANTS, NAME

if __name__ == "__main__":
    run(NAME, lambda _: service(), GRANTS)
