"""HTTP: one app factory, and what a route needs: who asks, the command or the query, pages and problems."""

from chassis.http.app import api, match_threads
from chassis.http.page import Cursor, Limit, Page
from chassis.http.problems import ErrorTable, Problem, problems
from chassis.http.requests import Command, Commanded, Queried, Query, command, query
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
    "api",
    "command",
    "match_threads",
    "problems",
    "query",
]
