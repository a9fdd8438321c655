import dataclasses
from pathlib import Path

from fake_setup import GENERATOR
from forethought.server.backend.folders import CacheFolders
from forethought.server.backend.launch import Launch, Place, Serving, launch

VERIFIER = dataclasses.replace(
    GENERATOR, place=Place(role="verifier", served_name="prm", host="127.0.0.1", port=8101)
)


def made(serving: Serving, cpus: tuple[int, ...] = (0, 1)) -> Launch:
    return launch(serving, Path("/env/bin/python"), CacheFolders(root=Path("/cache")), cpus)


def test_the_generator_caches_prefixes_and_counts_them() -> None:
    argv = made(GENERATOR).argv
    assert argv[:3] == ("/env/bin/python", "-m", "vllm.entrypoints.openai.api_server")
    assert {"--enable-prefix-caching", "--enable-prompt-tokens-details", "--enforce-eager"} <= {
        *argv
    }
    assert "--runner" not in argv


def test_the_verifier_pools_and_has_room_for_its_longest_text() -> None:
    argv = made(dataclasses.replace(VERIFIER, max_model_len=6000)).argv
    assert argv[argv.index("--runner") + 1] == "pooling"
    assert argv[argv.index("--max-num-batched-tokens") + 1] == "6000"
    assert "--enable-prompt-tokens-details" not in argv


def test_few_cpus_are_all_used_and_many_left_to_vllm() -> None:
    assert made(GENERATOR).environment["VLLM_CPU_OMP_THREADS_BIND"] == "0,1"
    assert made(GENERATOR).environment["OMP_WAIT_POLICY"] == "PASSIVE"
    assert "OMP_WAIT_POLICY" not in made(GENERATOR, tuple(range(16))).environment
    assert "VLLM_CPU_OMP_THREADS_BIND" not in made(GENERATOR, tuple(range(16))).environment
    assert "VLLM_CPU_OMP_THREADS_BIND" not in made(GENERATOR, ()).environment


def test_the_hub_is_reached_only_for_a_hub_name(tmp_path: Path) -> None:
    assert "HF_HUB_OFFLINE" not in made(GENERATOR).environment
    local = dataclasses.replace(GENERATOR, model=str(tmp_path))
    assert made(local).environment["HF_HUB_OFFLINE"] == "1"


def test_a_gpu_gets_its_share_and_no_cpu_settings() -> None:
    start = made(dataclasses.replace(GENERATOR, device="cuda", eager=False, gpu_memory=0.6))
    assert start.argv[-2:] == ("--gpu-memory-utilization", "0.6")
    assert "--enforce-eager" not in start.argv
    assert start.environment["VLLM_USE_FLASHINFER_SAMPLER"] == "0"
    assert not [name for name in start.environment if name.startswith("VLLM_CPU")]


def test_each_server_has_a_log_of_its_own() -> None:
    logs = {made(serving).log for serving in (GENERATOR, VERIFIER)}
    assert logs == {Path("/cache/logs/generator-8100.log"), Path("/cache/logs/verifier-8101.log")}


def test_an_ipv6_host_is_bracketed_in_the_url() -> None:
    assert Place(role="generator", served_name="x", host="::1", port=1).root_url == "http://[::1]:1"


def test_float32_is_asked_for_and_takes_twice_the_memory_of_what_lies_on_disk(
    tmp_path: Path,
) -> None:
    (tmp_path / "model.safetensors").write_bytes(bytes(100))
    brief = dataclasses.replace(GENERATOR, model=str(tmp_path))
    wide = dataclasses.replace(brief, precision="float32")
    assert (brief.weight_bytes, wide.weight_bytes) == (100, 200)
    argv = made(wide).argv
    assert argv[argv.index("--dtype") + 1] == "float32"
