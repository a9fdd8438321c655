import json
from pathlib import Path
from typing import Any

import pytest

import recorded_pools as recorded
from forethought.server.evaluation.errors import EvaluationError
from forethought.server.evaluation.questions import GoldQuestion, read_data, with_pool_levels

LINE = {"id": "a", "question": "2 + 2?", "gold": "4"}


def write(path: Path, *lines: dict[str, Any] | str) -> Path:
    path.write_text("".join(f"{x if isinstance(x, str) else json.dumps(x)}\n" for x in lines))
    return path


def test_a_line_is_a_question_with_its_gold_answer(tmp_path: Path) -> None:
    full = {"id": 7, "question": "x?", "answer": 12, "kind": "number", "level": 3, "subject": "y"}
    data = read_data(write(tmp_path / "few.jsonl", LINE, "", full))
    assert data.name == "few" and len(data.sha256) == 64
    assert data.questions == (
        GoldQuestion(id="a", text="2 + 2?", gold="4"),
        GoldQuestion(id="7", text="x?", gold="12", kind="number", level=3),
    )


def test_gold_comes_before_answer(tmp_path: Path) -> None:
    data = read_data(write(tmp_path / "few.jsonl", LINE | {"answer": "what a model said"}))
    assert data.questions[0].gold == "4"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "holds no question"),
        ([LINE, "{"], "line 2: Invalid JSON"),
        ([LINE, "[]"], "line 2: Input should be an object"),
        ([{"id": "a", "question": "2 + 2?"}], "line 1: gold: Field required"),
        ([LINE | {"question": ""}], "line 1: question: String should have at least 1"),
        ([LINE | {"kind": "maths"}], "line 1: kind: Input should be 'math'"),
        ([LINE | {"level": "3"}], "line 1: level: Input should be a valid integer"),
        ([LINE | {"gold": ["4"]}], "line 1: gold: Input should be a valid string"),
        ([LINE, "", LINE], "line 3: id 'a' is on line 1 too"),
    ],
)
def test_data_that_is_none_is_one_sentence(
    tmp_path: Path, lines: list[dict[str, Any] | str], message: str
) -> None:
    with pytest.raises(EvaluationError, match=message):
        read_data(write(tmp_path / "bad.jsonl", *lines))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"none\.jsonl cannot be read: No such file"):
        read_data(tmp_path / "none.jsonl")


def test_a_pool_says_levels_by_the_share_of_right_samples(tmp_path: Path) -> None:
    data = read_data(write(tmp_path / "few.jsonl", *(LINE | {"id": f"q{i}"} for i in range(5))))
    hardest_first = recorded.pool(
        *(
            recorded.question(
                *(recorded.sample("1" if k < i else "2") for k in range(4)), id=f"q{i}"
            )
            for i in range(5)
        )
    )
    levels = {q.id: q.level for q in with_pool_levels(data, hardest_first).questions}
    assert levels == {"q0": 5, "q1": 4, "q2": 3, "q3": 2, "q4": 1}


def test_a_question_that_the_pool_lacks_is_named(tmp_path: Path) -> None:
    data = read_data(write(tmp_path / "few.jsonl", LINE))
    with pytest.raises(EvaluationError, match="pool by hand has no question 'a'"):
        with_pool_levels(data, recorded.pool(recorded.question(recorded.sample("1"), id="b")))
