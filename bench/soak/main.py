"""Starts the servers, asks, and compares what is held before and after."""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from ..overhead.cells import run
from ..overhead.load import Replied, load, request
from ..upstream.running import running
from . import __doc__ as description

QUIET_S = 10.0
"""Before anything is counted: idle connections are closed by then, and rows are written."""


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    made = argparse.ArgumentParser(
        prog="soak", description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--requests", type=int, default=10_000)
    made.add_argument("--at-once", type=int, default=64)
    made.add_argument("--warm-up", type=int, default=500)
    made.add_argument("--out", type=Path, default=Path("soak.json"))
    return made


def main(options: argparse.Namespace) -> None:
    """Run it, and print what was found as JSON."""
    with running("--questions", "400") as upstream, tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "traces.db"
        with socket.create_server(("127.0.0.1", 0)) as free:
            port: int = free.getsockname()[1]
        settings = {
            "FORETHOUGHT_GENERATOR_URL": f"{upstream.url}/v1",
            "FORETHOUGHT_VERIFIER_URL": "",
            "FORETHOUGHT_DATABASE_URL": f"sqlite:///{database}",
            "FORETHOUGHT_PILOT": "8",
        }
        command = [sys.executable, "-m", "bench.soak.server", str(port)]
        root = Path(__file__).resolve().parents[2]
        with subprocess.Popen(
            command, cwd=root, env=os.environ | settings, stdout=subprocess.PIPE, text=True
        ) as server:
            try:
                found = _measured(options, upstream.get("/questions"), server, port)
            finally:
                server.send_signal(signal.SIGTERM)
        found["upstream"] = upstream.counters()
        found["stored"] = _stored(database)
    print(json.dumps(found, indent=1))
    options.out.write_text(json.dumps(found, indent=1))


def _measured(
    options: argparse.Namespace,
    asked: list[dict[str, Any]],
    server: subprocess.Popen[str],
    port: int,
) -> dict[str, Any]:
    assert server.stdout is not None
    json.loads(server.stdout.readline())

    def held() -> dict[str, int]:
        time.sleep(QUIET_S)
        server.send_signal(signal.SIGUSR1)
        said: dict[str, int] = json.loads(server.stdout.readline())  # type: ignore[union-attr]
        return said

    def ask(count: int) -> dict[str, Any]:
        status: Counter[int] = Counter()
        whole = 0

        def take(reply: Replied) -> None:
            nonlocal whole
            status[reply.status] += 1
            whole += reply.status == 200 and b'"finish_reason":"stop"' in reply.body

        bodies = [_body(asked[k % len(asked)]["text"]) for k in range(count)]
        requests = [request(port, "/v1/chat/completions", body) for body in bodies]
        loaded = run(load(port, requests, at_once=options.at_once, on_reply=take))
        return {
            "seconds": round(loaded.seconds, 1),
            "per_s": round(count / loaded.seconds, 1),
            "status": dict(status),
            "whole": whole,
            "broken": loaded.broken,
        }

    ask(options.warm_up)
    before = held()
    asked_for = ask(options.requests)
    return {"before": before, "asked": asked_for, "after": held()}


def _body(question: str) -> bytes:
    limits = {"max_generations": 8, "task_kind": "number"}
    messages = [{"role": "user", "content": question}]
    body = {"model": "forethought", "messages": messages, "forethought": limits}
    return json.dumps(body).encode()


def _stored(database: Path) -> dict[str, int]:
    with sqlite3.connect(database) as connection:
        rows = connection.execute("SELECT status, count(*) FROM trace GROUP BY status").fetchall()
    return dict(rows)
