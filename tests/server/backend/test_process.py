import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import httpx2
import pytest

from fake_setup import RecordingReport
from forethought.server.backend.errors import BackendSetupError
from forethought.server.backend.launch import Launch, Place
from forethought.server.backend.process import WaitUntilReady, running

pytestmark = pytest.mark.anyio

Start = Callable[..., AbstractAsyncContextManager[WaitUntilReady]]
Deaths = asyncio.Queue[str]


@pytest.fixture
def start(
    tmp_path: Path, fake_python: Path, free_port: int, report: RecordingReport
) -> tuple[Start, Place, Deaths]:
    place = Place(role="generator", served_name="tiny", host="127.0.0.1", port=free_port)
    deaths = Deaths()

    def begin(model: Path, timeout_s: float = 30.0) -> AbstractAsyncContextManager[WaitUntilReady]:
        argv = [str(fake_python), "-m", "vllm.entrypoints.openai.api_server"]
        argv += ["--model", str(model), "--served-model-name", "tiny"]
        argv += ["--host", "127.0.0.1", "--port", str(free_port)]
        launch = Launch(argv=tuple(argv), log=tmp_path / "logs" / "generator.log")
        return running(
            place, launch, report, on_death=deaths.put_nowait, timeout_s=timeout_s, grace_s=0.2
        )

    return begin, place, deaths


async def test_a_server_is_ready_only_when_its_health_says_so_and_leaves_no_process(
    start: tuple[Start, Place, Deaths],
    make_model: Callable[[str], Path],
    assert_gone: Callable[[Path], None],
    report: RecordingReport,
) -> None:
    begin, place, deaths = start
    model = make_model("serves")
    async with begin(model) as wait_until_ready:
        await wait_until_ready()
        async with httpx2.AsyncClient() as client:
            assert (await client.get(f"{place.root_url}/health")).status_code == 200
        assert "is ready at" in report.lines[-1]
        assert report.shown[0][0] == "starting the generator"
        assert not report.open
    assert_gone(model)
    assert deaths.empty()


async def test_a_server_that_dies_while_starting_is_one_sentence_with_the_cause_and_the_log(
    start: tuple[Start, Place, Deaths], make_model: Callable[[str], Path]
) -> None:
    begin, _, _ = start
    with pytest.raises(BackendSetupError) as caught:
        async with begin(make_model("dies")) as wait_until_ready:
            await wait_until_ready()
    sentence = str(caught.value)
    assert "ended while starting with exit status 1: ValueError: no such weights" in sentence
    assert "generator.log" in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize("behaviour", ["hangs", "hangs and ignores SIGTERM"])
async def test_a_server_that_never_answers_is_given_up_and_ended(
    start: tuple[Start, Place, Deaths],
    make_model: Callable[[str], Path],
    assert_gone: Callable[[Path], None],
    behaviour: str,
) -> None:
    begin, _, _ = start
    model = make_model(behaviour)
    with pytest.raises(BackendSetupError, match=r"was not ready after 1 s"):
        async with begin(model, timeout_s=1.0) as wait_until_ready:
            await wait_until_ready()
    assert_gone(model)


async def test_the_death_of_a_ready_server_is_told(
    start: tuple[Start, Place, Deaths],
    make_model: Callable[[str], Path],
    assert_gone: Callable[[Path], None],
) -> None:
    begin, place, deaths = start
    model = make_model("serves")
    async with begin(model) as wait_until_ready:
        await wait_until_ready()
        async with httpx2.AsyncClient() as client:
            with pytest.raises(httpx2.HTTPError):
                await client.get(f"{place.root_url}/die")
        sentence = await asyncio.wait_for(deaths.get(), 10.0)
    assert "ended by itself with exit status 3: RuntimeError: out of tea" in sentence
    assert_gone(model)
