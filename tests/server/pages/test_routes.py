import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from fake_engine import ScriptedEngine
from forethought.server.app import create_app
from forethought.server.guard import open_guard
from forethought.server.keys import Keys
from forethought.server.mcp.access import Access
from forethought.server.pages import door
from forethought.server.pages.listing import SIZE
from forethought.storage.keys import NewKey
from forethought.storage.store import Store
from page_traces import (
    beam_run,
    begin,
    cancelled_run,
    failed_run,
    large_run,
    plain_run,
    revision_run,
    tell_beam,
)

pytestmark = pytest.mark.anyio
OWN = {"origin": "http://127.0.0.1", "sec-fetch-site": "same-origin"}
EVIL = '<script>alert("1")</script><img src=x onerror=alert(2)>'


@asynccontextmanager
async def opened(
    tmp_path: Path, *, keyed: bool = False
) -> AsyncIterator[tuple[Store, httpx2.AsyncClient]]:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'traces.db'}")
    guard = replace(open_guard(), keys=Keys(store)) if keyed else open_guard()
    app = create_app(
        ScriptedEngine(),
        traces=store,
        pages=store,
        guard=guard,
        mcp_access=Access(hosts=("think.example.org",)),
    )
    transport = httpx2.ASGITransport(app)
    try:
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            yield store, http
    finally:
        await store.close()


async def test_the_list_shows_runs_newest_first_with_what_became_of_them(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, http):
        failed_run(store)
        beam = beam_run(store)
        page = (await http.get("/ui")).text
    assert page.index(f"/ui/traces/{beam}") < page.index("What is the capital of Australia?")
    for told in ("Janet&#39;s ducks", "beam search", "93% sure", ">failed<", "level 3 of 5"):
        assert told in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("text=EGGS", ["beam"]),
        ("status=failed", ["failed"]),
        ("strategy=majority", ["revision"]),
        ("effort=low&level=1", ["plain"]),
        ("graded=right", ["beam"]),
        ("graded=wrong", []),
        ("graded=ungraded&status=finished", ["plain", "revision"]),
        ("model=other", []),
        ("text=%25", []),
    ],
)
async def test_the_list_is_filtered(tmp_path: Path, query: str, found: list[str]) -> None:
    async with opened(tmp_path) as (store, http):
        runs = {
            "beam": beam_run(store),
            "revision": revision_run(store),
            "failed": failed_run(store),
            "plain": plain_run(store, "What is 17 + 25?", "42"),
        }
        await http.post(f"/ui/traces/{runs['beam']}/grades", data={"grade": "right"}, headers=OWN)
        page = (await http.get(f"/ui?{query}")).text
    assert sorted(name for name, run in runs.items() if f"/ui/traces/{run}" in page) == found


async def test_the_list_is_paged_by_id(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, http):
        runs = [plain_run(store, f"Question {k}", "1") for k in range(SIZE + 10)][::-1]

        async def read(address: str) -> tuple[list[str], dict[str, str]]:
            page = (await http.get(address)).text
            links = re.findall(r'<a rel="(next|first)" href="([^"]+)"', page)
            return re.findall(r"/ui/traces/([0-9a-f-]{36})", page), dict(links)

        first, links = await read("/ui")
        assert "first" not in links
        plain_run(store, "One more meanwhile", "1")
        second, links = await read(links["next"].replace("&amp;", "&"))
        assert "next" not in links
        back, _ = await read(links["first"])
    assert (first, second) == (runs[:SIZE], runs[SIZE:])
    assert back[1:] == runs[: SIZE - 1]


async def test_an_id_in_the_search_leads_to_its_run(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, http):
        run = beam_run(store)
        reply = await http.get("/ui", params={"text": f" {run} "})
    assert (reply.status_code, reply.headers["location"]) == (303, f"/ui/traces/{run}")


