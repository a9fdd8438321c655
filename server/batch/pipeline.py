"""The pipeline of a batch run: files, less what is done, through actors, to Parquet.

Results are written a file at a time, as its questions are done, so what is interrupted loses the
files under way; begun again, it asks what has no row in any file yet. A folder belongs to one way of asking,
which is kept beside the results and must be the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as pads
import ray  # pyright: ignore[reportMissingImports]
import ray.data  # pyright: ignore[reportMissingImports]

from ..evaluation.errors import EvaluationError
from .answering import Answerer, HowAsked

HOW = "how.json"
"""In the folder of the results; not Parquet, so whoever reads the folder's files by suffix leaves it."""
BATCHES_A_FILE = 4
"""Ray runs so many batches of a file side by side, so that a slow question does not empty the card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is to be done."""

    data: Path
    """JSON lines or Parquet, a file or a folder."""
    results: Path
    """A folder; made where there is none."""
    actors: int = 1
    rows_a_file: int = 1024
    limit: int | None = None
    """The first so many rows; None is all."""
    retry_failed: bool = False
    """Ask questions again whose row has an error; the old row stays, and is the older file's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What the results hold: the last row of each question."""

    questions: int
    failed: int
    graded: int
    right: int


def run_batch(work: Work, how: HowAsked) -> Done:
    """Ask every question that has no row yet, and return what all rows say. Needs a running Ray.

    Raises:
        EvaluationError: the data cannot be read, the folder belongs to other questions, or the actors
            gave up.
    """
    _check_how(work, how)
    done = sorted(_done(work))
    try:
        rows = _read(work.data)
        if work.limit is not None:
            rows = rows.limit(work.limit)
        if done:
            rows = rows.map_batches(
                partial(without, done=ray.put(frozenset(done))), batch_format="pyarrow"
            )
        rows = rows.repartition(target_num_rows_per_block=work.rows_a_file)
        answers = rows.map_batches(
            Answerer,
            fn_constructor_args=(how,),
            batch_format="pyarrow",
            batch_size=-(-work.rows_a_file // BATCHES_A_FILE),
            compute=ray.data.ActorPoolStrategy(size=work.actors),
            num_cpus=1,
        )
        answers.write_parquet(str(work.results), concurrency=1)
    except (ray.exceptions.RayError, OSError, pa.ArrowInvalid) as exc:
        raise EvaluationError(f"the batch ended early: {_reason(exc)}") from exc
    return summary(work.results)


def without(batch: pa.Table, *, done: object) -> pa.Table:
    """Return the rows whose id is not among those done."""
    ids = ray.get(done)
    keep = [str(name) not in ids for name in batch.column("id").to_pylist()]
    return batch.filter(pa.array(keep, pa.bool_()))


def summary(results: Path) -> Done:
    """Return what a folder of results holds."""
    last = _last_rows(results)
    graded = [row for row in last.values() if row["right"] is not None]
    return Done(
        questions=len(last),
        failed=sum(row["error"] is not None for row in last.values()),
        graded=len(graded),
        right=sum(bool(row["right"]) for row in graded),
    )


def _done(work: Work) -> set[str]:
    rows = _last_rows(work.results)
    return {name for name, row in rows.items() if row["error"] is None or not work.retry_failed}


def _last_rows(results: Path) -> dict[str, Mapping[str, object]]:
    """Return `right` and `error` by id; of several rows of one question an answer goes first."""
    files = sorted(results.glob("*.parquet"))
    rows: dict[str, Mapping[str, object]] = {}
    if not files:
        return rows
    data = pads.dataset([str(file) for file in files], format="parquet")
    for batch in data.to_batches(columns=["id", "right", "error"]):
        for row in batch.to_pylist():
            if row["id"] not in rows or row["error"] is None:
                rows[row["id"]] = row
    return rows


def _read(data: Path) -> ray.data.Dataset:
    kind = data.suffix if data.is_file() else next(iter(_suffixes(data)), "")
    if kind == ".parquet":
        return ray.data.read_parquet(str(data))
    if kind in (".json", ".jsonl"):
        return ray.data.read_json(str(data), file_extensions=["json", "jsonl"])
    raise EvaluationError(f"{data} holds no .jsonl, .json or .parquet")


def _suffixes(folder: Path) -> list[str]:
    return sorted({file.suffix for file in folder.glob("*")} & {".parquet", ".json", ".jsonl"})


def _check_how(work: Work, how: HowAsked) -> None:
    told = {
        "data": work.data.name,
        "effort": how.effort or how.settings.effort,
        "kind": how.kind,
        "max_generations": how.max_generations,
        "base_url": how.base_url,
    }
    file = work.results / HOW
    if not file.exists():
        work.results.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(told, indent=1) + "\n")
    elif (before := json.loads(file.read_text())) != told:
        raise EvaluationError(f"{work.results} was begun with {before}, not {told}")


def _reason(exc: BaseException) -> str:
    """Return the line that says what went wrong, out of the tracebacks that Ray brings."""
    lines = [line.strip() for line in str(exc).splitlines() if line.strip()]
    ours = [line for line in lines if "Error: " in line and not line.startswith("File")]
    return (ours or lines or [type(exc).__name__])[-1]
