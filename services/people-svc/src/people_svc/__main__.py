"""The processes of people-svc: `python -m people_svc api | worker | migrate | restored`."""

from collections.abc import Callable, Sequence

import structlog

from chassis.cipher import Cipher
from chassis.identity import SigningKey
from chassis.process import run
from chassis.service import Service
from people_svc import accounts
from people_svc.main import service
from people_svc.restored import erase_again
from people_svc.settings import GRANTS, NAME

log = structlog.get_logger(__name__)


def signing_keys(of: Service, cipher: Cipher) -> Callable[[], Sequence[SigningKey]]:
    """Return where the keys of actor tokens are found, making the first one where there is none."""
    with of.connection(accounts.INSTALLATION) as connection:
        accounts.ensure_signing_key(connection, cipher, of.time())

    def read() -> Sequence[SigningKey]:
        with of.connection(accounts.INSTALLATION) as connection:
            return accounts.signing_keys(connection, cipher)

    return read


def after_restore(of: Service) -> None:
    """Erase again whoever was erased since the backup; say who could not be."""
    for one in erase_again(of):
        log.warning("not erased again", workspace=one.workspace, person=one.person)


if __name__ == "__main__":
    run(NAME, service, GRANTS, signs=signing_keys, after_restore=after_restore)
