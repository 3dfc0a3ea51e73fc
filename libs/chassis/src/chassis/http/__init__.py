"""HTTP: one app factory, and what a route needs: who asks, the command or the query, pages and problems."""

from chassis.http.app import api, health_app, match_threads
from chassis.http.command import Command, Commanded
from chassis.http.page import Cursor, Limit, Page
from chassis.http.problems import ErrorTable, Problem, Refusal, problems
from chassis.http.query import Queried, Query
from chassis.unit import Answer

__all__ = [
    "Answer",
    "Command",
    "Commanded",
    "Cursor",
    "ErrorTable",
    "Limit",
    "Page",
    "Problem",
    "Queried",
    "Query",
    "Refusal",
    "api",
    "health_app",
    "match_threads",
    "problems",
]