async def test_a_beam_search_is_shown_with_what_was_pruned_and_what_was_chosen(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as (store, http):
        run = beam_run(store)
        page = (await http.get(f"/ui/traces/{run}")).text
    assert page.count('class="branch cut"') > 30
    assert page.count('class="branch chosen"') == 1
    assert page.count('class="fate">pruned<') > 30
    assert "<b>Chosen answer</b>" in page
    for told in (
        "beam search, N 16, M 4",
        "at least 90% sure and within 30 s: met",
        "The strategy has run to its end",
        "TimeoutError: no reply in 0.4 s",
        "one of 16 samples was lost",
        "More of the same would hardly change it",
        "the verifier did not reply once",
    ):
        assert told in page


async def test_revisions_stand_beside_what_they_revise_with_the_differences_marked(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as (store, http):
        page = (await http.get(f"/ui/traces/{revision_run(store)}")).text
    assert "<del>145</del>" in page and "<ins>155</ins>" in page
    assert "Revision 1: the answer changed." in page
    assert "Revision 2: the answer stayed." in page
    assert "Vote 2 of 2" in page


async def test_every_text_is_escaped(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, http):
        run = plain_run(store, EVIL, EVIL)
        graded = {"grade": "wrong", "note": EVIL, "name": EVIL}
        await http.post(f"/ui/traces/{run}/grades", data=graded, headers=OWN)
        pages = [
            await http.get(f"/ui/traces/{run}"),
            await http.get("/ui"),
            await http.get("/ui", params={"text": EVIL, "model": EVIL}),
            await http.get(f"/ui/traces/{run}/part", params={"of": "stage:pilot"}),
            await http.get("/ui/traces/<img src=x onerror=alert(2)>"),
            await http.get("/ui/key", params={"to": f"/ui/{EVIL}"}),
        ]
    for page in pages:
        assert "<script>" not in page.text and "<img" not in page.text
    assert "&lt;script&gt;" in pages[0].text and "&lt;script&gt;" in pages[1].text


async def test_every_page_says_what_a_browser_may_load(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, http):
        run = beam_run(store)
        pages = ["/ui", f"/ui/traces/{run}", "/ui/traces/none", "/ui/key", "/ui/static/pages.css"]
        replies = [await http.get(path) for path in pages]
    for reply in replies:
        policy = reply.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert not re.search(r"<style|<script(?! src=)|\sstyle=|\son\w+=", reply.text)


async def test_a_grade_is_stored_beside_earlier_ones(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, http):
        run = beam_run(store)
        where = f"/ui/traces/{run}/grades"
        first = await http.post(where, data={"grade": "right", "name": " anna  b "}, headers=OWN)
        await http.post(where, data={"grade": "partly", "note": "half of it"}, headers=OWN)
        grades = await store.grades_of(run)
    assert (first.status_code, first.headers["location"]) == (303, f"/ui/traces/{run}#grades")
    assert [(g.grader, g.score, g.note) for g in grades] == [
        ("person:anna b", 1.0, None),
        ("person:anonymous", 0.5, "half of it"),
    ]


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "same-site", "origin": "http://127.0.0.1"},
        {"sec-fetch-site": "none"},
        {},
    ],
)
async def test_a_grade_from_another_site_is_refused(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    async with opened(tmp_path) as (store, http):
        run = beam_run(store)
        reply = await http.post(
            f"/ui/traces/{run}/grades", data={"grade": "right"}, headers=headers
        )
        assert (reply.status_code, await store.grades_of(run)) == (403, [])


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"grade": "perfect"}, 400),
        ({"note": "no grade"}, 400),
        ({"grade": "right", "note": "x" * 5000}, 400),
        ({"grade": "right", "note": "x" * 50_000}, 413),
        ({str(k): "x" for k in range(50)}, 400),
    ],
)
async def test_a_bad_grade_is_refused_with_a_page(
    tmp_path: Path, data: dict[str, str], status: int
) -> None:
    async with opened(tmp_path) as (store, http):
        run = beam_run(store)
        reply = await http.post(f"/ui/traces/{run}/grades", data=data, headers=OWN)
        grades = await store.grades_of(run)
    assert (reply.status_code, grades) == (status, [])
    assert reply.headers["content-type"].startswith("text/html")


