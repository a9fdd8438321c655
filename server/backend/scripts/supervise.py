"""Run one program, and end it with everything it started when the one who asked for it is gone.

Usage: python -I supervise.py GRACE_S PROGRAM [ARGUMENT ...]

The parent holds the other end of standard input. When that closes, because the parent closed it or
because it died of anything at all (SIGKILL too), the program's process group gets SIGTERM and,
GRACE_S seconds later, SIGKILL. A signal handler in the parent was rejected: it cannot see SIGKILL,
and a library has no right to the signals of the program that uses it.
The exit status is the program's own; 128 + signal number if a signal ended it; 127 if there is none.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time

POLL_S = 0.05


def send(signal_number: int, group: int) -> None:
    """Send a signal to every process of a group that may be empty by now."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal_number)


def wait_for_end_of_input(stopping: threading.Event) -> None:
    """Block until the parent's end of standard input closes; what it writes is ignored."""
    while os.read(0, 1024):
        pass
    stopping.set()


def main(grace_s: float, argv: list[str]) -> int:
    """Run `argv` and return the exit status."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stopping.set())
    try:
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, start_new_session=True)
    except OSError as error:
        print(f"Error: cannot start {argv[0]}: {error.strerror}", file=sys.stderr)  # noqa: T201
        return 127
    threading.Thread(target=wait_for_end_of_input, args=(stopping,), daemon=True).start()
    while child.poll() is None and not stopping.wait(POLL_S):
        pass
    send(signal.SIGTERM, child.pid)
    deadline = time.monotonic() + grace_s
    while child.poll() is None and time.monotonic() < deadline:
        time.sleep(POLL_S)
    send(signal.SIGKILL, child.pid)
    code = child.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2:]))
