"""Takes the pictures of the pages that the docs show, from runs made by hand.

    python docs/screenshots.py            # into docs/images
    python docs/screenshots.py --all DIR  # every page, on a desk and on a phone, light and dark

It needs the tests beside it and a Chromium with its chromedriver.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import io
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import anyio

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from bench.traces_load.filling import fill as fill_many
from PIL import Image

from browser import Browser, start_browser
from fake_engine import ScriptedEngine
from forethought.server.app import create_app
from forethought.server.serving import served
from forethought.storage.grades import NewGrade
from forethought.storage.store import Store
from page_traces import (
    beam_run,
    begin,
    cancelled_run,
    failed_run,
    plain_run,
    revision_run,
    tell_beam,
)

MOST = 6000
"""Pixels of height, for the pictures of whole pages."""
COLOURS = 128
"""Of a picture: the pages have few, and the files are a third of the size."""
MANY = 1500
"""Runs that the overview adds up."""


async def fill(store: Store) -> dict[str, str]:
    """Store some runs; return the paths of the pages worth a picture."""

    def ago(minutes: int) -> timedelta:
        return timedelta(minutes=minutes)

    failed_run(store, ago=ago(190))
    primes = plain_run(store, "Which is the largest prime below 100?", "97", ago=ago(171), level=2)
    cancelled_run(store, ago=ago(95))
    paris = plain_run(
        store, "How many seconds has a leap year?", "31,622,400", ago=ago(88), level=2, sure=0.91
    )
    plain_run(store, "Is 2027 a prime number? Answer yes or no.", "yes", ago=ago(61), kind="text")
    cubes = plain_run(
        store, "Write 1729 as a sum of two cubes in two ways.", "1 + 1728 = 729 + 1000",
        effort="medium", ago=ago(42), level=4, sure=0.71,
    )  # fmt: skip
    revision = revision_run(store, ago=ago(17))
    beam = beam_run(store, ago=ago(6))
    running = begin(store, "A farmer has 17 sheep. All but 9 run away. How many are left?")
    beams = tell_beam(running)
    beams.round()
    await store.add_grades(
        [
            NewGrade(trace_id=beam, grader="person:anna", score=1, note="Checked by hand."),
            NewGrade(trace_id=revision, grader="dataset:timetables", score=1),
            NewGrade(trace_id=primes, grader="person:ben", score=1),
            NewGrade(trace_id=paris, grader="person:ben", score=1),
            NewGrade(trace_id=cubes, grader="person:anna", score=0.5),
        ]
    )
    return {
        "list": "/ui",
        "beam": f"/ui/traces/{beam}",
        "revisions": f"/ui/traces/{revision}",
        "running": f"/ui/traces/{running.recorder.trace_id}",
    }


async def shoot(browser: Browser, target: Path, *, top: str = "main", height: int = 0) -> None:
    """Write a picture of the page from the element `top` on."""
    at = f"document.querySelector('{top}').getBoundingClientRect().top + scrollY"
    start = 0 if top == "main" else int(await browser.run(f"return Math.floor({at}) - 16"))
    width = int(await browser.run("return innerWidth"))
    whole = int(await browser.run("return document.documentElement.scrollHeight")) - start
    data = await browser.picture(width, min(height or MOST, whole), top=start)
    picture = Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB").quantize(COLOURS)
    packed = io.BytesIO()
    picture.save(packed, "png", optimize=True)
    await anyio.Path(target).write_bytes(packed.getvalue())


async def docs(browser: Browser, url: str, paths: dict[str, str]) -> None:
    """Write the pictures of the docs."""
    images = ROOT / "docs" / "images"
    await browser.resize(1120)
    await browser.open(url + paths["list"])
    await shoot(browser, images / "pages-list.png", height=860)
    await browser.open(url + paths["beam"])
    await shoot(browser, images / "pages-beam.png", height=1480)
    await browser.open(url + paths["revisions"])
    await shoot(browser, images / "pages-revisions.png", top="#revisions", height=740)
    await browser.resize(390, dark=True)
    await browser.open(url + paths["beam"])
    await shoot(browser, images / "pages-phone.png", top="#search", height=1100)


async def everything(browser: Browser, url: str, paths: dict[str, str], folder: Path) -> None:
    """Write a picture of each page on each screen."""
    await anyio.Path(folder).mkdir(parents=True, exist_ok=True)
    for width in (1280, 390):
        for dark in (False, True):
            await browser.resize(width, dark=dark)
            for name, path in paths.items():
                await browser.open(url + path)
                mode = "dark" if dark else "light"
                await shoot(browser, folder / f"{name}-{width}-{mode}.png")


@asynccontextmanager
async def pages_of(database: str) -> AsyncIterator[tuple[Store, str]]:
    """Serve the pages of a database; yield it and their address."""
    store = await Store.open(database)
    try:
        app = create_app(ScriptedEngine(), traces=store, pages=store)
        async with served(app, "127.0.0.1", 0, grace_s=1) as url:
            yield store, url
    finally:
        await store.close()


async def main() -> None:
    """Serve the pages, and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", type=Path, metavar="DIR")
    folder: Path | None = parser.parse_args().all
    browser = start_browser()
    try:
        with tempfile.TemporaryDirectory() as place:
            async with pages_of(f"sqlite+aiosqlite:///{place}/few.db") as (store, url):
                paths = await fill(store)
                if folder is None:
                    await docs(browser, url, paths)
                else:
                    await everything(browser, url, paths, folder)
            many = f"sqlite+aiosqlite:///{place}/many.db"
            await fill_many(many, MANY, 30 * MANY, 0)
            async with pages_of(many) as (_, url):
                path = {"overview": "/ui/overview?days=all"}
                if folder is None:
                    await browser.resize(1120)
                    await browser.open(url + path["overview"])
                    target = ROOT / "docs" / "images" / "pages-overview.png"
                    await shoot(browser, target, height=1480)
                else:
                    await everything(browser, url, path, folder)
    finally:
        browser.close()


if __name__ == "__main__":
    asyncio.run(main())
