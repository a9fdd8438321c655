"""The metrics of several workers as one."""

from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from forethought.server.telemetry.together import Together


class Worker:
    """One of several processes, without the process."""

    def __init__(self, folder: Path, number: int) -> None:
        own = CollectorRegistry()
        self.runs = Counter("forethought_runs", "Runs.", ("status",), registry=own)
        self.running = Gauge("forethought_running", "Now.", registry=own)
        self.age = Gauge("forethought_store_oldest_row_seconds", "Age.", registry=own)
        self.seconds = Histogram("forethought_run_seconds", "S.", buckets=(1, 2), registry=own)
        self.memory = Gauge("process_resident_memory_bytes", "Memory.", registry=own)
        self.together = Together(own, folder, number)

    def scraped(self) -> list[str]:
        registry = CollectorRegistry()
        registry.register(self.together)
        lines = generate_latest(registry).decode().splitlines()
        return [line for line in lines if not line.startswith("#") and "_created" not in line]


def test_whoever_is_asked_tells_the_sums_of_all(tmp_path: Path) -> None:
    one, two = Worker(tmp_path, 1), Worker(tmp_path, 2)
    one.runs.labels("finished").inc(3)
    two.runs.labels("finished").inc(4)
    two.runs.labels("failed").inc()
    one.running.set(5)
    two.running.set(6)
    one.age.set(9)
    two.age.set(2)
    one.seconds.observe(0.5)
    two.seconds.observe(1.5)
    one.memory.set(100)
    two.memory.set(200)
    one.together.share()
    two.together.share()
    assert (
        set(one.scraped())
        == set(two.scraped())
        == {
            'forethought_runs_total{status="finished"} 7.0',
            'forethought_runs_total{status="failed"} 1.0',
            "forethought_running 11.0",
            "forethought_store_oldest_row_seconds 9.0",
            'forethought_run_seconds_bucket{le="1.0"} 1.0',
            'forethought_run_seconds_bucket{le="2.0"} 2.0',
            'forethought_run_seconds_bucket{le="+Inf"} 2.0',
            "forethought_run_seconds_count 2.0",
            "forethought_run_seconds_sum 2.0",
            'process_resident_memory_bytes{worker="1"} 100.0',
            'process_resident_memory_bytes{worker="2"} 200.0',
        }
    )


def test_its_own_numbers_are_those_of_now(tmp_path: Path) -> None:
    one = Worker(tmp_path, 1)
    one.runs.labels("finished").inc()
    one.together.share()
    one.runs.labels("finished").inc()
    assert 'forethought_runs_total{status="finished"} 2.0' in one.scraped()


def test_what_a_worker_counted_that_was_replaced_stays_counted(tmp_path: Path) -> None:
    one, two = Worker(tmp_path, 1), Worker(tmp_path, 2)
    for lives in range(3):
        two.runs.labels("finished").inc(10)
        two.running.set(7)
        two.seconds.observe(0.5)
        two.together.share()
        two = Worker(tmp_path, 2)
        assert f'forethought_runs_total{{status="finished"}} {10 * (lives + 1)}.0' in one.scraped()
    told = one.scraped()
    assert "forethought_running 0.0" in told
    assert "forethought_run_seconds_count 3.0" in told
    assert not any('worker="2"' in line for line in told)
    one.together.share()
    two.together.share()
    assert set(one.scraped()) == set(two.scraped())


def test_a_folder_that_is_gone_leaves_its_own_numbers(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    one = Worker(folder, 1)
    one.runs.labels("finished").inc()
    folder.rmdir()
    one.together.share()
    assert 'forethought_runs_total{status="finished"} 1.0' in one.scraped()
