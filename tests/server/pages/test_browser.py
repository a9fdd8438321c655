"""The pages in a real browser: Chromium, without a window."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from browser import Browser, start_browser
from fake_engine import ScriptedEngine
from forethought.server.app import create_app
from forethought.server.guard import open_guard
from forethought.server.keys import Keys
from forethought.server.serving import served
from forethought.storage.grades import NewGrade
from forethought.storage.keys import NewKey
from forethought.storage.store import Store
from page_traces import (
    beam_run,
    begin,
    end_beam,
    failed_run,
    large_run,
    plain_run,
    revision_run,
    tell_beam,
)

pytestmark = [pytest.mark.anyio, pytest.mark.browser]
RUNS = "return document.querySelectorAll('.run').length"
TOO_WIDE = """return document.documentElement.scrollWidth > window.innerWidth
  ? [...document.querySelectorAll('main *')].filter(
      (one) => one.getBoundingClientRect().right > window.innerWidth && !one.closest('.picture')
    ).slice(0, 3).map((one) => one.outerHTML.slice(0, 120)) : null"""


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    browser = start_browser()
    yield browser
    browser.close()


@dataclass(frozen=True)
class Shown:
    """A server with a window on it."""

    store: Store
    browser: Browser
    url: str

    async def open(self, path: str) -> None:
        await self.browser.open(self.url + path)


@asynccontextmanager
async def shown(tmp_path: Path, browser: Browser, *, keyed: bool = False) -> AsyncIterator[Shown]:
    """Serve the pages; at the end nothing was asked elsewhere and nobody complained."""
    await browser.resize(1280)
    await browser.open("about:blank")
    browser.origins()
    browser.complaints()
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'traces.db'}")
    guard = replace(open_guard(), keys=Keys(store)) if keyed else open_guard()
    app = create_app(ScriptedEngine(), traces=store, pages=store, guard=guard)
    try:
        async with served(app, "127.0.0.1", 0, grace_s=1) as url:
            yield Shown(store=store, browser=browser, url=url)
            await browser.open("about:blank")
    finally:
        await store.close()
    assert browser.origins() <= {url, "about://"}
    assert browser.complaints() == []


async def test_the_list_is_filtered_by_choosing(tmp_path: Path, window: Browser) -> None:
    async with shown(tmp_path, window) as page:
        for tell in (beam_run, revision_run, failed_run):
            tell(page.store)
        await page.open("/ui")
        assert await window.run(RUNS) == 3
        await window.run("document.querySelector('[name=status]').value = 'failed'")
        await window.click(".filters button")
        assert await window.until(f"{RUNS} === 1")
        assert "capital of Australia" in await window.run("return document.body.textContent")
        await window.click(".filters .buttons a")
        assert await window.until(f"{RUNS} === 3")
        await window.write("[name=text]", "train")
        await window.click(".filters button")
        assert await window.until(f"{RUNS} === 1")
        await window.click(".run")
        heading = "return document.querySelector('.question')?.textContent"
        assert "A train leaves at 14:35" in await window.until(heading)


async def test_a_beam_search_shows_what_was_pruned_and_the_chosen_way(
    tmp_path: Path, window: Browser
) -> None:
    async with shown(tmp_path, window) as page:
        await page.open(f"/ui/traces/{beam_run(page.store)}")
        for selector, least in (
            (".branch.cut > summary", 10),
            (".branch.chosen .end.chosen", 1),
            (".picture circle.ring", 1),
            (".picture path.x", 30),
        ):
            seen = f"""return [...document.querySelectorAll('{selector}')]
              .filter((one) => one.checkVisibility()).length"""
            assert await window.run(seen) >= least, selector
        hidden = "return document.querySelector('.branch.cut .steps').checkVisibility()"
        assert await window.run(hidden) is False
        await window.click(".branch.cut > summary")
        assert await window.run(hidden) is True


async def test_a_step_in_the_picture_leads_to_its_text(tmp_path: Path, window: Browser) -> None:
    async with shown(tmp_path, window) as page:
        await page.open(f"/ui/traces/{beam_run(page.store)}")
        await window.run(
            "document.querySelector('.picture path.x').closest('a')"
            ".dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }))"
        )
        assert await window.until(
            "const it = document.querySelector('.steps li:target'); return it && it.checkVisibility()"
        )


async def test_a_click_stores_a_grade(tmp_path: Path, window: Browser) -> None:
    async with shown(tmp_path, window) as page:
        run = beam_run(page.store)
        await page.open(f"/ui/traces/{run}")
        await window.write("[name=note]", "checked by hand <b>twice</b>")
        await window.write("[name=name]", "anna")
        await window.click("button.right")
        told = await window.until("return document.querySelector('.grades')?.textContent")
        (grade,) = await page.store.grades_of(run)
    assert "person:anna" in told and "<b>twice</b>" in told
    assert (grade.grader, grade.score, grade.note) == (
        "person:anna", 1.0, "checked by hand <b>twice</b>",
    )  # fmt: skip


async def test_a_run_that_goes_on_is_followed_to_its_end(tmp_path: Path, window: Browser) -> None:
    async with shown(tmp_path, window) as page:
        run = begin(page.store)
        beams = tell_beam(run)
        beams.round()
        await page.open(f"/ui/traces/{run.recorder.trace_id}")
        steps = "return document.querySelectorAll('.picture a').length"
        before = await window.run(steps)
        await window.click(".branch.cut > summary")
        opened = "return document.querySelector('.branch[open]').id"
        name = await window.run(opened)
        beams.round()
        await window.until(f"return document.querySelectorAll('.picture a').length > {before}")
        assert await window.run(f"return document.getElementById('{name}').open"), "it stays open"
        end_beam(beams)
        assert await window.until("return document.querySelector('.status.finished') !== null")
        assert await window.run("return document.querySelector('.final').textContent") == "18"
        assert (
            await window.run("return 'live' in document.getElementById('content').dataset") is False
        )


async def test_what_was_left_out_is_loaded_when_it_is_opened(
    tmp_path: Path, window: Browser
) -> None:
    async with shown(tmp_path, window) as page:
        await page.open(f"/ui/traces/{large_run(page.store, samples=12, depth=80)}")
        steps = "return document.querySelectorAll('.steps > li').length"
        before = await window.run(steps)
        await window.run("document.querySelector('.later').open = true")
        await window.until(f"return document.querySelectorAll('.steps > li').length > {before}")
        assert await window.run("return document.querySelectorAll('[aria-busy]').length") == 0


async def test_a_phone_never_scrolls_sideways(tmp_path: Path, window: Browser) -> None:
    async with shown(tmp_path, window) as page:
        runs = [
            beam_run(page.store),
            revision_run(page.store),
            failed_run(page.store),
            plain_run(page.store, "w" * 300, "x" * 300),
        ]
        for dark in (False, True):
            await window.resize(390, dark=dark)
            for path in ("/ui", "/ui/key", *(f"/ui/traces/{run}" for run in runs)):
                await page.open(path)
                assert await window.run(TOO_WIDE) is None, path
                await window.run(
                    "document.querySelectorAll('details').forEach((one) => { one.open = true; })"
                )
                assert await window.run(TOO_WIDE) is None, f"{path}, all open"


async def test_what_a_model_wrote_never_runs(tmp_path: Path, window: Browser) -> None:
    evil = (
        "<script>document.title = 'stolen'</script><img src=x onerror=\"document.title='stolen'\">"
    )
    async with shown(tmp_path, window) as page:
        run = plain_run(page.store, evil, evil)
        for path in ("/ui", f"/ui/traces/{run}", f"/ui/traces/{run}/part?of=stage:pilot"):
            await page.open(path)
            assert "stolen" not in await window.run("return document.title.replace(/<.*/, '')")
            assert await window.run("return document.querySelectorAll('main img').length") == 0


async def test_a_key_is_asked_for_once(tmp_path: Path, window: Browser) -> None:
    async with shown(tmp_path, window, keyed=True) as page:
        key = await page.store.create_key(NewKey(name="anna"))
        run = plain_run(page.store, "Whose is this?", "mine", key_id=key.key.id)
        await page.open(f"/ui/traces/{run}")
        await window.write("[name=key]", key.secret)
        await window.click(".key button")
        assert "Whose is this?" in await window.until(
            "return document.querySelector('.question')?.textContent"
        )
        assert await window.run("return document.cookie") == ""
        await window.click(".who a")
        await page.open("/ui")
        assert await window.until("return document.querySelector('[name=key]') !== null")


async def test_the_keyboard_alone_is_enough(tmp_path: Path, window: Browser) -> None:
    async with shown(tmp_path, window) as page:
        await page.open(f"/ui/traces/{beam_run(page.store)}")
        unnamed = """return [...document.querySelectorAll('a, button, input, select, textarea, svg[role=img]')]
          .filter((one) => !(one.textContent.trim() || one.getAttribute('aria-label')
            || one.labels?.length || one.closest('[aria-hidden]')))
          .map((one) => one.outerHTML.slice(0, 120))"""
        assert await window.run(unnamed) == []
        summary = "document.querySelector('.branch.cut > summary')"
        await window.run(f"{summary}.focus()")
        assert await window.run(f"return document.activeElement === {summary}")
        headings = "return [...document.querySelectorAll('h1, h2, h3')].map((h) => h.tagName)"
        assert (await window.run(headings))[0] == "H1"


async def test_the_overview_draws_its_charts_in_the_colours_of_the_page(
    tmp_path: Path, window: Browser
) -> None:
    async with shown(tmp_path, window) as page:
        runs = [beam_run(page.store), revision_run(page.store)]
        runs += [plain_run(page.store, str(k), "1", level=1 + k % 5) for k in range(8)]
        await page.store.add_grades(
            [
                NewGrade(trace_id=run, grader="person:anna", score=k % 2)
                for k, run in enumerate(runs)
            ]
        )
        for width, dark in ((1280, False), (390, True)):
            await window.resize(width, dark=dark)
            await page.open("/ui/overview")
            assert await window.run("return document.querySelectorAll('figure svg').length") >= 5
            ink = "rgb(86, 180, 233)" if dark else "rgb(0, 103, 168)"
            drawn = """return [...document.querySelectorAll('figure svg *')]
              .map((one) => getComputedStyle(one).fill)"""
            assert ink in await window.run(drawn)
            assert await window.run(TOO_WIDE) is None
