"""What goes wrong, one thing at a time."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One of them."""

    says: str
    faults: dict[str, object] = field(default_factory=dict)
    """What both servers are told, as `POST /faults` takes it."""
    down_s: float = 0.0
    """Seconds that the first server is away, from a quarter of the questions on."""
    hedging: bool = True
    deadline_s: float | None = None
    """Of each run; with one, calls are streamed."""
    share: float = 1.0
    """Of the questions: slow scenarios ask fewer."""
    servers: int = 2
    urls: int = 1
    """How often each server is named: a router behind one URL may be named twice."""
    compares: bool = False
    """It is there to compare with: it may lose answers."""


SCENARIOS: dict[str, Scenario] = {
    "none": Scenario(says="nothing"),
    "killed": Scenario(says="1 of 2 killed for 5 s under load, and back", down_s=5.0),
    "errors": Scenario(says="5% answered with 500", faults={"error_share": 0.05}),
    "stalls": Scenario(says="5% answered 60 s late", faults={"stall_share": 0.05}),
    "stalls-deadline": Scenario(
        says="the same, deadline of 10 s", faults={"stall_share": 0.05}, deadline_s=10.0
    ),
    "stalls-alone": Scenario(
        says="the same, no hedging, deadline of 10 s",
        faults={"stall_share": 0.05},
        deadline_s=10.0,
        hedging=False,
        compares=True,
    ),
    "stalls-one-server": Scenario(
        says="the same, one server named twice, deadline of 10 s",
        faults={"stall_share": 0.05},
        deadline_s=10.0,
        servers=1,
        urls=2,
    ),
    "stalls-unhedged": Scenario(
        says="the same, no hedging, no deadline",
        faults={"stall_share": 0.05},
        hedging=False,
        share=0.25,
    ),
    "cuts": Scenario(says="5% of plain replies broken off", faults={"cut_share": 0.05}),
    "cuts-streamed": Scenario(
        says="5% of streams broken off (deadline of 60 s)",
        faults={"cut_share": 0.05},
        deadline_s=60.0,
    ),
    "lost": Scenario(says="1 of 8 samples lost", faults={"lost_every": 8}),
    "lost-one-server": Scenario(
        says="1 of 8 samples lost, one server", faults={"lost_every": 8}, servers=1
    ),
    "errors-one-server": Scenario(
        says="5% answered with 500, one server", faults={"error_share": 0.05}, servers=1
    ),
}
