import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer
import zstandard
from typer.testing import CliRunner, Result

from forethought.server.cli.replay import replay
from forethought.server.replay_files import PoolError, read_pool

app = typer.Typer()
app.command()(replay)


def sample(answer: str, **other: Any) -> dict[str, Any]:
    return {
        "text": f"Well.\n\nIt is \\boxed{{{answer}}}",
        "prm": [0.5, 0.9],
        "n_tokens": 8,
        "fin": True,
        "answer": answer,
        "key": answer,
        "logprob": -0.25,
        "step_logprob": [-0.5, -0.125],
        "step_tokens": [2, 6],
        "ok": answer == "4",
    } | other


def line(id_: str, *answers: str, **other: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "question": "2 + 2?",
        "gold": "4",
        "gold_key": "4",
        "fold": 0,
        "greedy": sample("4"),
        "samples": [sample(answer) for answer in answers],
    } | other


LINES = [line("a", "4", "4", "4.0", "5"), line("b", "5", "4", "6", "6", level=2)]


def write(path: Path, *lines: dict[str, Any] | str) -> Path:
    path.write_text("".join(f"{x if isinstance(x, str) else json.dumps(x)}\n" for x in lines))
    return path


@dataclass
class Data:
    folder: Path

    def run(self, *args: str | Path) -> Result:
        env = {"XDG_DATA_HOME": str(self.folder), "COLUMNS": "200"}
        return CliRunner().invoke(
            app, [*map(str, args), "--subsets", "4", "--draws", "20"], env=env
        )

    def stored(self) -> list[Path]:
        return sorted(self.folder.rglob("*.json"))


@pytest.fixture
def data(tmp_path: Path) -> Data:
    return Data(tmp_path / "data")


def test_prints_and_stores_what_it_found(tmp_path: Path, data: Data) -> None:
    result = data.run(write(tmp_path / "small.jsonl", *LINES))
    assert result.exit_code == 0, result.output
    assert "small: 2 questions x 4 samples" in result.output
    assert "Adaptive-Consistency, one at a time" in result.output
    assert "by level by hand" in result.output
    document = json.loads(data.stored()[0].read_text())
    assert (document["seed"], document["subsets"], document["keys"]) == (0, 4, "read anew")
    pool = document["pools"][0]
    coverage = {row["n"]: row["accuracy"] for row in pool["rows"] if row["strategy"] == "coverage"}
    assert coverage == {1: pytest.approx((3 / 4 + 1 / 4) / 2), 2: pytest.approx(0.75), 4: 1.0}
    # `4.0` is the answer 4 to us and was none of its equals in the record.
    assert (pool["counts"]["moved"], pool["counts"]["right_gained"]) == (1, 1)


def test_the_same_seed_gives_the_same_figures(tmp_path: Path, data: Data) -> None:
    path = write(tmp_path / "small.jsonl", *LINES)
    for _ in range(2):
        assert data.run(path, "--recorded-keys").exit_code == 0
    first, second = (json.loads(stored.read_text())["pools"] for stored in data.stored())
    assert first == second


def test_writes_the_files_it_is_asked_for_and_no_other(tmp_path: Path, data: Data) -> None:
    path = write(tmp_path / "small.jsonl", *LINES)
    out = {name: tmp_path / "new" / name for name in ("json", "markdown", "differences")}
    options = [word for name, file in out.items() for word in (f"--{name}", file)]
    result = data.run(path, path, "--no-store", *options)
    assert result.exit_code == 0, result.output
    assert len(json.loads(out["json"].read_text())["pools"]) == 2
    assert "| coverage | 50.0 (" in out["markdown"].read_text()
    told = [json.loads(x) for x in out["differences"].read_text().splitlines()]
    assert [(d["question"], d["recorded_answer"], d["right"]) for d in told] == [
        ("a", "4.0", True)
    ] * 2
    assert data.stored() == []


def test_by_the_records_keys_nothing_differs(tmp_path: Path, data: Data) -> None:
    path = write(tmp_path / "small.jsonl", *LINES)
    assert data.run(path, "--recorded-keys").exit_code == 0
    pool = json.loads(data.stored()[0].read_text())["pools"][0]
    assert pool["differences"] == []
    assert pool["levels"]["level 2"] == 1


def test_without_levels_by_hand_there_is_no_table_of_them(tmp_path: Path, data: Data) -> None:
    result = data.run(write(tmp_path / "small.jsonl", LINES[0]), "--recorded-keys")
    assert "by oracle level" in result.output
    assert "by level by hand" not in result.output


def test_reads_what_zstd_compressed(tmp_path: Path) -> None:
    plain = write(tmp_path / "small.jsonl", *LINES)
    frames = [zstandard.compress(part) for part in plain.read_bytes().splitlines(keepends=True)]
    packed = tmp_path / "small.jsonl.zst"
    packed.write_bytes(b"".join(frames))
    one, other = read_pool(packed), read_pool(plain)
    assert (one.name, one.questions) == (other.name, other.questions)
    assert one.sha256 != other.sha256


def test_the_size_is_that_of_the_question_with_fewest_samples(tmp_path: Path) -> None:
    assert read_pool(write(tmp_path / "p", *LINES, line("c", "4", "4"))).size == 2


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "holds no question"),
        ([LINES[0], "{"], "line 2: Invalid JSON"),
        ([LINES[0], "[]"], "line 2: Input should be an object"),
        ([line("a", samples=[])], "line 1: samples: List should have at least 1 item"),
        ([line("a", samples=[sample("4", n_tokens="8")])], "line 1: samples.0.n_tokens: Input"),
        ([line("a", samples=[sample("4", prm=[1.5])])], "line 1: samples.0.prm.0: Input"),
        ([LINES[0], "", LINES[0]], "line 3: id 'a' is on line 1 too"),
    ],
)
def test_a_pool_that_is_none_is_told_in_one_sentence(
    tmp_path: Path, data: Data, lines: list[dict[str, Any] | str], message: str
) -> None:
    path = write(tmp_path / "bad.jsonl", *lines)
    with pytest.raises(PoolError, match=message):
        read_pool(path)
    result = data.run(path)
    assert (result.exit_code, data.stored()) == (1, [])
    assert len(result.stderr.splitlines()) == 1
    assert message in result.stderr


def test_a_missing_file_and_a_broken_one_are_named(tmp_path: Path, data: Data) -> None:
    missing = data.run(tmp_path / "none.jsonl")
    assert (missing.exit_code, missing.stderr) == (
        1,
        f"Error: {tmp_path / 'none.jsonl'} cannot be read: No such file or directory\n",
    )
    broken = tmp_path / "broken.jsonl.zst"
    broken.write_bytes(zstandard.compress(b"{}" * 100)[:-4])
    assert data.run(broken).exit_code == 1
    garbled = tmp_path / "garbled.jsonl.zst"
    garbled.write_bytes(b"\x28\xb5\x2f\xfd" + b"\xff" * 20)
    assert "is broken" in data.run(garbled).stderr


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path, data: Data) -> None:
    path = write(tmp_path / "small.jsonl", *LINES)
    result = data.run(path, "--recorded-keys", "--json", path / "under.json")
    assert result.exit_code == 1
    assert "cannot be written" in result.stderr
