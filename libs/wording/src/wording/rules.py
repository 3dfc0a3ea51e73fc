"""The rules: an action item needs a verb, a deliverable, a date and an owner; evidence needs what was seen."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any, Literal

Rule = Literal["no verb", "no deliverable", "no date", "no owner", "stock phrase", "past date", "vague evidence"]


@dataclass(frozen=True)
class Finding:
    """One rule that fired: on which words of the text ("" where something is missing), why, and what to write."""

    rule: Rule
    phrase: str
    why: str
    instead: str


def _either(words: Iterable[str]) -> re.Pattern[str]:
    alternatives = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.compile(rf"(?<![\w-])(?:{alternatives})(?![\w-])", re.IGNORECASE)


_PHRASES: dict[str, Any] = json.loads(files("wording").joinpath("phrases.json").read_text("utf-8"))
_VERBS = _either(_PHRASES["verbs"].split())
_WEAK = frozenset(_PHRASES["weak_verbs"].split())
_DELIVERABLES = _either(_PHRASES["deliverables"].split())
_STOCK = dict(_PHRASES["stock"])
_STOCK_PATTERN = _either(_STOCK)
_VAGUE = _either(_PHRASES["vague"])
_DONE = _either(_PHRASES["done"].split())

TELLING = 9
"""A line with more words than this beside its stock phrases is taken to tell something: better silent than wrong."""

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)"
)
_WHEN = re.compile(
    "|".join(
        (
            rf"\b(?:by|in|on|before|until|from|during|end of|mid|early|late|of|since)[ -]{_MONTH}\b",
            rf"\b\d{{1,2}}(?:st|nd|rd|th)? {_MONTH}\b|\b{_MONTH} \d{{1,4}}\b",
            r"\b\d{4}-\d{2}(?:-\d{2})?\b|\b\d{1,2}[./]\d{1,2}(?:[./]\d{2,4})?\b|\bq[1-4]\b|\bh[12] \d{4}\b",
            r"\b(?:mon|tues|wednes|thurs|fri)days?\b",
            r"\b(?:every|each|once a|twice a|per|weekly|monthly|fortnightly|quarterly)\b",
            r"\b(?:this|next|the coming) (?:week|month|quarter|sprint|cycle|half|year|release)\b",
            r"\b(?:within|in|over|for) (?:the next )?\w+ (?:days?|weeks?|months?|quarters?|sprints?|cycles?)\b",
            r"\b(?:by|before|until) (?:the )?(?:end|start|next|check-in|review|launch)\b",
            r"\b(?:by|before|until) (?:the )?(?:summer|spring|autumn|fall|winter|christmas|easter)\b",
        )
    ),
    re.IGNORECASE,
)
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_AMOUNT = re.compile(
    r"\b(?:\d+(?:[.,]\d+)?\s*%|\d+|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b", re.IGNORECASE
)
_PROPER = re.compile(r"(?<=[a-z,;:] )[A-Z][\w'’-]+")


def check(text: str, today: date | None = None, *, due: date | None = None, owner: str | None = None) -> list[Finding]:
    """Return what makes the action item `text` hard to check, most telling first; an empty list is good wording.

    `due` and `owner` are what the item says outside its text: with them a missing date or owner is no finding.
    `owner=""` means there is nobody; None leaves the question out. With `today`, an ISO date gone by is a finding.
    """
    found = [_stock(match[0]) for match in _STOCK_PATTERN.finditer(text)]
    found += _verb(text) + _deliverable(text)
    if due is None and not _WHEN.search(text):
        found.append(Finding("no date", "", "Nothing says by when.", "Add a day or a month: “by 30 September”."))
    if owner is not None and not owner.strip():
        found.append(Finding("no owner", "", "Nobody is named to do it.", "Name one person."))
    return found + (_past(text, today) if today else [])


def _stock(phrase: str) -> Finding:
    return Finding("stock phrase", phrase, f"“{phrase}” is hard to check.", _STOCK[phrase.lower()])


def _verb(text: str) -> list[Finding]:
    verbs = [match[0] for match in _VERBS.finditer(text)]
    if any(verb.lower() not in _WEAK for verb in verbs):
        return []
    instead = "Start with what will be done: prepare, write, present, run, shadow …"
    if verbs and (_DELIVERABLES.search(text) or _AMOUNT.search(text)):
        return []
    if verbs:
        return [Finding("no verb", verbs[0], f"“{verbs[0]}” names a hope; nobody can see it being done.", instead)]
    return [Finding("no verb", "", "No verb says what will be done.", instead)]


def _deliverable(text: str) -> list[Finding]:
    if _DELIVERABLES.search(text) or _AMOUNT.search(text) or _PROPER.search(text):
        return []
    why = "Nothing is named that others will see when it is done."
    return [Finding("no deliverable", "", why, "Name the document, the meeting, the figure, or the person helped.")]


def _past(text: str, today: date) -> list[Finding]:
    for match in _ISO.finditer(text):
        try:
            named = date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            continue
        if named < today:
            return [Finding("past date", match[0], "This day has gone by.", "Give a day to come.")]
    return []


def findings_of_evidence(text: str) -> list[Finding]:
    """Return what makes a line of evidence vague: praise or blame without what was seen; an empty list is fine.

    A stock phrase alone is no fault: a line that also tells what somebody did, a number, a name or a day passes.
    """
    instead = "Say what was done, where, and what came of it."
    phrases = [match[0] for match in _VAGUE.finditer(text)]
    rest = _VAGUE.sub(" ", text)
    if _tells(rest) or len(rest.split()) > TELLING:
        return []
    if phrases:
        return [
            Finding("vague evidence", phrase, f"“{phrase}” cannot be seen or checked.", instead) for phrase in phrases
        ]
    if len(text.split()) < 4:
        return [Finding("vague evidence", text.strip(), "Too short to say what was seen.", instead)]
    return []


def vague(text: str) -> bool:
    """Say whether a line of evidence judges without telling what was seen ("good with people")."""
    return bool(findings_of_evidence(text))


def _tells(text: str) -> bool:
    return bool(_DONE.search(text) or _AMOUNT.search(text) or _PROPER.search(text) or _WHEN.search(text))
