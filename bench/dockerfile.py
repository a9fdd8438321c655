"""Follows deploy/Dockerfile without a Docker engine, and starts what it would start.

    python bench/dockerfile.py [--python /usr/bin/python3]

Each RUN line is run as it stands, in a folder of its own that stands for the container's root: the
paths that the file makes (/src, /wheels, /opt/forethought, /constraints.txt, /var/lib/forethought) are
moved there, and COPY copies what .dockerignore leaves. The user is not made but taken by its number,
which needs root; the command then gets the environment of the ENV lines alone. It must answer
/healthz, refuse a question without a key, and end by SIGTERM. What this does not show: the base
image, its layers, and the health check's own command inside of it.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[1]
PATHS = ("/src", "/wheels", "/opt/forethought", "/constraints.txt", "/var/lib/forethought")
PATIENCE_S = 120.0


def main() -> None:
    """Replay the file and print what was done, with seconds."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--python", default="/usr/bin/python3", help="stands for the image's")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        image = Path(name)
        image.chmod(0o755)
        replay(image, asked.python)


def replay(image: Path, python: str) -> None:
    """Do every instruction of the file in `image`."""
    environment: dict[str, str] = {}
    user, entry, command = 0, [""], [""]
    for line in (ROOT / "deploy" / "Dockerfile").read_text().splitlines():
        name, _, rest = line.partition(" ")
        began = time.monotonic()
        if name == "COPY" and not rest.startswith("--from"):
            source, target = rest.split()
            copy(ROOT / source, Path(moved(target, image)))
        elif name == "RUN" and rest.startswith("useradd"):
            Path(moved("/var/lib/forethought", image)).mkdir(parents=True, mode=0o777)
            Path(moved("/var/lib/forethought", image)).chmod(0o777)
        elif name == "RUN":
            there = moved(rest, image).replace("python -m", f"{python} -m", 1)
            subprocess.run(("sh", "-euc", there), check=True, cwd=image, stdout=subprocess.DEVNULL)
        elif name == "ENV":
            variable, value = rest.split("=", 1)
            environment[variable] = moved(value, image)
        elif name == "USER":
            user = int(rest)
        elif name == "ENTRYPOINT":
            entry = json.loads(rest)
        elif name == "CMD":
            command = json.loads(rest)
        if name in ("COPY", "RUN"):
            print(f"{time.monotonic() - began:6.1f} s  {line[:90]}")
    size = sum(p.stat().st_size for p in image.rglob("opt/**/*") if p.is_file())
    print(f"{size / 1e6:6.0f} MB  in /opt/forethought")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment["FORETHOUGHT_PORT"] = str(port)  # the container has a network of its own
    serve([*entry, *command], environment, user, image, port)


def serve(
    command: list[str], environment: dict[str, str], user: int, image: Path, port: int
) -> None:
    """Run the command as that user until it has shown that it serves."""
    program = shutil.which(command[0], path=environment["PATH"])
    if program is None:
        raise SystemExit(f"{command[0]} is not in {environment['PATH']}")
    began = time.monotonic()
    with subprocess.Popen(
        [program, *command[1:]],
        env=environment,
        cwd=image,
        user=user if os.getuid() == 0 else None,
        group=user if os.getuid() == 0 else None,
        extra_groups=[] if os.getuid() == 0 else None,
    ) as process:
        try:
            while (status := ask(f"http://127.0.0.1:{port}/healthz")) != 200:
                if process.poll() is not None or time.monotonic() - began > PATIENCE_S:
                    raise SystemExit(f"/healthz says {status}, exit code {process.poll()}")
                time.sleep(0.2)
            print(f"{time.monotonic() - began:6.1f} s  /healthz answers")
            owner = Path(f"/proc/{process.pid}").stat().st_uid
            refused = ask(f"http://127.0.0.1:{port}/v1/models")
            process.send_signal(signal.SIGTERM)
            code = process.wait(PATIENCE_S)
        finally:
            process.kill()
    print(f"         user {owner}, a request without a key is {refused}, exit code {code}")
    if (owner, refused, code) != (user if os.getuid() == 0 else os.getuid(), 401, 0):
        raise SystemExit("that is not what the Dockerfile promises")


def ask(url: str) -> int:
    """Return the status that `url` answers with; 0 where nobody listens."""
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def moved(text: str, image: Path) -> str:
    """Return a text of the file with the paths of the container moved below `image`."""
    for path in PATHS:
        text = text.replace(path, f"{image}{path}")
    return text


def copy(source: Path, target: Path) -> None:
    """Copy a file, or a folder without what .dockerignore names."""
    if source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
        return
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    left_out = [line.removeprefix("**/") for line in lines if line and not line.startswith("#")]

    def ignored(folder: str, names: list[str]) -> set[str]:
        return {n for n in names if any(fnmatch.fnmatch(n, pattern) for pattern in left_out)}

    shutil.copytree(source, target, symlinks=True, ignore=ignored)


if __name__ == "__main__":
    main()
