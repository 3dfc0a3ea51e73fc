"""A text is withdrawn, then a person is erased: gone from every service, while everybody else's reads on.

evaluations with evidence, an observation, a scorecard, self-assessments, reactions → approved → released → verified
→ one text withdrawn by its author (evaluation, report, PDF) → an observation withdrawn with what cites it
→ a person erased (directory, evaluations, reports, results, lists) → their manager erased → verified
"""

from __future__ import annotations

import pytest

from .company import ENOUGH, Company, Person, Round, Said, evidence, finish, first_cycle, refused
from .conftest import Running
from .printed import says
from .scorecards import cells

GUIDE = "Wrote the returns guide in October; two teams use it now."
ON_THE_DAY = "Told the carrier on the day the date moved, and both plans were changed."
OWN = "Kept every date since August, and two of them were hard."
OTHERS = "Ran the incident on 4 May to its end and wrote down what changed."
WHY = "I kept every date since August."


@pytest.fixture(scope="module")
def entered(northwind: Company) -> Round:
    """H2 2024: Maya, Ines and Sam are evaluated with texts of every kind, and have read and answered it."""
    round_ = first_cycle(northwind)
    daniel, priya, maya, ines = northwind.people("daniel", "priya", "maya", "ines")
    observation = daniel.observes(maya, "2024-11-12", "delivery", ON_THE_DAY)
    for employee in (maya, ines):
        employee.assesses_self(round_.of[employee.name], delivery=Said(4.0, (OWN,)))
        employee.submits_self_assessment(round_.of[employee.name])
    finish(
        northwind,
        daniel,
        round_.of["maya"],
        communication=Said(3.0, (GUIDE, ENOUGH)),
        delivery=Said(3.5, cites=(observation,)),
        design=3.0,
        mentoring=2.5,
    )
    finish(northwind, daniel, round_.of["ines"], communication=Said(3.0, (OTHERS,)), delivery=3, design=3, mentoring=2)
    finish(northwind, priya, round_.of["sam"], communication=Said(2.5, (OTHERS,)), delivery=3, design=2.5, mentoring=2)
    ines.reacts(round_.of["ines"], "delivery", "push back", WHY)
    daniel.answers(round_.of["ines"], "delivery", "You did, and Ines is right about August.")
    return round_


def test_gap_reads_what_an_approval_brings_sealed_and_no_text_about_anybody_is_stored_in_the_clear(
    running: Running, northwind: Company, entered: Round
) -> None:
    daniel, maya = northwind.people("daniel", "maya")
    assert evidence(daniel.report(maya), "communication") == [GUIDE, ENOUGH]
    assert evidence(daniel.report(maya), "delivery") == [ON_THE_DAY]
    assert says(pdf_of(maya, maya), GUIDE)

    running.comes_to_rest()
    written = (GUIDE, ON_THE_DAY, OWN, OTHERS, WHY, "Leads the company")
    for text in (*written, "Okonkwo", "maya@northwind.example", "Managing Director"):
        assert running.stored(text) == [], text
    assert running.stored(maya.id), "the search finds what is there"
    assert running.broken() == []


def test_a_text_withdrawn_by_its_author_is_gone_from_evaluation_report_and_pdf_and_the_rest_reads_on(
    northwind: Company, entered: Round
) -> None:
    hanna, daniel, priya, maya, ines = northwind.people("hanna", "daniel", "priya", "maya", "ines")
    evaluation = entered.of["maya"]
    before = maya.report(maya)
    (part,) = (one["part"] for one in maya.lines(evaluation)["communication"]["evidence"] if one["text"] == GUIDE)
    withdrawal = {"part": part, "reason": "This was Ines, not Maya."}
    for nobody, status in ((maya, 403), (priya, 404), (ines, 404)):
        with refused(status):
            nobody.does(f"/evaluation/v1/evaluations/{evaluation}/withdrawal", withdrawal)

    daniel.does(f"/evaluation/v1/evaluations/{evaluation}/withdrawal", withdrawal)

    for reader in (maya, daniel, hanna):
        gone, stays = reader.lines(evaluation)["communication"]["evidence"]
        assert (gone["text"], gone["withdrawn_on"], stays["text"]) == (None, "2025-01-06", ENOUGH)
        assert evidence(reader.report(maya), "communication") == [None, ENOUGH]
        assert not says(pdf_of(reader, maya), GUIDE)
        assert says(pdf_of(reader, maya), ENOUGH)
    after = maya.report(maya)
    assert (after["report"], after["version"], after["met"]) == (before["report"], before["version"], before["met"])
    assert evidence(ines.report(ines), "communication") == [OTHERS]


def test_an_observation_withdrawn_by_its_author_takes_what_cites_it_along(northwind: Company, entered: Round) -> None:
    hanna, daniel, maya = northwind.people("hanna", "daniel", "maya")
    (observation,) = (one["id"] for one in daniel.lists("/evaluation/v1/observations") if one["employee"] == maya.id)
    daniel.does(f"/evaluation/v1/observations/{observation}/withdrawal", {"reason": "It was another carrier."})

    assert daniel.reads(f"/evaluation/v1/observations/{observation}")["text"]["text"] is None
    assert evidence(maya.report(maya), "delivery") == [None]
    assert maya.lines(entered.of["maya"])["delivery"]["rests_on_memory"]
    assert not says(pdf_of(hanna, maya), ON_THE_DAY)


