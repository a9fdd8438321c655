"""The command: the service is started, every way gets its window, and both files are written."""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

import httpx2

from forethought.nodes.equality.keys import AnswerKeys

from . import __doc__ as description
from .asking import Question, Servers
from .cells import EFFORTS, RAW, SEARCHES, Cell, Way
from .gauges import Gauges
from .page import page
from .window import IDLE_S, measure

START_S = 60.0
"""Kept back for the start of the service, and for its end."""
WARM_S = 8.0
PROGRAM = "from forethought.server.cli.main import app; app()"


def main() -> None:
    """Measure, and write OUT.json and OUT.html."""
    made = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("questions", type=Path, help="JSON lines of question and answer")
    made.add_argument("--generator-url", default="http://127.0.0.1:8100/v1")
    made.add_argument("--verifier-url", default="", help="none leaves out the tree search")
    made.add_argument("--at-once", type=int, default=48, help="questions under way")
    made.add_argument("--limit-s", type=float, default=540.0, help="seconds for all of it")
    made.add_argument("--max-tokens", type=int, default=640, help="of one answer")
    made.add_argument("--workers", type=int, default=1, help="processes of the service")
    made.add_argument("--out", type=Path, default=Path("gpu"))
    asyncio.run(_run(made.parse_args()))


async def _run(asked: argparse.Namespace) -> None:
    began = time.monotonic()
    lines = [json.loads(line) for line in asked.questions.read_text().splitlines()]
    turn = itertools.cycle(
        [Question(text=line["question"], gold=line.get("answer")) for line in lines]
    )
    ways = (*RAW, *EFFORTS, *(SEARCHES if asked.verifier_url else ()))
    told = {k: str(v) if isinstance(v, Path) else v for k, v in vars(asked).items()}
    told |= {"date": time.strftime("%Y-%m-%d"), "questions_read": len(lines)}
    limits = httpx2.Limits(max_connections=asked.at_once + 8)
    keys = AnswerKeys()
    async with (
        httpx2.AsyncClient(timeout=asked.limit_s, limits=limits) as http,
        _service(asked) as url,
    ):
        models = (await http.get(f"{asked.generator_url}/models")).json()
        servers = Servers(
            http=http,
            generator_url=asked.generator_url,
            service_url=url,
            model=models["data"][0]["id"],
            keys=keys,
            max_tokens=asked.max_tokens,
        )
        told["model"] = servers.model
        gauges = Gauges(http, asked.generator_url.removesuffix("/v1"))
        cells: list[Cell] = []
        for warm in (EFFORTS[0], *(SEARCHES[1:] if asked.verifier_url else ())):
            await measure(warm, turn, servers, gauges, at_once=asked.at_once, window_s=WARM_S)
        for number, way in enumerate(ways):
            cell = await measure(
                way,
                turn,
                servers,
                gauges,
                at_once=asked.at_once,
                window_s=_share(asked.limit_s - (time.monotonic() - began), ways[number:]),
            )
            cells.append(cell)
            print(_line(cell, time.monotonic() - began), flush=True)
            _write(asked.out, told, cells)
    keys.close()
    told["seconds"] = round(time.monotonic() - began, 1)
    _write(asked.out, told, cells)
    print(f"{told['seconds']:6.0f} s  {asked.out}.json, {asked.out}.html")


def _share(left_s: float, ways: tuple[Way, ...]) -> float:
    """Return the seconds of the first of `ways`, when all of them share what is left."""
    left_s -= START_S / 2 + len(ways) * IDLE_S / 10  # servers that drop at once take little of it
    return max(1.0, left_s * ways[0].weight / sum(way.weight for way in ways))


def _line(cell: Cell, at_s: float) -> str:
    rate = f"{cell.questions_s:.2f} questions/s" if cell.questions_s else "no answer"
    busy = f"{100 * (cell.busy or 0):.0f}% busy"
    return f"{at_s:6.0f} s  {cell.way.name:14} {cell.tokens_s:8.0f} tokens/s, {rate}, {busy}"


def _write(out: Path, told: dict[str, object], cells: list[Cell]) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    document = {"settings": told, "cells": [asdict(cell) for cell in cells]}
    out.with_suffix(".json").write_text(json.dumps(document, indent=1), encoding="utf-8")
    out.with_suffix(".html").write_text(page(told, cells), encoding="utf-8")


@asynccontextmanager
async def _service(asked: argparse.Namespace) -> AsyncIterator[str]:
    """Run `forethought serve` and yield its base URL, which ends in /v1."""
    kept = {name: value for name, value in os.environ.items() if "FORETHOUGHT" not in name}
    with tempfile.TemporaryDirectory() as folder:
        given = {
            "GENERATOR_URL": asked.generator_url,
            "VERIFIER_URL": asked.verifier_url,
            "DATABASE_URL": f"sqlite:///{folder}/traces.db",
            "MAX_ANSWER_TOKENS": str(asked.max_tokens),
            "MAX_RUNNING": str(max(asked.at_once, asked.workers)),
            "GRACE_S": "0",
        }
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", PROGRAM, "serve", "--port", "0"),
            *("--workers", str(asked.workers)),
            env=kept | {f"FORETHOUGHT_{name}": value for name, value in given.items()},
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            if process.stdout is None:
                raise SystemExit("the service has no stdout")
            line = (await asyncio.wait_for(process.stdout.readline(), START_S)).decode()
            found = re.search(r"http://\S+?/v1", line)
            if found is None:
                raise SystemExit(f"the service did not start: {line!r}")
            yield found[0]
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()
