"""Which policy a run gets: the one it asks for, or what the store says is active for it.

What the store says is asked for anew every few seconds, so that a policy that is activated elsewhere
serves here without a restart. A store that cannot be read leaves what was known, and a fault.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..nodes.algorithms.registry import numbers_of
from ..nodes.errors import StoreError
from ..nodes.policy.base import Policy
from ..nodes.policy.builtin import BuiltinPolicy
from ..nodes.policy.document import PolicyDocument
from ..nodes.policy.drift import SteppedBack
from ..nodes.policy.fitted import FittedPolicy
from ..nodes.policy.fixed import FixedPolicy
from ..nodes.policy.pacing import PacedPolicy, pacer_for
from ..nodes.policy.runnable import Present, check_present
from ..nodes.values import Kind
from ..storage.policies import ActivePolicy, PolicyRecord, pick_policy
from .engine import Ask
from .standing import Standing

FRESH_S = 2.0
"""How long what the store said is taken to hold."""
PATIENCE_S = 1.0
"""How long a store that hangs may hold up a run."""
BUILTIN = "builtin"


class Shelf(Protocol):
    """Where policies are kept. Implementation: `storage/store.py`."""

    async def active_policies(self) -> Sequence[ActivePolicy]:
        """Return what serves each scope.

        Raises:
            StoreError: it cannot be read.
        """
        ...

    async def read_policy(self, reference: str) -> PolicyRecord:
        """Return the policy called so.

        Raises:
            StoreError: there is none, or it cannot be read.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What one run gets."""

    policy: Policy
    document: PolicyDocument | None = None
    """Brings the models that go with the policy; None has none."""
    standing: Standing | None = None
    """To be told of the run; None where what was asked for is not the active policy."""
    faults: tuple[str, ...] = ()


class ActivePolicies:
    """The policies of one process."""

    def __init__(
        self,
        shelf: Shelf,
        *,
        mean_generations: float | None,
        budget: int,
        clock: Callable[[], float] = time.monotonic,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._shelf = shelf
        self._patience_s = patience_s
        self._mean = mean_generations
        self._budget = budget
        """Of most questions: the dials of the pacer are those for it."""
        self._clock = clock
        self._asking = asyncio.Lock()
        self._asked_s: float | None = None
        self._active: Sequence[ActivePolicy] = ()
        self._fault: tuple[str, ...] = ()
        self._standing: dict[str, Standing] = {}

    async def serving(
        self, ask: Ask, *, kind: Kind, model: str, verifier: str | None, present: Present | None
    ) -> Serving:
        """Return what a run gets; `present` is None where no server answers yet.

        Raises:
            StoreError: the policy that was asked for cannot be read.
            CannotRun: the strategy that was asked for lacks something that it needs.
        """
        if ask.strategy is not None:
            if present is not None:
                check_present(numbers_of(ask.strategy), present)
            return Serving(policy=FixedPolicy(strategy=ask.strategy))
        if ask.policy == BUILTIN:
            return Serving(policy=BuiltinPolicy())
        if ask.policy is not None:
            record = await self._shelf.read_policy(ask.policy)
            return Serving(policy=fitted(record), document=record.document)
        picked = pick_policy(await self._known(), kind, model, verifier)
        if picked is None:
            faults = self._fault + self._unpaced("no policy is active")
            return Serving(policy=BuiltinPolicy(), faults=faults)
        return self._served(picked)

    def _served(self, record: PolicyRecord) -> Serving:
        standing = self._standing.get(record.id) or self._new_standing(record.document)
        self._standing[record.id] = standing
        policy: Policy = fitted(record)
        faults = self._fault
        if standing.pacer is None:
            faults += self._unpaced(f"{record.reference} has no controller with prices")
        if standing.is_strange:
            policy = SteppedBack(reference=reference_of(record))
        elif standing.pacer is not None:
            policy = PacedPolicy(policy=policy, pacer=standing.pacer)
        return Serving(policy=policy, document=record.document, standing=standing, faults=faults)

    def _new_standing(self, document: PolicyDocument) -> Standing:
        pacer = None
        if self._mean is not None and document.controller is not None:
            pacer = pacer_for(self._mean, document.dials, self._budget)
        return Standing(document, pacer)

    def _unpaced(self, reason: str) -> tuple[str, ...]:
        if self._mean is None:
            return ()
        return (f"nothing holds the mean of {self._mean:g} generations: {reason}",)

    async def _known(self) -> Sequence[ActivePolicy]:
        """Return what is active, as the store said it last."""
        async with self._asking:
            now = self._clock()
            if self._asked_s is None or now - self._asked_s >= FRESH_S:
                self._asked_s = now
                try:
                    async with asyncio.timeout(self._patience_s):
                        self._active, self._fault = await self._shelf.active_policies(), ()
                except (StoreError, TimeoutError) as exc:
                    reason = str(exc) or "the store does not answer"
                    self._fault = (f"policies may be out of date: {reason}",)
            return self._active


def fitted(record: PolicyRecord) -> FittedPolicy:
    """Return the policy that chooses by a record."""
    return FittedPolicy(document=record.document, reference=reference_of(record))


def reference_of(record: PolicyRecord) -> str:
    """Return how traces name a policy: `gsm8k@3 1a2b3c4d`."""
    return f"{record.reference} {record.hash[:8]}"
