"""Listens, and prints where: one JSON line with the port and the process id."""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import signal

from .bank import Bank
from .connection import Connection
from .engine import Cost, Engine
from .faults import Faults
from .recorded import RecordedBank
from .seeded import Mix, SeededBank
from .service import Upstream


async def serve(options: argparse.Namespace) -> None:
    """Serve until the process is told to end."""
    loop = asyncio.get_running_loop()
    service = Upstream(
        _bank(options),
        Engine(_cost(options)),
        model=options.model,
        max_model_len=options.max_model_len,
        piece=options.piece,
        chat_only=options.chat_only or options.pool is not None,
        goes_on=options.goes_on,
        seed=options.seed,
    )
    service.faults = Faults.read(json.loads(options.faults))
    listener = await loop.create_server(
        lambda: Connection(service), options.host, options.port, backlog=1024
    )
    port = listener.sockets[0].getsockname()[1]
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)

    async def be_down(seconds: float) -> None:
        nonlocal listener
        listener.close()
        for connection in list(service.connections):
            connection.abort()
        await asyncio.sleep(seconds)
        listener = await loop.create_server(
            lambda: Connection(service), options.host, port, backlog=1024
        )

    pauses: set[asyncio.Task[None]] = set()

    def go_down(seconds: float) -> None:
        task = loop.create_task(be_down(seconds))
        pauses.add(task)
        task.add_done_callback(pauses.discard)

    service.on_down = go_down
    gc.freeze()  # what is rendered stays; a full collection would stop every client's clock
    print(json.dumps({"port": port, "pid": os.getpid(), "model": options.model}), flush=True)
    await ended.wait()
    listener.close()


def _bank(options: argparse.Namespace) -> Bank:
    if options.pool is not None:
        return RecordedBank(options.pool, limit=options.limit, seed=options.seed)
    mix = Mix(
        count=options.questions,
        easy=options.easy,
        hard=options.hard,
        answer_tokens=options.answer_tokens,
    )
    return SeededBank(mix, options.seed)


def _cost(options: argparse.Namespace) -> Cost:
    return Cost(
        latency_s=options.latency_ms / 1000,
        step_s=options.step_ms / 1000,
        per_sequence_s=options.step_ms_per_sequence / 1000,
        prefill_s=options.prefill_ms_per_1k / 1e6,
        max_sequences=options.max_sequences,
    )