async def test_a_run_that_goes_on_tells_how_far_it_is(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, http):
        run = begin(store)
        beams = tell_beam(run)
        where = f"/ui/traces/{run.recorder.trace_id}"
        before = (await http.get(f"{where}/state")).json()
        page = (await http.get(where)).text
        beams.round()
        after = (await http.get(f"{where}/state")).json()
        run.recorder.cancel()
        over = (await http.get(f"{where}/state")).json()
        ended = (await http.get(where)).text
        unknown = await http.get("/ui/traces/01a21f5a-0000-7000-8000-000000000000/state")
    assert (before["status"], after["status"], over["status"]) == (
        "running",
        "running",
        "cancelled",
    )
    assert before["mark"] != after["mark"]
    assert f'data-live="{where}/state"' in page and "data-live" not in ended
    assert unknown.status_code == 404


async def test_what_a_page_leaves_out_is_a_page_of_its_own(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, http):
        run = large_run(store, samples=10, depth=60)
        page = (await http.get(f"/ui/traces/{run}")).text
        links = re.findall(r'data-load="([^"]+)"', page)
        part = (await http.get(links[0].replace("&amp;", "&"))).text
        gone = await http.get(f"/ui/traces/{run}/part?of=nowhere&skip=x")
    assert 'id="step-s1-59-0"' not in page
    assert 'class="fragment tree"' in part and "Step 2, try" in part
    assert gone.status_code == 404


@pytest.mark.parametrize("name", ["0", "01a2", "%25", "x" * 36])
async def test_an_unknown_run_is_told_in_a_page(tmp_path: Path, name: str) -> None:
    async with opened(tmp_path) as (_, http):
        reply = await http.get(f"/ui/traces/{name}")
    assert reply.status_code == 404


async def test_a_cancelled_and_a_failed_run_say_so(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, http):
        cancelled = (await http.get(f"/ui/traces/{cancelled_run(store)}")).text
        failed = (await http.get(f"/ui/traces/{failed_run(store)}")).text
    assert "Cancelled: nobody needed it any more" in cancelled
    assert "the generator cannot be reached" in failed
    assert "There is no answer to grade." in failed


async def test_only_known_names_are_answered_to_where_keys_are_off(tmp_path: Path) -> None:
    async with opened(tmp_path) as (_, http):
        known = [
            (await http.get("/ui", headers={"host": host})).status_code
            for host in ("localhost:8000", "[::1]:8000", "192.168.7.5:8000", "think.example.org")
        ]
        foreign = await http.get("/ui", headers={"host": "evil.example"})
    assert known == [200] * 4
    assert (foreign.status_code, "evil.example" in foreign.text) == (421, True)


async def test_files_are_kept_by_a_browser_as_long_as_they_do_not_change(tmp_path: Path) -> None:
    async with opened(tmp_path) as (_, http):
        page = (await http.get("/ui")).text
        (address,) = re.findall(r'src="([^"]+pages.js[^"]+)"', page)
        kept, old, none = [
            await http.get(path) for path in (address, "/ui/static/pages.js", "/ui/static/x.py")
        ]
    assert "immutable" in kept.headers["cache-control"]
    assert old.headers["cache-control"] == "private, no-cache"
    assert none.status_code == 404


async def test_the_root_leads_to_the_pages_and_without_pages_there_are_none(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, http):
        root = await http.get("/")
        bare = httpx2.ASGITransport(create_app(ScriptedEngine(), traces=store))
        async with httpx2.AsyncClient(transport=bare, base_url="http://127.0.0.1") as other:
            off = [(await other.get(path)).status_code for path in ("/", "/ui", "/ui/key")]
    assert (root.status_code, root.headers["location"]) == (307, "/ui")
    assert off == [404, 404, 404]


