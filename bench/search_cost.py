"""What the search strategies cost on running servers: seconds, tokens, requests, accuracy.

    python bench/search_cost.py QUESTIONS.jsonl --limit 60 --ns 4 8 16 --at-once 16 60

Each line of the file has `question` and `answer`. A cell is one strategy at one N and one number of
questions at once, run alone: every question goes through the strategy's rounds to its end, in one
process and one event loop, with the package's own generator, verifier, vote and equality. The early
stops of a run are left out, so that equal N means equal N. Calls, tokens and waiting are counted by
wrapping the generator and the verifier. The prefix cache is read from the server's own counters (a
reply to several prompts tells the cached tokens of its last prompt alone), so nobody else should use
the servers meanwhile.

The scoring section takes the answers that best-of-N found and scores them again: whole, and step by
step as step-wise searches do, each run by itself and gathered over the runs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import random
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import httpx2

from forethought.nodes.algorithms.base import Search, Strategy, Tools
from forethought.nodes.algorithms.registry import JsonScalar, strategy_from
from forethought.nodes.algorithms.selection import select
from forethought.nodes.backends.base import Abilities, Generator, OnText, Prompt, Sampled
from forethought.nodes.backends.client import new_client, root_of
from forethought.nodes.backends.probe import probe_generator, served_models
from forethought.nodes.backends.vllm import VllmGenerator
from forethought.nodes.equality.keys import AnswerKeys
from forethought.nodes.equality.read import read_answers
from forethought.nodes.errors import BackendError
from forethought.nodes.prompts import answer_messages
from forethought.nodes.values import Message, Question, Sampling, Usage
from forethought.nodes.verifiers.base import Granularity, ProcessVerifier, Scored
from forethought.nodes.verifiers.batched import BatchedVerifier
from forethought.nodes.verifiers.vllm_prm import VllmProcessVerifier

T = TypeVar("T")
BASELINE = "best_of_n"
STRATEGIES: dict[str, Callable[[int], dict[str, JsonScalar]]] = {
    BASELINE: lambda n: {"name": "best_of_n", "n": n},
    "beam": lambda n: {"name": "beam_search", "n": n, "m": 4},
    "beam_sqrt": lambda n: {"name": "beam_search", "n": n, "m": max(math.isqrt(n), 1)},
    "dvts": lambda n: {"name": "dvts", "n": n, "m": 4},
    "particle_filtering": lambda n: {"name": "particle_filtering", "n": n},
    "rebase": lambda n: {"name": "rebase", "n": n},
    "lookahead": lambda n: {"name": "lookahead", "n": n, "m": 4, "k": 1},
    "majority": lambda n: {"name": "majority", "n": n},
}
COUNTERS = {
    "cache_queries": "vllm:prefix_cache_queries_total",
    "cache_hits": "vllm:prefix_cache_hits_total",
    "read_tokens": "vllm:prompt_tokens_total",
    "pooling_requests": 'http_requests_total{handler="/pooling"',
}
"""What is read from a server's metrics: our name, and how its lines begin."""


@dataclass(slots=True)
class Spent:
    """What went through the generator and the verifier."""

    usage: Usage = field(default_factory=Usage)
    generator_calls: int = 0
    """Calls that algorithms made; each is one request unless it was tried again."""
    verifier_calls: int = 0
    solutions: int = 0
    """Solutions, finished or not, that were scored."""
    generator_s: float = 0.0
    """Waited for the generator, summed over the questions."""
    verifier_s: float = 0.0


class CountedGenerator:
    """A generator that counts."""

    def __init__(self, inner: Generator, spent: Spent) -> None:
        self._inner, self._spent = inner, spent

    @property
    def abilities(self) -> Abilities:
        """What the server behind it can do."""
        return self._inner.abilities

    async def complete(
        self,
        prompts: Sequence[Prompt],
        *,
        n: int,
        sampling: Sampling,
        on_text: OnText | None = None,
        timeout_s: float | None = None,
    ) -> Sampled:
        """Return what the inner one returns."""
        started = time.monotonic()
        self._spent.generator_calls += 1
        try:
            sampled = await self._inner.complete(
                prompts, n=n, sampling=sampling, on_text=on_text, timeout_s=timeout_s
            )
        finally:
            self._spent.generator_s += time.monotonic() - started
        self._spent.usage += sampled.usage
        return sampled


