"""Runs of the real engine over stand-ins of the model servers, as the pages show them."""

from pathlib import Path

import httpx2
import pytest

from chat_service import chat_service
from fake_engine import ScriptedEngine
from forethought.server.app import create_app
from forethought.storage.store import Store

pytestmark = pytest.mark.anyio
STEPS = "There are 17.\n\nAdd 25 to it.\n\nThe answer is \\boxed{{{}}}."


@pytest.mark.parametrize(
    ("strategy", "told"),
    [
        ({"name": "beam_search", "n": 8, "m": 2}, "beam search, N 8, M 2"),
        ({"name": "best_of_n", "n": 6}, "best of n, N 6"),
        ({"name": "majority", "n": 6}, "majority, N 6"),
        (None, "Asked once"),
    ],
)
async def test_a_run_is_shown_with_what_its_strategy_found(
    tmp_path: Path, strategy: dict[str, object] | None, told: str
) -> None:
    def say(prompt: str, k: int) -> str:
        return STEPS.format(42 if k % 3 else 41)

    def score(_prompt: str, steps: tuple[str, ...]) -> float:
        return 0.2 if "41" in steps[-1] else 0.9

    body = {"forethought": {"strategy": strategy}} if strategy else {}
    effort = "medium" if strategy else "none"
    async with chat_service(tmp_path, say, score) as service:
        await service.ask("What is 17 + 25?", effort, extra_body=body)
        trace = (await service.newest_trace()).trace.id
    store = await Store.open(service.database)
    try:
        transport = httpx2.ASGITransport(create_app(ScriptedEngine(), traces=store, pages=store))
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            page = (await http.get(f"/ui/traces/{trace}")).text
            listed = (await http.get("/ui")).text
    finally:
        await store.close()
    assert told in page
    assert page.count("<b>Chosen answer</b>") == 1
    assert '<p class="final">42</p>' in page or strategy is None
    assert f"/ui/traces/{trace}" in listed
