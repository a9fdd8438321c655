"""Accuracy and tokens by effort, of a running server, on questions with gold answers.

    python bench/effort_accuracy.py QUESTIONS.jsonl --limit 30 --efforts none low medium

An effort may bring an extension object, under a name of its own, to set a fixed strategy beside the active policy:

    --efforts 'policy={"max_generations": 16}' \\
        'best-of-11={"max_generations": 11, "strategy": {"name": "best_of_n", "n": 11}}'

Each line of the file has `question` and `answer`. Every reply is graded by the service's own
equality and printed as one JSON line; the table at the end is Markdown, with the paired differences to
the first effort below it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import openai

from forethought.nodes.equality.extract import extract_answer
from forethought.nodes.equality.keys import AnswerKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """One reply."""

    number: int
    effort: str
    right: bool
    generations: int
    completion_tokens: int
    verifier_tokens: int
    seconds: float
    stop_reason: str
    strategy: str | None
    trace_id: str


async def ask(
    client: openai.AsyncOpenAI, keys: AnswerKeys, row: dict[str, str], number: int, effort: str
) -> Graded:
    """Ask one question and grade the reply."""
    name, _, extension = effort.partition("=")
    dial = {} if extension else {"reasoning_effort": name}
    started = time.monotonic()
    reply = await client.chat.completions.create(  # type: ignore[call-overload]
        model="forethought",
        messages=[{"role": "user", "content": row["question"]}],
        extra_body={"forethought": {"task_kind": "math", **json.loads(extension or "{}")}},
        **dial,
    )
    answer = extract_answer(reply.choices[0].message.content, "math")
    found, gold = await keys.keys([answer or "", row["answer"]], "math")
    said = reply.model_extra["forethought"]
    return Graded(
        number=number,
        effort=name,
        right=answer is not None and found == gold,
        generations=said["generations"],
        completion_tokens=reply.usage.completion_tokens,
        verifier_tokens=said["verifier_tokens"],
        seconds=time.monotonic() - started,
        stop_reason=said["stop_reason"],
        strategy=said["strategy"],
        trace_id=said["trace_id"],
    )


def table(graded: list[Graded], efforts: list[str]) -> str:
    """Return the means as Markdown, with the standard error of the accuracy."""
    lines = [
        "| effort | right | accuracy % (s.e.) | generations | generated tokens | verifier tokens | s |",
        "|---|---|---|---|---|---|---|",
    ]
    for effort in (given.partition("=")[0] for given in efforts):
        rows = [g for g in graded if g.effort == effort]
        n, share = len(rows), sum(g.right for g in rows) / len(rows)
        error = math.sqrt(share * (1 - share) / n)
        means = (
            sum(getattr(g, name) for g in rows) / n
            for name in ("generations", "completion_tokens", "verifier_tokens", "seconds")
        )
        cells = " | ".join(f"{mean:.1f}" for mean in means)
        right = sum(g.right for g in rows)
        lines.append(
            f"| {effort} | {right}/{n} | {100 * share:.1f} ({100 * error:.1f}) | {cells} |"
        )
    return "\n".join(lines)


def paired(graded: list[Graded], efforts: list[str]) -> str:
    """Return what each later effort gains on the first one, in points with the standard error over questions."""
    first, *others = (given.partition("=")[0] for given in efforts)
    right = {(g.effort, g.number): g.right for g in graded}
    numbers = sorted({g.number for g in graded})
    lines: list[str] = []
    for other in others:
        gains = [right[other, n] - right[first, n] for n in numbers]
        mean = sum(gains) / len(gains)
        error = math.sqrt(sum((gain - mean) ** 2 for gain in gains)) / len(gains)
        lines.append(
            f"{other} over {first}: {100 * mean:+.1f} points (s.e. {100 * error:.1f}), paired"
        )
    return "\n".join(lines)


async def main(args: argparse.Namespace) -> None:
    """Ask everything, `--at-once` at a time, each question at every effort before the next one."""
    lines = args.questions.read_text(encoding="utf-8").splitlines()[: args.limit]
    rows = [json.loads(line) for line in lines]
    keys, gate = AnswerKeys(), asyncio.Semaphore(args.at_once)
    graded: list[Graded] = []

    async def one(client: openai.AsyncOpenAI, number: int, effort: str) -> None:
        async with gate:
            result = await ask(client, keys, rows[number], number, effort)
        graded.append(result)
        print(json.dumps(asdict(result)), flush=True)

    async with (
        openai.AsyncOpenAI(
            base_url=args.base_url, api_key="none", max_retries=0, timeout=3600
        ) as client,
        asyncio.TaskGroup() as group,
    ):
        for number in range(len(rows)):
            for effort in args.efforts:
                group.create_task(one(client, number, effort))
    keys.close()
    print(table(graded, args.efforts), paired(graded, args.efforts), sep="\n\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--limit", type=int, default=30)
    parser.add_argument("--efforts", nargs="+", default=["none", "low", "medium"])
    parser.add_argument("--base-url", default="http://127.0.0.1:8000/v1")
    parser.add_argument("--at-once", type=int, default=4)
    asyncio.run(main(parser.parse_args()))