class CountedVerifier:
    """A process verifier that counts."""

    def __init__(self, inner: ProcessVerifier, spent: Spent) -> None:
        self._inner, self._spent = inner, spent

    @property
    def model(self) -> str:
        """The name it is served under."""
        return self._inner.model

    @property
    def granularity(self) -> Granularity:
        """What it scores."""
        return self._inner.granularity

    async def score(self, question: Question, solutions: Sequence[Sequence[str]]) -> Scored:
        """Return what the inner one returns."""
        started = time.monotonic()
        self._spent.verifier_calls += 1
        self._spent.solutions += len(solutions)
        try:
            scored = await self._inner.score(question, solutions)
        finally:
            self._spent.verifier_s += time.monotonic() - started
        self._spent.usage += scored.usage
        return scored


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One question with its gold answer."""

    question: Question
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one strategy made of one question."""

    right: bool
    seconds: float
    rounds: int
    finals: int
    """Candidates that take part in the vote."""
    distinct: int
    """Different answers among them."""
    failed: str | None = None
    faults: tuple[str, ...] = ()
    solutions: tuple[tuple[str, ...], ...] = ()
    """The steps of the finals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One strategy at one N and one number of questions at once, over all questions."""

    strategy: str
    n: int
    at_once: int
    repeat: int
    wall_s: float
    outcomes: tuple[Outcome, ...]
    spent: Spent
    counters: dict[str, float]
    """What the servers' own counters moved by."""


