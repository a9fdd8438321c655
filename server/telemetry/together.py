"""The metrics of several processes that serve one port, as if they were one.

Each puts its numbers into a file of a folder that all of them know, every second and once at its end;
whichever of them is asked adds up its own of now and those of the files. Numbers of a process that ended are kept as
far as they count something: a counter that fell when a worker was replaced would look like a restart of all.
What Prometheus knows of a process itself (`process_*`) is told for each worker, by its number.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

SHARE_S = 1.0
WORKER = "worker"
OF_ONE = "process_"
WHEN = "_created"
"""Moments, which add up to nothing."""
COUNTING = ("counter", "histogram")
LARGEST = (
    "forethought_store_oldest_row_seconds",
    "forethought_store_failing",
    "forethought_upstream_up",
)
"""Of these the largest is told, not the sum."""
Key = tuple[str, tuple[tuple[str, str], ...]]


class Together(Collector):
    """The numbers of worker `number` of several, and of the others beside it."""

    def __init__(self, registry: CollectorRegistry, folder: Path, number: int) -> None:
        self._registry = registry
        self._folder = folder
        self._number = number
        before = self._file(".prom")
        if before.exists():  # of the process whose place this one takes
            _write(self._file(".past"), [*self._past(), *_counting(_read(before))])
            before.unlink()

    @asynccontextmanager
    async def sharing(self) -> AsyncIterator[None]:
        """Let the others know the numbers of this process for as long as the block lasts."""
        task = asyncio.create_task(self._share_on())
        try:
            yield
        finally:
            task.cancel()
            self.share()

    def share(self) -> None:
        """Let the others know the numbers of now."""
        with suppress(OSError):  # the folder went with the process that started us
            _write(self._file(".prom"), self._own())

    def collect(self) -> Iterable[Metric]:
        """Return the numbers of all."""
        mine = self._file(".prom")
        others = [path for path in self._folder.glob("*.prom") if path != mine]
        told = [*self._own()]
        for path in [*others, *self._folder.glob("*.past")]:
            with suppress(OSError):
                told += _read(path)
        return _summed(told)

    async def _share_on(self) -> None:
        while True:
            self.share()
            await asyncio.sleep(SHARE_S)

    def _own(self) -> list[Metric]:
        text = generate_latest(self._registry).decode()
        families = [f for f in text_string_to_metric_families(text) if not f.name.endswith(WHEN)]
        for family in families:
            if family.name.startswith(OF_ONE):
                family.samples = [
                    sample._replace(labels=sample.labels | {WORKER: str(self._number)})
                    for sample in family.samples
                ]
        return families

    def _past(self) -> list[Metric]:
        path = self._file(".past")
        return _read(path) if path.exists() else []

    def _file(self, suffix: str) -> Path:
        return self._folder / f"{self._number}{suffix}"


def _summed(families: Iterable[Metric]) -> list[Metric]:
    """Return one family a name, and one sample for each set of labels."""
    made: dict[str, Metric] = {}
    values: dict[str, dict[Key, float]] = {}
    for family in families:
        made.setdefault(family.name, Metric(family.name, family.documentation, family.type))
        of_family = values.setdefault(family.name, {})
        for sample in family.samples:
            key = (sample.name, tuple(sample.labels.items()))
            largest = sample.name in LARGEST
            old = of_family.get(key, 0.0)
            of_family[key] = max(old, sample.value) if largest else old + sample.value
    for name, family in made.items():
        for (sample_name, labels), value in values[name].items():
            family.add_sample(sample_name, dict(labels), value)
    return list(made.values())


def _counting(families: Iterable[Metric]) -> list[Metric]:
    return [f for f in families if f.type in COUNTING and not f.name.startswith(OF_ONE)]


def _read(path: Path) -> list[Metric]:
    return list(text_string_to_metric_families(path.read_text()))


def _write(path: Path, families: Iterable[Metric]) -> None:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Fixed(_summed(families)))
    made = path.with_suffix(f"{path.suffix}-{os.getpid()}")
    made.write_bytes(generate_latest(registry))
    made.replace(path)


class _Fixed(Collector):
    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> list[Metric]:
        return self._families