def test_a_person_who_is_erased_is_nowhere_any_more_and_everybody_elses_texts_read_on(
    running: Running, northwind: Company, entered: Round
) -> None:
    hanna, daniel, maya, ines = northwind.people("hanna", "daniel", "maya", "ines")
    evaluation = entered.of["ines"]
    told = "".join(everything(reader, northwind, entered) for reader in (hanna, daniel))
    assert all(text in told for text in ("Ines", "Duarte", "ines@northwind.example", OTHERS, OWN, WHY))

    erase(hanna, ines)
    running.comes_to_rest()

    gone = hanna.reads(f"/people/v1/people/{ines.id}")
    assert (gone["given_name"], gone["work_email"], gone["erased"]) == (None, None, True)
    assert daniel.lines(evaluation)["communication"]["evidence"][0]["text"] is None
    assert daniel.lines(evaluation)["communication"]["rating"] == 3.0
    told = "".join(everything(reader, northwind, entered) for reader in (hanna, daniel))
    for text in ("Ines", "Duarte", "ines@northwind.example", WHY):
        assert text not in told, text
    named = {"who": ines.email, "workspace": northwind.workspace}
    assert northwind.operator.post("/tokens", json=named).status_code == 404

    assert maya.self_assessment(entered.of["maya"])["lines"][1]["evidence"][0]["text"] == OWN
    assert evidence(maya.report(maya), "communication") == [None, ENOUGH]
    assert all(text in told for text in ("Maya", "Okonkwo", OWN, ENOUGH))


def test_a_manager_who_is_erased_leaves_what_they_wrote_about_others_and_no_name(
    running: Running, northwind: Company, entered: Round
) -> None:
    hanna, priya, sam = northwind.people("hanna", "priya", "sam")
    assert says(pdf_of(sam, sam), "Priya Shah")
    erase(hanna, priya)
    running.comes_to_rest()

    assert evidence(sam.report(sam), "communication") == [OTHERS]
    assert sam.lines(entered.of["sam"])["communication"]["evidence"][0]["text"] == OTHERS
    told = everything(hanna, northwind, entered) + everything(sam, northwind, entered)
    assert "Priya" not in told
    assert "Shah" not in told
    assert not says(pdf_of(sam, sam), "Priya")
    assert running.broken() == []


def test_what_happened_is_the_same_in_every_mode(running: Running, northwind: Company, entered: Round) -> None:
    assert running.differs(northwind) == []


# ---- what is read


def pdf_of(reader: Person, of: Person) -> bytes:
    """Read somebody's printed report."""
    return reader.reads(f"/gap/v1/people/{of.id}/report.pdf")


def erase(hanna: Person, person: Person) -> None:
    """Erase somebody, after the look that it asks for."""
    path = f"/people/v1/people/{person.id}/erasure"
    hanna.does(path, {"reason": "asked by the person", "confirmation": hanna.reads(path)["confirmation"]})


def everything(reader: Person, northwind: Company, entered: Round) -> str:
    """Return all that somebody can read of the company, in one text: whatever they are refused is left out."""
    lists = ["/people/v1/people?limit=200", "/people/v1/people?q=ines", "/people/v1/export.csv", "/people/v1/imports"]
    lists += ["/framework/v1/placements", "/framework/v1/placements/refused", "/framework/v1/framework/history"]
    lists += [f"/evaluation/v1/{what}" for what in ("evaluations", "approvals", "observations", "waiting", "cycles")]
    lists += [f"/evaluation/v1/cycles/{entered.cycle}/{what}" for what in ("participants", "evaluators", "history")]
    lists += ["/gap/v1/heat-map", "/gap/v1/placements-to-check"]
    for evaluation in (entered.of[name] for name in ("maya", "ines", "sam")):
        lists += [f"/evaluation/v1/evaluations/{evaluation}{what}" for what in ("", "/history", "/revisions/1")]
        lists += [f"/evaluation/v1/self-assessments/{evaluation}{what}" for what in ("", "/history")]
    for person in (northwind.ids[name] for name in ("maya", "ines", "daniel")):
        lists += [f"/people/v1/people/{person}{what}" for what in ("", "/history", "/manager", "/erasure")]
        lists += [f"/framework/v1/people/{person}/placements{what}" for what in ("", "/history")]
        lists += [
            f"/gap/v1/people/{person}/{what}"
            for what in ("report", "reports", "report/history", "trend", "nearest", "target")
        ]
    results = reader.ask(f"/evaluation/v1/cycles/{entered.cycle}/results.xlsx")
    told = [str(cells(results.content))] if results.status_code == 200 else []
    answers = [reader.ask(path) for path in lists]
    assert {answer.status_code for answer in answers} <= {200, 403, 404}
    return "\n".join([*told, *(answer.text for answer in answers if answer.status_code == 200)])
