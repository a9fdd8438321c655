"""Runs in a process of its own, as a script: locks that process up, then runs a Python program in it.

    python -I -S -B locked_child.py '{"memory": ..., ...}' < program

It knows the standard library alone. First new namespaces: no network but a loopback that is down, no
process of the outside, a file system of which nothing is left but Python and the system's libraries,
read-only, and an empty folder in memory. Then the limits of the kernel, then the program. What cannot
be locked is not run: exit status 97. As root the program gets a user id that nobody else has, so that
its processes are counted alone; otherwise a user namespace does that.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from collections.abc import Callable

UNLOCKED = 97
"""Exit status: nothing was run."""
_NEW_SPACES = 0x00020000 | 0x04000000 | 0x08000000 | 0x20000000 | 0x40000000  # ns uts ipc pid net
_NEW_USER = 0x10000000
_BIND, _RECURSIVE, _PRIVATE, _NOSUID, _NODEV = 4096, 16384, 1 << 18, 2, 4
_SYS_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE = 442, -100, 0x8000
_READ_ONLY_NOSUID_NODEV = 1 | 2 | 4
_SET_PDEATHSIG, _SET_NO_NEW_PRIVS = 1, 38
_FIRST_UID = 0x40000000
_SEEN = ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/etc/ld.so.cache")
_libc = ctypes.CDLL(None, use_errno=True)


class _Attributes(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "userns_fd")]


def main() -> int:
    """Lock this process up, run what standard input holds, and return its exit status."""
    limits = json.loads(sys.argv[1])
    program = sys.stdin.buffer.read()
    python = os.path.realpath(sys.executable)
    root = os.getuid() == 0
    uid = _FIRST_UID + os.getpid()
    failed, fails = os.pipe()  # closed by exec, so that what comes here is not the program's word
    try:
        _enter_spaces(root)
        _change_root(limits["root"], limits["disk"])
        child = os.fork()
        if child == 0:
            if root:
                _become(uid)
            _limit(limits)
            _run(python, program)
    except (OSError, AttributeError, ValueError) as exc:
        os.write(fails, f"cannot be locked up: {exc}".encode())
        child = 0
    if os.getpid() == 1:
        os._exit(UNLOCKED)
    os.close(fails)
    if reason := os.read(failed, 1000):
        os.write(2, reason)
        return UNLOCKED
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return 128 - code if code < 0 else min(code, UNLOCKED - 1)


def _become(uid: int) -> None:
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)


def _enter_spaces(root: bool) -> None:
    uid, gid = os.getuid(), os.getgid()
    _call(_libc.unshare, _NEW_SPACES | (0 if root else _NEW_USER))
    if not root:
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{uid} {uid} 1"),
            ("gid_map", f"{gid} {gid} 1"),
        ):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)


def _change_root(root: str, disk: int) -> None:
    _mount("none", "/", "", _RECURSIVE | _PRIVATE)
    _mount("tmpfs", root, "tmpfs", _NOSUID | _NODEV, f"size={disk},mode=755")
    for path in dict.fromkeys((*_SEEN, os.path.realpath(sys.base_prefix))):
        inside = root + path
        if os.path.islink(path):
            os.symlink(os.readlink(path), inside)
        elif os.path.exists(path) and not os.path.exists(inside):
            os.makedirs(inside if os.path.isdir(path) else os.path.dirname(inside), exist_ok=True)
            if not os.path.isdir(path):
                os.close(os.open(inside, os.O_CREAT))
            _mount(path, inside, "", _BIND | _RECURSIVE)
            lock = _Attributes(set=_READ_ONLY_NOSUID_NODEV)
            _call(
                _libc.syscall,
                _SYS_MOUNT_SETATTR,
                _AT_FDCWD,
                inside.encode(),
                _AT_RECURSIVE,
                ctypes.byref(lock),
                ctypes.sizeof(lock),
            )
    os.makedirs(f"{root}/dev")
    os.close(os.open(f"{root}/dev/null", os.O_CREAT))
    _mount("/dev/null", f"{root}/dev/null", "", _BIND)
    os.mkdir(f"{root}/work")
    os.chmod(f"{root}/work", 0o777)
    os.chroot(root)
    os.chdir("/work")


def _limit(limits: dict[str, int]) -> None:
    _call(_libc.prctl, _SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    _call(_libc.prctl, _SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    for kind, most in (
        (resource.RLIMIT_AS, limits["memory"]),
        (resource.RLIMIT_CPU, limits["cpu_s"]),
        (resource.RLIMIT_NPROC, limits["processes"]),
        (resource.RLIMIT_FSIZE, limits["file_size"]),
        (resource.RLIMIT_NOFILE, limits["files"]),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))


def _run(python: str, program: bytes) -> None:
    with open("main.py", "wb") as file:
        file.write(program)
    os.execve(python, [python, "-I", "-S", "-B", "main.py"], {})


def _mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    _call(_libc.mount, source.encode(), target.encode(), kind.encode(), flags, data.encode())


def _call(function: Callable[..., int], *arguments: object) -> None:
    if function(*arguments) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


if __name__ == "__main__":
    sys.exit(main())
