"""A headless Chromium, driven from async tests; it keeps what it loaded and what it complained about."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest
from anyio.to_thread import run_sync
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

T = TypeVar("T")
PATIENCE_S = 30.0
"""How long anything on a page is waited for before the test fails."""
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def start_browser() -> Browser:
    """Return a browser; the test is skipped where there is none."""
    binary = next(filter(None, map(shutil.which, NAMES)), None)
    driver = shutil.which("chromedriver")
    if binary is None or driver is None:
        pytest.skip("no Chromium with chromedriver here: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return Browser(webdriver.Chrome(options=options, service=Service(driver)))


class Browser:
    """One window."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def close(self) -> None:
        self.driver.quit()

    async def open(self, address: str) -> None:
        """Load a page and everything on it."""
        await run_sync(self.driver.get, address)

    async def resize(self, width: int, height: int = 800, *, dark: bool = False) -> None:
        """Be a screen of so many pixels; a narrow one is a phone."""
        metrics = {
            "width": width,
            "height": height,
            "deviceScaleFactor": 1,
            "mobile": width < 500,
        }
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self._command("Emulation.setDeviceMetricsOverride", metrics)
        await self._command("Emulation.setEmulatedMedia", {"features": [scheme]})

    async def run(self, script: str) -> Any:
        """Return what a script returns."""
        return await run_sync(self.driver.execute_script, script)

    async def until(self, script: str) -> Any:
        """Return what a script returns once that is true."""

        def wait() -> Any:
            waiting = WebDriverWait(self.driver, PATIENCE_S, poll_frequency=0.05)
            return waiting.until(lambda driver: driver.execute_script(script), script)

        return await run_sync(wait)

    async def click(self, selector: str) -> None:
        await self._with(selector, lambda element: element.click())

    async def write(self, selector: str, text: str) -> None:
        await self._with(selector, lambda element: element.send_keys(text))

    async def picture(self, width: int, height: int, *, top: int = 0) -> bytes:
        """Return a part of the page as a PNG in base64."""
        clip = {"x": 0, "y": top, "width": width, "height": height, "scale": 1}
        shot = await self._command(
            "Page.captureScreenshot",
            {"format": "png", "captureBeyondViewport": True, "clip": clip},
        )
        return str(shot["data"]).encode()

    def complaints(self) -> list[str]:
        """Return what the console was told since the last time, violations of the policy too."""
        return [str(entry["message"]) for entry in self._log("browser")]

    def origins(self) -> set[str]:
        """Return where everything was asked from since the last time."""
        found: set[str] = set()
        for entry in self._log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                parts = urlsplit(message["params"]["request"]["url"])
                found.add(f"{parts.scheme}://{parts.netloc}")
        return found

    def _log(self, kind: str) -> list[dict[str, Any]]:
        log: list[dict[str, Any]] = self.driver.get_log(kind)  # type: ignore[no-untyped-call]
        return log

    async def _with(self, selector: str, act: Callable[[Any], T]) -> T:
        return await run_sync(lambda: act(self.driver.find_element(By.CSS_SELECTOR, selector)))

    async def _command(self, name: str, values: dict[str, Any]) -> Any:
        return await run_sync(self.driver.execute_cdp_cmd, name, values)
