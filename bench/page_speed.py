"""How long the pages take: from the request to the last byte, and in a browser until all is drawn.

    python bench/page_speed.py                 # one run of 5,000 steps, in a database of its own
    python bench/page_speed.py --url URL       # the list and the overview of a database that is there

`python -m bench.traces_load fill URL` makes a large database. A second request is what is counted: the
first one reads the database's pages from disk. Needs the tests beside it, and a Chromium.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import httpx2

from browser import Browser, start_browser
from fake_engine import ScriptedEngine
from forethought.server.app import create_app
from forethought.server.serving import served
from forethought.storage.store import Store
from page_traces import large_run

TIMES = 7
DRAWN = """const [page] = performance.getEntriesByType('navigation');
const paint = performance.getEntriesByName('first-contentful-paint')[0];
return [page.responseEnd, paint ? paint.startTime : 0, page.loadEventEnd]"""


async def measure(browser: Browser, url: str, path: str, name: str) -> None:
    """Print the medians of one page."""
    server: list[float] = []
    size = 0
    async with httpx2.AsyncClient(base_url=url, timeout=60) as http:
        for _ in range(TIMES + 1):
            began = time.perf_counter()
            reply = await http.get(path)
            server.append(time.perf_counter() - began)
            size = len(reply.content)
            if reply.status_code != 200:
                raise SystemExit(f"{path}: {reply.status_code}")
    seen: list[list[float]] = []
    for _ in range(TIMES):
        await browser.open(url + path)
        seen.append(await browser.run(DRAWN))
    medians = [statistics.median(times) for times in zip(*seen, strict=True)]
    print(
        f"{name}: {size / 1000:.0f} kB; server {1000 * statistics.median(server[1:]):.0f} ms;"
        f" browser: last byte {medians[0]:.0f} ms, first paint {medians[1]:.0f} ms,"
        f" loaded {medians[2]:.0f} ms",
        flush=True,
    )


async def main() -> None:
    """Serve the pages and measure them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="A database that is there.")
    given: str | None = parser.parse_args().url
    with tempfile.TemporaryDirectory() as folder:
        store = await Store.open(given or f"sqlite+aiosqlite:///{folder}/traces.db")
        browser = start_browser()
        try:
            paths = {"the list": "/ui", "the overview, all days": "/ui/overview?days=all"}
            if given is None:
                paths = {"a run of 5,000 steps": f"/ui/traces/{large_run(store)}"}
                await store.drain()
            app = create_app(ScriptedEngine(), traces=store, pages=store)
            async with served(app, "127.0.0.1", 0, grace_s=1) as url:
                for name, path in paths.items():
                    await measure(browser, url, path, name)
        finally:
            browser.close()
            await store.close()


if __name__ == "__main__":
    asyncio.run(main())
