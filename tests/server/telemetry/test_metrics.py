"""What `/metrics` tells, over the whole service, and that the docs name every metric there is."""

import re
from pathlib import Path

import httpx2
import pytest

from fake_engine import ScriptedEngine
from faults import Refuse
from forethought.nodes.backends.replicas.health import State
from forethought.nodes.backends.replicas.roster import ReplicaState
from forethought.server.admission import Line
from forethought.server.app import create_app
from forethought.server.guard import guard_of
from forethought.server.settings import Settings
from forethought.server.telemetry.gauges import LineGauges, StoreGauges, UpstreamGauges
from forethought.server.telemetry.metrics import Metrics
from forethought.server.upstreams import UpstreamState
from forethought.storage.store import Store
from forethought.storage.writer import Lag
from observed_service import observed_service

pytestmark = pytest.mark.anyio
DOCS = Path(__file__).parents[3] / "docs" / "operators.md"
LAG = Lag(rows=7, oldest_s=1.5, journal_bytes=900, refused=2, dropped=3, failing=True)


class Behind:
    """A store whose database is behind."""

    lag = LAG


def never_agrees(prompt: str, k: int) -> str:
    return f"## Step 1: 17 + 25.\n\nThe final answer is: \\boxed{{{1000 + k}}}"


async def test_a_run_is_counted_with_the_tokens_of_its_trace(tmp_path: Path) -> None:
    async with observed_service(tmp_path, never_agrees, lambda prompt, steps: 0.5) as it:
        reply = await it.ask(reasoning_effort="medium")
        told = await it.scraped()
        await it.engine.store.drain()
        detail = await it.engine.store.read_trace(reply.json()["forethought"]["trace_id"])
    stop = detail.trace.stop_reason or ""
    assert told["forethought_runs_total"] == {("medium", "chat", "finished"): 1}
    assert told["forethought_stop_reasons_total"] == {(stop,): 1}
    assert told["forethought_run_seconds_count"] == {("medium",): 1}
    tokens = told["forethought_tokens_total"]
    used = {u.role: u for u in detail.usage}
    assert tokens["prompt", "generator"] == used["generator"].prompt_tokens > 0
    assert tokens["completion", "generator"] == used["generator"].completion_tokens > 0
    assert tokens["verifier", "verifier"] == used["verifier"].verifier_tokens > 0
    calls = told["forethought_upstream_seconds_count"]
    assert calls == {(role,): usage.calls for role, usage in used.items()}
    assert told["forethought_http_requests_total"] == {("POST", "/v1/chat/completions", "200"): 1}


async def test_a_run_that_fails_is_counted_with_its_error(tmp_path: Path) -> None:
    async with observed_service(tmp_path, never_agrees) as it:
        await it.engine.ready()
        for _ in range(10):
            it.generator.fault("/v1/completions", Refuse(status=400))
        reply = await it.ask()
        told = await it.scraped()
    assert reply.status_code >= 400
    assert told["forethought_runs_total"] == {("low", "chat", "failed"): 1}
    assert told["forethought_upstream_errors_total"]["BackendRejected", "generator"] >= 1
    assert "forethought_stop_reasons_total" not in told


async def test_paths_that_there_are_not_and_odd_methods_are_one_label_each() -> None:
    metrics = Metrics()
    app = create_app(ScriptedEngine(), metrics=metrics)
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="http://test"
    ) as http:
        for path in ("/a", "/b"):
            await http.get(path)
        await http.request("BREW", "/healthz")
        await http.get("/healthz")
        told = (await http.get("/metrics")).text
    counted = dict(re.findall(r"forethought_http_requests_total\{(.*)\} (\S+)", told))
    assert counted == {
        'method="GET",route="other",status="404"': "2.0",
        'method="other",route="/healthz",status="405"': "1.0",
        'method="GET",route="/healthz",status="200"': "1.0",
    }


async def test_the_line_and_the_store_are_read_when_they_are_asked_for() -> None:
    metrics = Metrics()
    line = Line(max_running=1, max_waiting=5)
    metrics.registry.register(LineGauges(line))
    metrics.registry.register(StoreGauges(Behind()))
    for _ in range(3):
        line.enter(0)
    numbers = {
        sample.name: sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if not sample.labels
    }
    assert numbers["forethought_running"] == 1
    assert numbers["forethought_waiting"] == 2
    assert numbers["forethought_running_limit"] == 1
    assert numbers["forethought_waiting_limit"] == 5
    assert numbers["forethought_store_rows_waiting"] == 7
    assert numbers["forethought_store_oldest_row_seconds"] == 1.5
    assert numbers["forethought_store_journal_bytes"] == 900
    assert numbers["forethought_store_failing"] == 1
    assert numbers["forethought_store_rows_refused_total"] == 2
    assert numbers["forethought_store_rows_dropped_total"] == 3


@pytest.mark.parametrize(("keys", "status"), [("off", 200), ("required", 401)])
async def test_metrics_need_a_key_where_everything_does(
    tmp_path: Path, keys: str, status: int
) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'traces.db'}")
    guard = guard_of(Settings.model_validate({"keys": keys}), store)
    app = create_app(ScriptedEngine(), guard=guard, metrics=Metrics())
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as http:
        reply = await http.get("/metrics")
    await store.close()
    assert reply.status_code == status


async def test_a_scraper_of_openmetrics_gets_it() -> None:
    app = create_app(ScriptedEngine(), metrics=Metrics())
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as http:
        accept = {"accept": "application/openmetrics-text; version=1.0.0"}
        reply = await http.get("/metrics", headers=accept)
    assert reply.headers["content-type"].startswith("application/openmetrics-text")
    assert reply.text.endswith("# EOF\n")


async def test_two_servers_of_one_process_count_apart() -> None:
    one, two = Metrics(), Metrics()
    one.requests.labels("GET", "/healthz", "200").inc()
    assert "healthz" not in str(list(two.requests.collect()))


def test_each_server_of_a_role_that_has_several_is_up_or_not() -> None:
    def replica(url: str, state: State) -> UpstreamState:
        stands = ReplicaState(
            url=url, state=state, reason=None, sequences=3, limit=8, load=None, requests=9
        )
        return UpstreamState(role="generator", replica=stands)

    metrics = Metrics()
    states = [replica("http://a/v1", "up"), replica("http://b/v1", "down")]
    metrics.registry.register(UpstreamGauges(lambda: states))
    a, b = ({"role": "generator", "url": f"http://{name}/v1"} for name in "ab")
    value = metrics.registry.get_sample_value
    assert value("forethought_upstream_up", a) == 1
    assert value("forethought_upstream_up", b) == 0
    assert value("forethought_upstream_sequences", a) == 3


def test_the_docs_name_every_metric_and_no_other() -> None:
    metrics = Metrics()
    metrics.registry.register(LineGauges(Line(max_running=1, max_waiting=1)))
    metrics.registry.register(StoreGauges(Behind()))
    metrics.registry.register(UpstreamGauges(list))
    names = {
        family.name + ("_total" if family.type == "counter" else "")
        for family in metrics.registry.collect()
        if family.name.startswith("forethought_")
    }
    documented = set(re.findall(r"^\| `(forethought_\w+)` \|", DOCS.read_text(), re.MULTILINE))
    assert documented == names
