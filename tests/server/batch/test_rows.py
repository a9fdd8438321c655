import pytest

pytest.importorskip("pyarrow", reason="needs the extra ray")

from forethought.nodes.errors import BackendTimeout
from forethought.server.batch.rows import RESULTS, Question, failed, questions_of, table_of


def test_a_row_is_read_whatever_its_gold_answer_is_called() -> None:
    rows: list[dict[str, object]] = [
        {"id": 1, "question": "17 + 25?", "answer": 42},
        {"id": "b", "question": "?", "gold": "x", "answer": "y"},
        {"id": "c", "question": "free"},
    ]
    assert questions_of(rows) == [
        Question(id="1", text="17 + 25?", gold="42"),
        Question(id="b", text="?", gold="x"),
        Question(id="c", text="free", gold=None),
    ]


@pytest.mark.parametrize(
    "row", [{"question": "no id"}, {"id": "no question"}, {"id": 1, "question": None}]
)
def test_a_row_that_is_no_question_is_a_mistake(row: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="needs an id and a question"):
        questions_of([row])


def test_every_table_has_the_same_columns_also_where_all_rows_failed() -> None:
    question = Question(id="a", text="?", gold=None)
    table = table_of([failed(question, BackendTimeout("too slow"))])
    assert table.schema == RESULTS
    assert table.to_pylist()[0]["error"] == "BackendTimeout: too slow"
    assert table_of([]).schema == RESULTS
