"""The processes of evaluation-svc: `python -m evaluation_svc api | worker | migrate | restored`."""

from chassis.process import run
from evaluation_svc.main import service
from evaluation_svc.settings import GRANTS, NAME

if __name__ == "__main__":
    run(NAME, lambda _: service(), GRANTS)
