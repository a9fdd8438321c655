"""Stands for the Python of vLLM's environment: conversion scripts, pip, and a model server.

The server does what the "behaviour" in the model's config.json says, and writes the ids of its two
processes, itself and a worker that ignores SIGTERM, to pids.txt in the model's folder.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

WORKER = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pause()"


def log(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def option(name: str) -> str:
    return sys.argv[sys.argv.index(name) + 1]


class Handler(BaseHTTPRequestHandler):
    unhealthy_answers = 2
    dies_after = False

    def do_GET(self) -> None:
        status = 200
        body: dict[str, object] = {}
        if self.path == "/health" and Handler.unhealthy_answers > 0:
            Handler.unhealthy_answers -= 1
            status = 503
        elif self.path == "/v1/models":
            body = {"data": [{"id": option("--served-model-name")}]}
        elif self.path == "/die":
            log("RuntimeError: out of tea")
            os._exit(3)
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def serve() -> None:
    model = Path(option("--model"))
    behaviour = json.loads((model / "config.json").read_text()).get("behaviour", "serves")
    if behaviour == "dies":
        log("(EngineCore pid=7) ERROR 11-23 03:12:56 [core.py:1] ValueError: no such weights")
        log("RuntimeError: Engine core initialization failed. See root cause above.")
        sys.exit(1)
    worker = subprocess.Popen([sys.executable, "-c", WORKER])
    (model / "pids.txt").write_text(f"{os.getpid()} {worker.pid}")
    if behaviour in ("hangs", "hangs and ignores SIGTERM"):
        if behaviour != "hangs":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        log("loading for ever")
        while True:
            signal.pause()
    HTTPServer((option("--host"), int(option("--port"))), Handler).serve_forever()


def main() -> None:
    program = Path(sys.argv[1]).name
    if program in ("convert_gguf.py", "merge_prm.py"):
        out = Path(sys.argv[-1])
        out.mkdir()
        (out / "config.json").write_text(json.dumps({"made_by": sys.argv[1:-1]}))
    elif sys.argv[1:3] == ["-m", "vllm.entrypoints.openai.api_server"]:
        serve()
    elif sys.argv[1:3] != ["-m", "pip"]:
        sys.exit(f"the fake knows no {sys.argv[1:]}")


main()
