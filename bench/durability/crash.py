"""Kills the server at random moments, and looks after each next start."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import httpx2

from .asking import Asking, Got
from .ledger import Told, integrity, missing, runs_of, statuses
from .serving import serving

SOONEST_S, LATEST_S = 0.2, 2.0
"""When it is killed, after the first answer."""
BOUND_S = 60.0


async def crash(
    model_url: str,
    database: str,
    folder: Path,
    *,
    kills: int,
    clients: int,
    rng: random.Random,
) -> Told:
    """Return what was found."""
    questions = await questions_of(model_url)
    answers: list[Got] = []
    lost: dict[str, None] = {}
    corrupt: list[str] = []
    broken = left_running = 0
    for kill in range(kills + 1):
        async with serving(model_url, database, folder) as server:
            runs = await runs_of(database)  # after the start, before anything new is asked
            lost |= dict.fromkeys(missing(answers, runs))
            left_running += sum(run.status == "running" for run in runs.values())
            if (found := await integrity(database)) != "ok":
                corrupt.append(found)
            if kill == kills:
                break
            asking = Asking(server.url, questions, clients)
            async with asking:
                async with asyncio.timeout(BOUND_S):
                    await asking.answered.wait()
                await asyncio.sleep(rng.uniform(SOONEST_S, LATEST_S))
                await server.kill()
                asking.stop()
            answers += asking.book.answers
            broken += asking.book.broken
    runs = await runs_of(database)
    return Told(
        lines=[
            f"{kills} kills with {clients} clients",
            f"{len(answers)} answers came whole, {broken} replies broke off",
            f"the database has {len(runs)} runs: {statuses(runs)}",
            f"answers without their whole trace: {len(lost)}",
            *list(lost)[:20],
            f"runs left `running` after a next start: {left_running}",
            f"integrity checks that failed: {len(corrupt)} of {kills + 1}",
            *corrupt,
        ],
        lost=len(lost) + left_running + len(corrupt),
    )


async def questions_of(model_url: str) -> list[str]:
    """Return the questions that the mock knows answers of."""
    async with httpx2.AsyncClient(base_url=model_url, timeout=30) as http:
        return [question["text"] for question in (await http.get("/questions")).json()]
