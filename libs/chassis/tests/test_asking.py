"""What a route asks is found in its source and in what it calls; a route that asks nothing is seen."""

from __future__ import annotations

from fastapi import APIRouter

from chassis.testing.asking import named_in_routes

router = APIRouter()


@router.get("/doors")
def doors() -> str:
    return "read doors"


@router.post("/doors/opening")
def opens() -> None:
    _allowed("open door")


@router.post("/doors/closing")
def closes() -> None:
    _may_close()


@router.post("/doors/painting")
def paints() -> None:
    """Paint without asking."""


def _may_close() -> None:
    _allowed("close door")


def _allowed(action: str) -> None:
    assert action


def test_the_action_a_route_names_is_found_also_where_a_function_it_calls_names_it() -> None:
    named = named_in_routes([router])
    writing = {("POST", "/doors/opening"), ("POST", "/doors/closing"), ("POST", "/doors/painting")}
    assert set(named) == {("GET", "/doors"), *writing}
    assert "read doors" in named["GET", "/doors"]
    assert "open door" in named["POST", "/doors/opening"]
    assert "close door" in named["POST", "/doors/closing"]


def test_a_route_that_asks_nothing_names_no_action() -> None:
    named = named_in_routes([router])["POST", "/doors/painting"]
    assert not named & {"read doors", "open door", "close door"}
