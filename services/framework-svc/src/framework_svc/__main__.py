"""The processes of framework-svc: `python -m framework_svc api | worker | migrate | restored`."""

from chassis.process import run
from framework_svc.main import service
from framework_svc.settings import GRANTS, NAME

if __name__ == "__main__":
    run(NAME, lambda _: service(), GRANTS)
