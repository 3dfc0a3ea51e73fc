"""How the services of the one process are put together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

import evaluation_svc.main
import evaluation_svc.settings
import framework_svc.main
import gap_svc.main
import people_svc.main
from chassis.postgres import Database
from chassis.sql import vouched
from chassis.testing import keyed
from ladder.composition import GRANTS, Composition
from ladder.processes import SERVICES

from .conftest import Installation

OWN = "(workspace = current_setting('ladder.workspace'::text, true))"


@pytest.fixture(scope="module")
def migrated(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database with the schema of every service, and the keys."""
    with keyed(module_database, tmp_path_factory.mktemp("home"), GRANTS, "people") as ciphers:
        for service in (
            people_svc.main.service(ciphers["people"]),
            framework_svc.main.service(),
            evaluation_svc.main.service(),
            gap_svc.main.service(),
        ):
            service.migrate(module_database)
        yield module_database


def asked(database: Database, sql: str, *values: Any) -> list[dict[str, Any]]:
    with psycopg.connect(database.admin_dsn()) as admin:
        return admin.cursor(row_factory=dict_row).execute(vouched(sql), values).fetchall()


@pytest.mark.parametrize("service", SERVICES)
def test_every_table_of_every_service_is_walled_off_by_workspace(migrated: Database, service: str) -> None:
    tables = asked(
        migrated,
        """select relname, relrowsecurity and relforcerowsecurity as walled from pg_class
        where relnamespace = %s::regnamespace and relkind in ('r', 'p') and relname <> 'migrations'""",
        service,
    )
    policies = asked(
        migrated,
        """select tablename, policyname, permissive, roles::text[], cmd, qual, with_check from pg_policies
        where schemaname = %s order by policyname""",
        service,
    )
    rule = {"permissive": "PERMISSIVE", "cmd": "ALL"}
    wanted = [
        {"policyname": "app", "roles": [f"{service}_app"], "qual": OWN, "with_check": OWN, **rule},
        {"policyname": "follower", "roles": [f"{service}_follower"], "qual": "true", "with_check": "true", **rule},
    ]

    assert {"events", "published", "parked", "access", "deadlines_rows"} <= {table["relname"] for table in tables}
    for table in tables:
        mine = [{**policy} for policy in policies if policy["tablename"] == table["relname"]]
        assert table["walled"], table["relname"]
        assert mine == [{"tablename": table["relname"], **one} for one in wanted], table["relname"]


@pytest.mark.parametrize("service", SERVICES)
def test_no_running_role_reads_what_was_migrated_or_passes_by_a_wall(migrated: Database, service: str) -> None:
    for role in ("app", "follower"):
        (found,) = asked(
            migrated,
            """select rolsuper or rolbypassrls as passes, has_table_privilege(rolname, %s, 'select') as reads
            from pg_roles where rolname = %s""",
            f"{service}.migrations",
            f"{service}_{role}",
        )
        assert found == {"passes": False, "reads": False}


def test_the_keys_of_people_and_of_texts_are_walled_off(migrated: Database) -> None:
    walled = asked(migrated, "select relname from pg_class where relnamespace = 'keys'::regnamespace and relrowsecurity")
    assert {table["relname"] for table in walled} == {"person_keys", "part_keys"}


def test_gap_reports_may_open_every_text_that_an_evaluation_can_carry() -> None:
    written = {grant.kind for grant in evaluation_svc.settings.GRANTS if grant.may_make}
    assert written <= {grant.kind for grant in GRANTS if grant.service == "gap"}


def test_the_first_start_after_an_unclean_end_is_careful_and_the_next_is_not(installation: Installation) -> None:
    with Composition(installation.home) as system:
        assert not any(service.careful for service in system.services)
    (installation.home / "running").write_text("1\n")  # what a process leaves behind that was killed

    with Composition(installation.home) as system:
        assert all(service.careful for service in system.services)
    with Composition(installation.home) as system:
        assert not any(service.careful for service in system.services)


def test_a_server_that_may_lose_what_it_acknowledged_is_refused_unless_one_setting_accepts_it(
    installation: Installation,
) -> None:
    with (
        Composition(installation.home) as system,
        psycopg.connect(system.server.admin_dsn(), autocommit=True) as admin,
    ):
        name = sql.Identifier(admin.info.dbname)
        admin.execute(sql.SQL("alter database {} set synchronous_commit = off").format(name))

    refused = installation.run("verify")
    assert (refused.returncode, "synchronous_commit" in refused.stderr) == (2, True)
    assert installation.run("verify", LADDER_ALLOW_UNSAFE_SYNC="1").returncode == 0
