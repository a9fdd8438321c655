"""What of a response request is refused, by name, because it would change the reply and is not built."""

from __future__ import annotations

from ..errors import bad_request
from .accepted import INCLUDED
from .body import ResponsesBody


def check_supported(body: ResponsesBody) -> None:
    """Refuse what is not built.

    Raises:
        Refusal: 400, with the first field that asks for it.
    """
    reasoning, text, options = body.reasoning, body.text, body.stream_options
    unknown = [name for name in body.include or () if name not in INCLUDED]
    asked = {
        "background": bool(body.background),
        "conversation": body.conversation is not None,
        "context_management": bool(body.context_management),
        "include": bool(unknown),
        "moderation": body.moderation is not None,
        "prompt": body.prompt is not None,
        "service_tier": body.service_tier not in (None, "auto", "default"),
        "stream_options.include_obfuscation": options is not None
        and bool(options.include_obfuscation),
        "top_logprobs": bool(body.top_logprobs),
        "truncation": body.truncation not in (None, "disabled"),
        "access_programs": body.access_programs is not None,
        "background_options": body.background_options is not None,
        "image": body.image is not None,
        "reasoning.context": reasoning is not None and reasoning.context == "all_turns",
        "reasoning.mode": reasoning is not None and reasoning.mode not in (None, "standard"),
        "text.verbosity": text is not None and text.verbosity not in (None, "medium"),
    }
    for name, is_asked in asked.items():
        if is_asked:
            what = f"{name} {unknown[0]!r}" if name == "include" else name
            raise bad_request(f"{what} is not supported", name, "unsupported")