class Bench:
    """The servers, the questions and what has been measured."""

    def __init__(
        self, args: argparse.Namespace, generator: Generator, verifier: VllmProcessVerifier
    ) -> None:
        self.args, self.generator, self.plain = args, generator, verifier
        self.verifier = BatchedVerifier(verifier) if args.batched else verifier
        self.keys = AnswerKeys()
        self.started = time.monotonic()
        self.cells: list[Cell] = []
        self.scoring: list[dict[str, Any]] = []
        self.skipped: list[str] = []

    @property
    def left_s(self) -> float:
        """Seconds until the limit."""
        return float(self.args.limit_s) - (time.monotonic() - self.started)

    async def answer(self, row: Row, strategy: Strategy, spent: Spent, chance: str) -> Outcome:
        """Run a strategy on a question to its end."""
        started = time.monotonic()
        tools = Tools(
            question=row.question,
            messages=answer_messages(row.question),
            generator=CountedGenerator(self.generator, spent),
            verifier=CountedVerifier(self.verifier, spent),
            sampling=Sampling(
                temperature=self.args.temperature,
                top_p=self.args.top_p,
                max_tokens=self.args.max_tokens,
            ),
            timeout_s=self.args.timeout_s,
            rng=random.Random(chance),
        )
        search, failed = Search(epoch=1), None
        try:
            while not search.done:
                after = await strategy.advance(search, tools)
                known = len(search.candidates)
                new = after.candidates[known:]
                read = await read_answers(new, row.question.kind, self.keys)
                search = replace(after, candidates=after.candidates[:known] + read)
        except BackendError as exc:
            failed = str(exc)
        winner = select(search.candidates, strategy.selection).winner
        key = next((c.answer_key for c in search.candidates if c.key == winner), None)
        (gold,) = await self.keys.keys([row.answer], row.question.kind)
        finals = [c for c in search.candidates if c.votes]
        return Outcome(
            right=key is not None and key == gold,
            seconds=time.monotonic() - started,
            rounds=search.rounds,
            finals=len(finals),
            distinct=len({c.answer_key for c in finals}),
            failed=failed,
            faults=search.faults,
            solutions=tuple(
                tuple(text for s in c.steps if (text := s.text.strip())) for c in finals
            ),
        )

    async def warm_up(self, rows: Sequence[Row]) -> None:
        """Run what the first cells run and throw it away.

        Servers compile kernels for each new width at its first batch, and the worker process of the
        equality takes seconds to start: both would count against whatever comes first.
        """
        await self.keys.keys(["\\frac{1}{2}"], "math")
        for name in (BASELINE, "beam"):
            strategy = strategy_from(STRATEGIES[name](max(min(self.args.ns), 4)))
            jobs = [self.answer(row, strategy, Spent(), "warm-up") for row in rows]
            await at_once_all(max(self.args.at_once), jobs)
        self.tell("warm")

    async def cell(self, rows: Sequence[Row], name: str, n: int, at_once: int, repeat: int) -> None:
        """Measure one cell, unless it would not end in time."""
        label = f"{name} N={n} at once={at_once} repeat={repeat}"
        if (expected := expected_s(self.cells, name, n, at_once)) > self.left_s:
            self.skipped.append(f"{label}: {expected:.0f} s expected, {self.left_s:.0f} s left")
            return
        strategy, spent = strategy_from(STRATEGIES[name](n)), Spent()
        before = await self.counters(reset=True)
        started = time.monotonic()
        try:
            async with asyncio.timeout(self.left_s):
                outcomes = await at_once_all(
                    at_once,
                    [
                        self.answer(row, strategy, spent, f"{repeat} {number}")
                        for number, row in enumerate(rows)
                    ],
                )
        except TimeoutError:
            self.skipped.append(f"{label}: cut off at the time limit")
            return
        wall = time.monotonic() - started
        after = await self.counters()
        self.cells.append(
            Cell(
                strategy=name,
                n=n,
                at_once=at_once,
                repeat=repeat,
                wall_s=wall,
                outcomes=tuple(outcomes),
                spent=spent,
                counters=moved(before, after),
            )
        )
        self.tell(f"{label}: {wall:.1f} s, {spent.usage.completion_tokens / wall:.0f} tok/s")

    async def score_again(self, n: int, at_once: int, rows: Sequence[Row]) -> None:
        """Score the finals of the last best-of-N cell at `n`: whole, step by step, gathered."""
        cells = [c for c in self.cells if (c.strategy, c.n) == (BASELINE, n)]
        if not cells:
            return
        runs = [
            (row.question, outcome.solutions)
            for row, outcome in zip(rows, cells[-1].outcomes, strict=True)
            if outcome.solutions
        ]
        ways: list[tuple[str, ProcessVerifier, bool]] = [
            ("whole", self.plain, False),
            ("whole, gathered", BatchedVerifier(self.plain), False),
            ("step by step", self.plain, True),
            ("step by step, gathered", BatchedVerifier(self.plain), True),  # remembers nothing yet
        ]
        for way, verifier, stepwise in ways:
            spent = Spent()
            counted = CountedVerifier(verifier, spent)
            before = await self.counters()
            started = time.monotonic()
            try:
                async with asyncio.timeout(self.left_s):
                    await at_once_all(at_once, [score_run(counted, *r, stepwise) for r in runs])
            except (TimeoutError, BackendError) as exc:
                self.skipped.append(f"scoring {way} N={n}: {exc!r}")
                continue
            wall = time.monotonic() - started
            counters = moved(before, await self.counters())
            self.scoring.append(
                {"way": way, "n": n, "at_once": at_once, "wall_s": wall, "runs": len(runs)}
                | {"calls": spent.verifier_calls, "solutions": spent.solutions}
                | {"verifier_tokens": spent.usage.verifier_tokens}
                | {"waited_s": spent.verifier_s, "counters": counters}
            )
            self.tell(f"scoring {way} N={n} at once={at_once}: {wall:.1f} s")

    async def counters(self, *, reset: bool = False) -> dict[str, float]:
        """Return the servers' counters as far as they have any; `reset` empties the prefix cache.

        Only a vLLM in its development mode empties it; elsewhere later cells find the prompts of
        earlier ones in the cache.
        """
        found: dict[str, float] = {}
        async with httpx2.AsyncClient(timeout=30) as client:
            for side, root in self.args.roots.items():
                try:
                    if reset and side == "generator":
                        await client.post(f"{root}/reset_prefix_cache")
                    reply = await client.get(f"{root}/metrics")
                except httpx2.HTTPError:
                    continue
                lines = reply.text if reply.status_code == 200 else ""
                found |= {f"{side}_{k}": v for k, v in read_counters(lines).items()}
        return found

    def tell(self, line: str) -> None:
        """Print a line, and write what there is, so that a killed run keeps what it measured."""
        sys.stdout.write(f"{time.monotonic() - self.started:6.0f} s  {line}\n")
        sys.stdout.flush()
        cells = [asdict(c) for c in self.cells]
        for outcome in (o for c in cells for o in c["outcomes"]):
            del outcome["solutions"]
        settings = {k: v for k, v in vars(self.args).items() if k != "roots"}
        document = {"settings": settings, "cells": cells, "scoring": self.scoring}
        text = json.dumps(document | {"skipped": self.skipped}, indent=1, default=str)
        self.args.out.write_text(text, encoding="utf-8")