async def test_with_keys_a_page_leads_to_the_form_and_from_there_back(tmp_path: Path) -> None:
    async with opened(tmp_path, keyed=True) as (store, http):
        key = await store.create_key(NewKey(name="anna"))
        away = await http.get("/ui?status=failed")
        form = await http.get(away.headers["location"])
        wrong = await http.post("/ui/key", data={"key": "ft-no", "to": "/ui"}, headers=OWN)
        foreign = await http.post(
            "/ui/key", data={"key": key.secret}, headers={"origin": "http://x.y"}
        )
        right = await http.post(
            "/ui/key", data={"key": key.secret, "to": "/ui?status=failed"}, headers=OWN
        )
        page = await http.get(right.headers["location"])
        api = await http.get("/v1/traces")
        out = await http.get("/ui/key?out")
        after = await http.get("/ui")
    assert (away.status_code, away.headers["location"]) == (303, "/ui/key?to=/ui%3Fstatus%3Dfailed")
    assert 'value="/ui?status=failed"' in form.text
    assert (wrong.status_code, foreign.status_code) == (401, 403)
    cookie = right.headers["set-cookie"].lower()
    assert all(part in cookie for part in ("httponly", "samesite=strict", "path=/ui"))
    assert (page.status_code, "anna" in page.text) == (200, True)
    assert api.status_code == 401, "the cookie is for the pages alone"
    assert (out.status_code, after.status_code) == (200, 303)


@pytest.mark.parametrize(
    "to", ["https://evil.example/ui", "//evil.example/ui", "/v1/models", "\\\\evil.example", ""]
)
async def test_the_form_leads_nowhere_but_to_the_pages(tmp_path: Path, to: str) -> None:
    async with opened(tmp_path, keyed=True) as (store, http):
        key = await store.create_key(NewKey(name="anna"))
        reply = await http.post("/ui/key", data={"key": key.secret, "to": to}, headers=OWN)
    assert reply.headers["location"] == "/ui"


async def test_a_key_sees_and_grades_its_own_runs_and_no_others(tmp_path: Path) -> None:
    async with opened(tmp_path, keyed=True) as (store, http):
        anna, ben = [await store.create_key(NewKey(name=name)) for name in ("anna", "ben")]
        mine = plain_run(store, "Mine?", "1", key_id=anna.key.id)
        other = plain_run(store, "Other?", "1", key_id=ben.key.id)
        http.headers["cookie"] = f"{door.COOKIE}={anna.secret}"
        page = (await http.get("/ui")).text
        seen = [
            (await http.get(f"/ui/traces/{run}{rest}")).status_code
            for run in (mine, other)
            for rest in ("", "/state", "/part?of=stage:pilot")
        ]
        graded = [
            (
                await http.post(
                    f"/ui/traces/{run}/grades", data={"grade": "right", "name": "x"}, headers=OWN
                )
            ).status_code
            for run in (mine, other)
        ]
        grades = await store.grades_of(mine)
    assert ("Mine?" in page, "Other?" in page) == (True, False)
    assert seen == [200, 200, 200, 404, 404, 404]
    assert graded == [303, 404]
    assert [grade.grader for grade in grades] == ["person:anna"]


async def test_the_overview_is_of_the_runs_that_one_may_see(tmp_path: Path) -> None:
    async with opened(tmp_path, keyed=True) as (store, http):
        key = await store.create_key(NewKey(name="anna"))
        plain_run(store, "Mine?", "1", key_id=key.key.id)
        for _ in range(3):
            plain_run(store, "Other?", "1")
        http.headers["cookie"] = f"{door.COOKIE}={key.secret}"
        own = (await http.get("/ui/overview")).text
    async with opened(tmp_path) as (_, http):
        every = (await http.get("/ui/overview?days=all")).text
        none = (await http.get("/ui/overview?model=other")).text
    assert "1 run finished." in own
    assert "4 runs finished." in every
    assert "0 runs finished." in none and "No run like that" in none
    assert "style=" not in every


async def test_a_run_whose_texts_are_not_kept_says_so(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, http):
        run = plain_run(store, "Secret?", "secret", texts=False)
        page = (await http.get(f"/ui/traces/{run}")).text
        listed = (await http.get("/ui")).text
    assert "secret" not in page.lower() + listed.lower()
    assert "texts of this run are not kept" in page
    assert 'name="grade"' in page
    assert "text not kept" in listed
