"""The systems: how each is started, asked, and read."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..upstream.running import Running
from .environments import python_of

Json = dict[str, Any]
SYSTEM = "You solve problems step by step."
"""The same system message for all: optillm always sends one."""
ANSWER = r"(?i)answer(?: is)?:?\s*([^\n]+)"
"""What its_hub reads an answer by."""
STARTS_WITHIN_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A system that runs."""

    port: int
    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """One system in one configuration."""

    name: str
    start: Callable[[Running], contextmanager[Served]]  # type: ignore[valid-type]
    body: Callable[[str], Json]
    """The request for a question."""
    completion_tokens: Callable[[Json], int] = field(
        default=lambda reply: int(reply["usage"]["completion_tokens"])
    )
    """What a reply says was generated."""


def asked(question: str) -> list[dict[str, str]]:
    """Return the conversation that every system gets."""
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": question}]


def straight(n: int) -> System:
    """Return the upstream itself, asked for `n` samples."""

    @contextmanager
    def start(upstream: Running) -> Iterator[Served]:
        yield Served(port=upstream.port, pid=upstream.pid)

    def body(question: str) -> Json:
        return {"model": "mock", "messages": asked(question), "n": n, "max_tokens": 1024}

    return System(name="straight", start=start, body=body)


def ours(
    name: str,
    extension: Json,
    environment: Mapping[str, str] | None = None,
    *,
    policy: Path | None = None,
    **more: Any,
) -> System:
    """Return our server, all traces stored; `environment` has settings over the defaults.

    `policy` is a file of one that requests may name.
    """

    @contextmanager
    def start(upstream: Running) -> Iterator[Served]:
        with tempfile.TemporaryDirectory() as folder:
            settings = {
                "FORETHOUGHT_GENERATOR_URL": f"{upstream.url}/v1",
                "FORETHOUGHT_VERIFIER_URL": "",
                "FORETHOUGHT_DATABASE_URL": f"sqlite:///{Path(folder) / 'traces.db'}",
            }
            asked_for = {
                k: v.replace("{url}", upstream.url) for k, v in (environment or {}).items()
            }
            for key, value in asked_for.items():
                if value:
                    settings[key] = value
                else:
                    settings.pop(key, None)
            port = _free_port()
            code = "from forethought.server.cli.main import app; app()"
            command = [sys.executable, "-c", code]
            if policy is not None:
                taken = [*command, "policy", "import", str(policy)]
                subprocess.run(taken, env=os.environ | settings, check=True)
            command += ["serve", "--port", str(port)]
            with _process(command, settings, port, "/readyz") as served:
                yield served

    def body(question: str) -> Json:
        base = {"model": "forethought", "messages": asked(question), "max_tokens": 1024}
        return base | {"temperature": 0.7, "forethought": extension} | more

    return System(name=name, start=start, body=body)


def optillm(name: str, approach: str, more: Json, *, torch: str | None, best_of: int = 8) -> System:
    """Return optillm's own server with one of its approaches."""

    @contextmanager
    def start(upstream: Running) -> Iterator[Served]:
        python = python_of("optillm", torch=torch)
        port = _free_port()
        command = [str(python.parent / "optillm"), "--base-url", f"{upstream.url}/v1"]
        command += ["--port", str(port), "--best-of-n", str(best_of), "--log", "warning"]
        settings = {"OPENAI_API_KEY": "none", "OPTILLM_API_KEY": "", "CEREBRAS_API_KEY": ""}
        with _process(command, settings, port, "/v1/models") as served:
            yield served

    def body(question: str) -> Json:
        base = {"model": f"{approach}-mock", "messages": asked(question), "max_tokens": 1024}
        return base | {"temperature": 0.7} | more

    return System(name=name, start=start, body=body)


def its_hub(name: str, n: int, *, capped: bool = False, answer: str = ANSWER) -> System:
    """Return its_hub's service; its cap of 32 calls at once is lifted unless `capped`."""

    @contextmanager
    def start(upstream: Running) -> Iterator[Served]:
        port = _free_port()
        script = Path(__file__).parent / "its_hub_server.py"
        command = [str(python_of("its_hub")), str(script), str(port), "32" if capped else "-1"]
        with _process(command, {}, port, "/v1/models") as served:
            _post(
                port,
                "/configure",
                {
                    "endpoint": f"{upstream.url}/v1",
                    "api_key": "none",
                    "model": "mock",
                    "alg": "self-consistency",
                    "regex_patterns": [answer],
                    "budget": n,
                },
            )
            yield served

    def body(question: str) -> Json:
        return {"model": "mock", "messages": asked(question), "budget": n}

    return System(name=name, start=start, body=body)


def its_hub_library(name: str, algorithm: str, n: int, *, answer: str | None = None) -> System:
    """Return one algorithm of its_hub's library behind a port (its_hub_library.py)."""

    @contextmanager
    def start(upstream: Running) -> Iterator[Served]:
        port = _free_port()
        script = Path(__file__).parent / "its_hub_library.py"
        command = [str(python_of("its_hub")), str(script), str(port), f"{upstream.url}/v1"]
        command += [algorithm, str(n), *([] if answer is None else [answer])]
        with _process(command, {}, port, "/v1/models") as served:
            yield served

    def body(question: str) -> Json:
        return {"model": "mock", "messages": asked(question)}

    return System(name=name, start=start, body=body)


@contextmanager
def _process(
    command: list[str], settings: Mapping[str, str], port: int, ready: str
) -> Iterator[Served]:
    """Run a server for as long as the block lasts, from when it is ready."""
    environment = {k: v for k, v in (os.environ | dict(settings)).items() if v or k not in settings}
    environment.update({k: v for k, v in settings.items() if k == "FORETHOUGHT_VERIFIER_URL"})
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(command, env=environment, stdout=log, stderr=log) as process,
    ):
        try:
            _wait(process, port, ready, log)
            yield Served(port=port, pid=process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait(process: subprocess.Popen[bytes], port: int, path: str, log: Any) -> None:
    until = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5):
                return
        except urllib.error.HTTPError as exc:
            if exc.code != 503:
                return
        except OSError:
            pass
        if process.poll() is not None:
            break
        time.sleep(0.2)
    log.seek(0)
    raise RuntimeError(f"{process.args!r} did not start:\n{log.read()[-2000:].decode()}")


def _post(port: int, path: str, body: Json) -> None:
    data = json.dumps(body).encode()
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=data, headers=headers)
    with urllib.request.urlopen(request, timeout=30):
        pass


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
