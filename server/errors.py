"""OpenAI's error objects, and what each error of ours is to a client.

Refusal                 status  code                    type
PromptTooLong              400  context_length_exceeded invalid_request_error
BudgetSpent(deadline)      504  deadline_exceeded       server_error
BudgetSpent(other)         400  budget_too_small        invalid_request_error
CannotRun                  400  cannot_run              invalid_request_error
BackendTimeout             504  upstream_timeout        server_error
BackendGarbled             502  upstream_garbled        server_error
BackendRejected            502  upstream_rejected       server_error
BackendError               502  upstream_unavailable    server_error
NoCandidate                502  no_candidate            server_error
NotStored                  400  policy_not_found        invalid_request_error
StoreError                 503  store_unavailable       server_error
anything else              500  internal_error          server_error

A budget of generations or tokens that ends before anything is found is the caller's own number, and
asking again with it gives the same: 400, OpenAI's status for a value in the body. A deadline may
hold the next time: 504. A request of ours that the model server refuses is not the caller's fault:
502. What is not in the table is told to nobody but the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..nodes.errors import (
    BackendError,
    BackendGarbled,
    BackendRejected,
    BackendTimeout,
    BudgetSpent,
    NoCandidate,
    NotStored,
    PromptTooLong,
    StoreError,
)
from ..nodes.policy.runnable import CannotRun

TRACE_HEADER = "X-Forethought-Trace-Id"
ErrorType = Literal["invalid_request_error", "server_error"]


@dataclass(kw_only=True, eq=False)  # not frozen: contextlib writes an exception's traceback
class Refusal(Exception):
    """A reply that is an error."""

    status: int
    message: str
    param: str | None = None
    """Where in the body the fault is, as in `messages[0].content`."""
    code: str | None = None

    @property
    def type(self) -> ErrorType:
        """Whose fault it is."""
        return "invalid_request_error" if self.status < 500 else "server_error"

    def body(self) -> dict[str, dict[str, str | None]]:
        """Return OpenAI's error object."""
        error = {"message": self.message, "type": self.type, "param": self.param, "code": self.code}
        return {"error": error}


def bad_request(message: str, param: str | None = None, code: str | None = None) -> Refusal:
    """Return a refusal of what the caller sent."""
    return Refusal(status=400, message=message, param=param, code=code)


def refusal_of(error: BaseException) -> Refusal:
    """Return what the caller is told about `error`."""
    match error:
        case Refusal():
            return error
        case PromptTooLong():
            return bad_request(str(error), "messages", "context_length_exceeded")
        case BudgetSpent(resource="deadline"):
            status, code = 504, "deadline_exceeded"
        case BudgetSpent():
            message = f"{error} before anything was found; allow more"
            return bad_request(message, "forethought", "budget_too_small")
        case CannotRun():
            return bad_request(str(error), "forethought.strategy", "cannot_run")
        case BackendTimeout():
            status, code = 504, "upstream_timeout"
        case BackendGarbled():
            status, code = 502, "upstream_garbled"
        case BackendRejected():
            status, code = 502, "upstream_rejected"
        case BackendError():
            status, code = 502, "upstream_unavailable"
        case NoCandidate():
            status, code = 502, "no_candidate"
        case NotStored():
            return bad_request(str(error), "forethought.policy", "policy_not_found")
        case StoreError():
            status, code = 503, "store_unavailable"
        case _:
            message = "internal error; the server's log has the details"
            return Refusal(status=500, message=message, code="internal_error")
    return Refusal(status=status, message=str(error) or code, code=code)
