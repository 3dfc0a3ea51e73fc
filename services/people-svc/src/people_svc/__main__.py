"""The processes of people-svc: `python -m people_svc api | worker | migrate`."""

from collections.abc import Callable, Sequence

from chassis.cipher import Cipher
from chassis.identity import SigningKey
from chassis.process import run
from chassis.service import Service
from people_svc import accounts
from people_svc.main import service
from people_svc.settings import GRANTS, NAME


def signing_keys(of: Service, cipher: Cipher) -> Callable[[], Sequence[SigningKey]]:
    """Return where the keys of actor tokens are found, making the first one where there is none."""
    with of.connection(accounts.INSTALLATION) as connection:
        accounts.ensure_signing_key(connection, cipher, of.time())

    def read() -> Sequence[SigningKey]:
        with of.connection(accounts.INSTALLATION) as connection:
            return accounts.signing_keys(connection, cipher)

    return read


if __name__ == "__main__":
    run(NAME, service, GRANTS, signs=signing_keys)