async def at_once_all(at_once: int, jobs: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """Return what the jobs return, in their order, with at most `at_once` under way."""
    gate = asyncio.Semaphore(at_once)

    async def one(job: Awaitable[T]) -> T:
        async with gate:
            return await job

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(job)) for job in jobs]
    return [task.result() for task in tasks]


async def score_run(
    verifier: ProcessVerifier,
    question: Question,
    solutions: Sequence[Sequence[str]],
    stepwise: bool,
) -> None:
    """Score the solutions of one run; step by step, all prefixes of one length in one call."""
    longest = max(map(len, solutions))
    for length in range(1, longest + 1) if stepwise else [longest]:
        await verifier.score(
            question, [s[:length] for s in solutions if len(s) >= length or not stepwise]
        )


def expected_s(cells: Sequence[Cell], strategy: str, n: int, at_once: int) -> float:
    """Return how long a cell is likely to take: as the nearest one measured, in proportion to N.

    More questions at once are taken to save nothing; without anything to go by, 0.
    """
    same = [c for c in cells if c.strategy == strategy and c.at_once <= at_once]
    times = 1.0
    if not same:  # step-wise searches take a few times as long as whole answers
        same, times = [c for c in cells if c.strategy == BASELINE and c.at_once <= at_once], 3.0
    if not same:
        return 0.0
    nearest = min(same, key=lambda c: (abs(math.log(c.n / n)), at_once - c.at_once))
    return times * nearest.wall_s * max(n / nearest.n, 1.0)


def read_counters(text: str) -> dict[str, float]:
    """Return the counters in a Prometheus text, each summed over its label sets."""
    found: dict[str, float] = {}
    for line in text.splitlines():
        for name, start in COUNTERS.items():
            if line.startswith(start):
                found[name] = found.get(name, 0.0) + float(line.rsplit(" ", 1)[1])
    return found


def moved(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """Return by how much each counter has moved; one that is new began at 0."""
    return {name: value - before.get(name, 0.0) for name, value in after.items()}


def table(cells: Sequence[Cell]) -> str:
    """Return the cells as Markdown; repeats are one line, with their mean."""
    lines = [
        (
            "| at once | N | strategy | right % (s.e.) | wall s | wall x best-of-N | s a question |"
            " generated tokens | tok/s | x best-of-N a token | generator calls | prompt tokens |"
            " cached % | verifier tokens | verifier calls | waited for it % | finals | distinct |"
            " failed |"
        ),
        "|" + "---|" * 19,
    ]
    groups: dict[tuple[int, int, str], list[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.at_once, cell.n, cell.strategy), []).append(cell)
    for (at_once, n, name), group in groups.items():
        base = groups.get((at_once, n, BASELINE))
        lines.append(f"| {at_once} | {n} | {name} | " + " | ".join(_columns(group, base)) + " |")
    return "\n".join(lines)


def _columns(group: Sequence[Cell], base: Sequence[Cell] | None) -> Iterable[str]:
    outcomes = [o for c in group for o in c.outcomes]
    share = sum(o.right for o in outcomes) / len(outcomes)
    error = math.sqrt(share * (1 - share) / len(outcomes))
    wall, tokens = _mean(c.wall_s for c in group), _generated(group)
    spent = [c.spent for c in group]
    seconds = _mean(o.seconds for o in outcomes)
    yield f"{100 * share:.1f} ({100 * error:.1f})"
    yield f"{wall:.1f}"
    yield f"{wall / _mean(c.wall_s for c in base):.2f}" if base else ""
    yield f"{seconds:.1f}"
    yield f"{tokens:.0f}"
    yield f"{tokens / wall:.0f}"
    yield f"{wall / tokens / _mean(c.wall_s for c in base) * _generated(base):.2f}" if base else ""
    yield f"{_mean(s.generator_calls for s in spent):.0f}"
    queries = _mean(c.counters.get("generator_cache_queries", 0.0) for c in group)
    hits = _mean(c.counters.get("generator_cache_hits", 0.0) for c in group)
    yield f"{queries or _mean(s.usage.prompt_tokens for s in spent):.0f}"
    yield f"{100 * hits / queries:.1f}" if queries else ""
    yield f"{_mean(s.usage.verifier_tokens for s in spent):.0f}"
    yield f"{_mean(s.verifier_calls for s in spent):.0f}"
    yield f"{100 * _mean(s.verifier_s for s in spent) / (seconds * len(group[0].outcomes)):.0f}"
    yield f"{_mean(o.finals for o in outcomes):.1f}"
    yield f"{_mean(o.distinct for o in outcomes):.1f}"
    yield str(sum(o.failed is not None for o in outcomes))


def _generated(cells: Sequence[Cell]) -> float:
    return max(_mean(c.spent.usage.completion_tokens for c in cells), 1.0)


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed)


