import dataclasses
import socket
from pathlib import Path

import pytest

from fake_setup import GENERATOR
from forethought.server.backend.errors import BackendSetupError
from forethought.server.backend.launch import Place
from forethought.server.backend.preflight import available_memory, check_memory, runs_already

GIB = 1 << 30


def test_memory_for_weights_cache_and_process_is_needed(tmp_path: Path) -> None:
    with (tmp_path / "model.safetensors").open("wb") as weights:
        weights.truncate(GIB)
    serving = dataclasses.replace(GENERATOR, model=str(tmp_path))
    check_memory([serving], lambda: 7 * GIB)
    with pytest.raises(BackendSetupError, match=r"tiny need about 7\.0 GiB .* 6\.0 GiB are avail"):
        check_memory([serving], lambda: 6 * GIB)


def test_two_servers_must_fit_together() -> None:
    with pytest.raises(BackendSetupError, match=r"tiny and tiny need about 12\.0 GiB"):
        check_memory([GENERATOR, GENERATOR], lambda: 11 * GIB)


def test_memory_is_not_judged_on_a_gpu_or_where_it_is_unknown() -> None:
    check_memory([dataclasses.replace(GENERATOR, device="cuda")], lambda: 0)
    check_memory([GENERATOR], lambda: None)


def test_available_memory_is_read_in_bytes(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal:  99 kB\nMemAvailable:       12 kB\n")
    assert available_memory(meminfo) == 12 * 1024
    assert available_memory(tmp_path / "none") is None


@pytest.mark.anyio
async def test_a_free_port_runs_nothing(free_port: int) -> None:
    place = Place(role="generator", served_name="x", host="127.0.0.1", port=free_port)
    assert not await runs_already(place)


@pytest.mark.anyio
async def test_a_port_with_something_else_on_it_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        place = Place(role="verifier", served_name="x", host="127.0.0.1", port=port)
        with pytest.raises(BackendSetupError, match=f"port {port} .* for the verifier .*in use"):
            await runs_already(place, timeout_s=0.1)
