"""The difference between two versions: per ladder, level and competency, with the words of each text."""

from hypothesis import given
from hypothesis import strategies as st

from framework_svc.domain.diff import FrameworkDiff, LadderDiff, TextChange, ValueChange, Words, difference, word_diff
from framework_svc.domain.texts import (
    DEFAULT_SCALE,
    NOT_EXPECTED,
    Cell,
    Competency,
    Expectation,
    Ladder,
    Level,
    Provenance,
    PublishedLadder,
    Track,
)

COMMUNICATION = Competency(id="communication", name="Communication", area="Collaboration")
WRITES = Expectation(required=3, behaviours=("Writes a note.",))
IC1 = Level(id="ic1", code="IC1", title="Engineer", scope="Own tasks.", expectations={"communication": WRITES})
IC2 = Level(id="ic2", code="IC2", title="Senior", scope="Own features.", expectations={"communication": WRITES})


def published(*levels: Level, competency: Competency = COMMUNICATION, **changed: object) -> dict[str, PublishedLadder]:
    track = Track(id="ic", name="Individual", levels=levels)
    ladder = Ladder(id="engineering", name="Engineering", tracks=(track,)).model_copy(update=changed)
    return {"engineering": PublishedLadder(ladder=ladder, competencies=(competency,), changed_in=1)}


def asking(level: Level, cell: Cell) -> Level:
    return level.model_copy(update={"expectations": {"communication": cell}})


def only(found: FrameworkDiff) -> LadderDiff:
    (ladder,) = found.ladders
    return ladder


def test_equal_versions_differ_in_nothing() -> None:
    assert difference(published(IC1), published(IC1), DEFAULT_SCALE, DEFAULT_SCALE) == FrameworkDiff()


def test_the_version_a_ladder_changed_in_is_no_difference() -> None:
    later = {name: held.model_copy(update={"changed_in": 7}) for name, held in published(IC1).items()}

    assert difference(published(IC1), later) == FrameworkDiff()


def test_a_new_and_a_gone_ladder_are_said_with_all_their_levels() -> None:
    added, removed = only(difference({}, published(IC1, IC2))), only(difference(published(IC1), {}))

    assert (added.what, [level.level for level in added.levels]) == ("added", ["engineering.ic1", "engineering.ic2"])
    assert (removed.what, [level.what for level in removed.levels]) == ("removed", ["removed"])
    assert removed.changed_levels() == {"engineering.ic1"}


def test_a_new_and_a_gone_level_are_said_with_what_they_ask() -> None:
    found = only(difference(published(IC1), published(IC2)))

    assert [(level.level, level.what) for level in found.levels] == [
        ("engineering.ic2", "added"),
        ("engineering.ic1", "removed"),
    ]
    assert [(cell.level, cell.what) for cell in found.expectations] == [
        ("engineering.ic2", "added"),
        ("engineering.ic1", "removed"),
    ]


def test_a_renamed_ladder_is_the_same_ladder_and_touches_no_level() -> None:
    found = only(difference(published(IC1), published(IC1, name="Software")))

    (change,) = found.changes
    assert (found.what, change.field, change.before, change.after) == ("changed", "name", "Engineering", "Software")
    assert found.changed_levels() == frozenset()


def test_a_reworded_scope_shows_which_words_came_and_went() -> None:
    changed = IC1.model_copy(update={"scope": "Own small tasks."})

    (level,) = only(difference(published(IC1), published(changed))).levels

    assert level.changes == (
        TextChange(
            field="scope",
            before="Own tasks.",
            after="Own small tasks.",
            words=(
                Words(op="same", text="Own"),
                Words(op="added", text=" small"),
                Words(op="same", text=" tasks."),
            ),
        ),
    )


def test_a_changed_move_is_a_change_of_the_level() -> None:
    changed = IC1.model_copy(update={"next": ("engineering.ic2",)})

    (level,) = only(difference(published(IC1), published(changed))).levels

    assert level.changes == (ValueChange(field="next", before="", after="engineering.ic2"),)


def test_a_raised_requirement_and_weight_are_said_in_figures() -> None:
    raised = asking(IC1, WRITES.model_copy(update={"required": 3.5, "weight": 2}))

    (cell,) = only(difference(published(IC1), published(raised))).expectations

    assert (cell.level, cell.competency, cell.what) == ("engineering.ic1", "communication", "changed")
    assert cell.changes == (
        ValueChange(field="required", before="3.0", after="3.5"),
        ValueChange(field="weight", before="1", after="2"),
    )


def test_a_level_that_no_longer_expects_a_competency_says_so() -> None:
    (cell,) = only(difference(published(IC1), published(asking(IC1, NOT_EXPECTED)))).expectations

    assert cell.changes[0] == ValueChange(field="required", before="3.0", after="not expected")
    assert [change.field for change in cell.changes] == ["required", "weight", "behaviours"]


def test_a_reworded_behaviour_is_a_change_of_the_expectation() -> None:
    reworded = asking(IC1, WRITES.model_copy(update={"behaviours": ("Writes a clear note.",)}))

    (cell,) = only(difference(published(IC1), published(reworded))).expectations

    assert [(change.field, change.after) for change in cell.changes] == [("behaviours", "Writes a clear note.")]


def test_where_a_text_comes_from_is_no_difference_of_what_it_says() -> None:
    credited = COMMUNICATION.model_copy(update={"provenance": Provenance(source="O*NET")})

    assert difference(published(IC1), published(IC1, competency=credited)) == FrameworkDiff()


def test_a_renamed_competency_keeps_its_id_and_touches_the_levels_that_ask_for_it() -> None:
    renamed = COMMUNICATION.model_copy(update={"name": "Being understood"})
    levels = (IC1, asking(IC2, NOT_EXPECTED))

    found = only(difference(published(*levels), published(*levels, competency=renamed)))

    (competency,) = found.competencies
    assert (competency.competency, competency.what) == ("communication", "changed")
    assert competency.levels == ("engineering.ic1",)
    assert found.changed_levels() == {"engineering.ic1"}


def test_levels_in_another_order_are_a_change_of_the_ladder() -> None:
    found = only(difference(published(IC1, IC2), published(IC2, IC1)))

    assert found.changes == (ValueChange(field="order of levels", before="IC1 IC2", after="IC2 IC1"),)


def test_a_changed_anchor_of_the_scale_is_said_with_its_point() -> None:
    scale = (*DEFAULT_SCALE[:4], DEFAULT_SCALE[4].model_copy(update={"name": "Model"}))

    found = difference(published(IC1), published(IC1), DEFAULT_SCALE, scale)

    assert [(change.field, change.before, change.after) for change in found.scale] == [
        ("5 name", "Role model", "Model")
    ]


TEXTS = st.text(alphabet="ab .,\né", max_size=40)


@given(TEXTS, TEXTS)
def test_the_words_of_a_change_hold_both_texts_whole(before: str, after: str) -> None:
    runs = word_diff(before, after)

    assert "".join(run.text for run in runs if run.op != "added") == before
    assert "".join(run.text for run in runs if run.op != "removed") == after
