from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forethought.nodes.replay.pool import PoolQuestion, Sample
from forethought.server.replay_files import PoolError, read_pool, write_pool
from recorded_pools import question, sample

SCORE = st.floats(0, 1)
LOGPROB = st.floats(max_value=0, allow_infinity=False)


@st.composite
def samples(draw: st.DrawFn) -> Sample:
    scores = draw(st.none() | st.lists(SCORE, min_size=1, max_size=3).map(tuple))
    tokens = st.lists(st.integers(0, 99), min_size=len(scores or ()), max_size=len(scores or ()))
    steps = st.lists(LOGPROB, min_size=1, max_size=3).map(tuple)
    return Sample(
        text=draw(st.text()),
        whole=draw(st.booleans()),
        n_tokens=draw(st.integers(0, 999)),
        scores=scores,
        step_tokens=tuple(draw(tokens)) if scores else None,
        logprob=draw(st.none() | LOGPROB),
        step_logprobs=draw(st.none() | steps),
        answer=draw(st.none() | st.text()),
        key=draw(st.none() | st.text()),
        right=draw(st.booleans()),
    )


@st.composite
def pool_questions(draw: st.DrawFn, id_: str) -> PoolQuestion:
    return PoolQuestion(
        id=id_,
        text=draw(st.text()),
        gold=draw(st.text()),
        gold_key=draw(st.none() | st.text()),
        fold=draw(st.sampled_from([None, 0, 1])),
        level=draw(st.none() | st.integers(1, 5)),
        subject=draw(st.none() | st.text()),
        samples=tuple(draw(st.lists(samples(), min_size=1, max_size=2))),
        greedy=draw(st.none() | samples()),
    )


@given(
    st.lists(st.text(), min_size=1, max_size=2, unique=True).flatmap(
        lambda ids: st.tuples(*map(pool_questions, ids))
    ),
    st.sampled_from(["mine.jsonl", "mine.jsonl.zst"]),
)
def test_a_pool_that_is_written_is_read_as_it_was(
    questions: tuple[PoolQuestion, ...], name: str
) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "new" / name
        written = write_pool(questions, path)
        assert read_pool(path) == written
        assert written.sha256 == sha256(path.read_bytes()).hexdigest()
    assert (written.name, written.questions) == ("mine", questions)


def test_a_pool_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    made = question(sample("1"))
    with pytest.raises(PoolError, match="there is no question to write"):
        write_pool([], tmp_path / "pool.jsonl")
    with pytest.raises(PoolError, match=r"ends in .jsonl or .jsonl.zst, not 'pool.zip'"):
        write_pool([made], tmp_path / "pool.zip")
    (tmp_path / "taken.jsonl").mkdir()
    with pytest.raises(PoolError, match=r"taken.jsonl cannot be written: Is a directory"):
        write_pool([made], tmp_path / "taken.jsonl")
