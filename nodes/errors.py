"""What can go wrong while thinking.

ForethoughtError
├── BackendError         a model server could not be used
│   ├── BackendTimeout   it did not answer in time
│   ├── BackendGarbled   it answered something that is not its protocol
│   └── BackendRejected  it refused the request (4xx): never retried
│       └── PromptTooLong
├── BudgetSpent          the run's budget ran out before the call could be made or finished
├── NoCandidate          nothing at all was sampled, so there is no answer to give
├── FitError             nothing can be learned from what was given
└── StoreError           the trace store could not be read or written
    └── NotStored        there is nothing of that name in it, or there are several
"""

from __future__ import annotations

from typing import Literal

Resource = Literal["generations", "tokens", "deadline"]


class ForethoughtError(Exception):
    """Base of every error this package raises on purpose."""


class BackendError(ForethoughtError):
    """A model server could not be reached or answered with an error."""


class BackendTimeout(BackendError):
    """A model server did not answer in time."""


class BackendGarbled(BackendError):
    """A model server answered something that is not its protocol."""


class BackendRejected(BackendError):
    """A model server refused the request; asking again would change nothing."""


class PromptTooLong(BackendRejected):
    """The prompt does not fit into the model's context."""


class BudgetSpent(ForethoughtError):
    """A resource of the run's budget ran out."""

    def __init__(self, resource: Resource) -> None:
        super().__init__(f"the budget of {resource} is spent")
        self.resource: Resource = resource


class NoCandidate(ForethoughtError):
    """Nothing was sampled, so there is no answer to give."""


class FitError(ForethoughtError):
    """A model could not be fitted; the message is one sentence for a user."""


class StoreError(ForethoughtError):
    """The trace store could not be read or written."""


class NotStored(StoreError):
    """The store was read, and has nothing of that name, or several."""