def scoring_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the scoring section as Markdown."""
    lines = [
        (
            "| at once | N | scored | wall s | calls | requests sent | solutions | verifier tokens |"
            " tok/s |"
        ),
        "|" + "---|" * 9,
    ]
    for row in rows:
        sent = row["counters"].get("verifier_pooling_requests")
        lines.append(
            f"| {row['at_once']} | {row['n']} | {row['way']} | {row['wall_s']:.2f} | {row['calls']}"
            f" | {'' if sent is None else round(sent)} | {row['solutions']}"
            f" | {row['verifier_tokens']} | {row['verifier_tokens'] / row['wall_s']:.0f} |"
        )
    return "\n".join(lines)


def read_rows(path: Path, limit: int) -> list[Row]:
    """Return the first questions of a file."""
    documents = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[:limit]]
    return [
        Row(
            question=Question(
                messages=(Message("user", document["question"]),),
                kind=document.get("kind", "math"),
            ),
            answer=document["answer"],
        )
        for document in documents
    ]


async def main(args: argparse.Namespace) -> None:
    """Measure every cell, the cheap ones first."""
    rows = read_rows(args.questions, args.limit)
    generator_client, verifier_client = map(new_client, (args.generator_url, args.verifier_url))
    args.roots = {"generator": root_of(generator_client), "verifier": root_of(verifier_client)}
    async with generator_client, verifier_client:
        generator = VllmGenerator(generator_client, await probe_generator(generator_client, None))
        served = await served_models(verifier_client)
        bench = Bench(args, generator, VllmProcessVerifier(verifier_client, next(iter(served))))
        try:
            if args.warm_up:
                await bench.warm_up(rows)
            for at_once in args.at_once:
                for n in args.ns:
                    for repeat in range(args.repeats):
                        for name in args.strategies:
                            await bench.cell(rows, name, n, at_once, repeat)
            for n in args.scoring_ns:
                await bench.score_again(n, max(args.at_once), rows)
            bench.tell("done")
        finally:
            bench.keys.close()
    skipped = "\n".join(f"skipped: {line}" for line in bench.skipped)
    sys.stdout.write(f"{table(bench.cells)}\n\n{scoring_table(bench.scoring)}\n\n{skipped}\n")


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("questions", type=Path)
    made.add_argument("--limit", type=int, default=60, help="questions, from the file's start")
    made.add_argument("--generator-url", default="http://127.0.0.1:8100/v1")
    made.add_argument("--verifier-url", default="http://127.0.0.1:8101/v1")
    made.add_argument(
        "--strategies",
        nargs="+",
        choices=STRATEGIES,
        default=[BASELINE, "beam", "dvts", "particle_filtering"],
    )
    made.add_argument("--ns", nargs="+", type=int, default=[4, 8, 16], help="N, also 64")
    made.add_argument("--at-once", nargs="+", type=int, default=[1, 8, 32], help="questions")
    made.add_argument("--repeats", type=int, default=1)
    made.add_argument("--max-tokens", type=int, default=320, help="of one answer")
    made.add_argument("--temperature", type=float, default=0.8)
    made.add_argument("--top-p", type=float, default=0.95)
    made.add_argument(
        "--timeout-s", type=float, help="of a call; with one it is streamed, as under a deadline"
    )
    made.add_argument(
        "--warm-up",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="throw a first pass over the questions away",
    )
    made.add_argument(
        "--batched",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="gather scoring requests over the questions",
    )
    made.add_argument(
        "--scoring-ns", nargs="*", type=int, default=[], help="score again at these N"
    )
    made.add_argument("--limit-s", type=float, default=3600.0, help="skip what would end later")
    made.add_argument("--out", type=Path, default=Path("search_cost.json"))
    return made


if __name__ == "__main__":
    asyncio.run(main(parser().parse_args()))
