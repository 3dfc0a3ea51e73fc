"""What a process is told: whatever is missing or unusable is named with its remedy, before anything is opened."""

from __future__ import annotations

import pytest

from chassis.process import Environment, Misconfigured

ENOUGH = {"LADDER_DATABASE_URL": "postgresql://host/ladder"}


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"LADDER_DATABASE_URL": ""}, "LADDER_DATABASE_URL is not set"),
        ({"LADDER_BIND": "nowhere"}, "LADDER_BIND is 'nowhere'; write it as host:port"),
        ({"LADDER_POOL": "many"}, "LADDER_POOL is 'many'"),
        ({"LADDER_POOL": "1"}, "LADDER_POOL is '1'"),
        ({"LADDER_KAFKA": "host:9092", "LADDER_KAFKA_MECHANISM": "MAGIC"}, "LADDER_KAFKA_MECHANISM is 'MAGIC'; use one of"),
        ({"LADDER_TEST_CLOCK": "clock"}, "LADDER_TEST_CLOCK is for tests"),
    ],
)
def test_a_setting_that_does_not_do_is_named_with_its_remedy(environ: dict[str, str], says: str) -> None:
    with pytest.raises(Misconfigured, match=says):
        Environment.read({**ENOUGH, **environ})


def test_a_service_whose_place_was_not_named_is_asked_for() -> None:
    environment = Environment.read({**ENOUGH, "LADDER_AT_EVALUATION": "http://evaluation:8000/"})
    assert environment.at("evaluation") == "http://evaluation:8000"
    with pytest.raises(Misconfigured, match="_GAP is not set"):
        environment.at("gap")


def test_the_password_of_kafka_stands_in_no_representation() -> None:
    environ = {**ENOUGH, "LADDER_KAFKA": "h:9092", "LADDER_KAFKA_USERNAME": "u", "LADDER_KAFKA_PASSWORD": "s3cret"}
    assert "s3cret" not in repr(Environment.read(environ))
