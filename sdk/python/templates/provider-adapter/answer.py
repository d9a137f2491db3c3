"""Reads Acme's answers and errors. Servers that imitate a provider leave fields out: what is of another type counts as
missing.
"""

from __future__ import annotations

import json
from typing import Any

from sluice_plugin import Failure, Fault
from sluice_plugin.chat import usage


class End:
    """Why an answer ended."""

    REASONS = {"limit": "length", "withheld": "content_filter"}

    @classmethod
    def reason(cls, answer: dict[str, Any]) -> str:
        end = answer.get("end")
        return cls.REASONS.get(end, "stop") if isinstance(end, str) else "stop"


def text_of(answer: dict[str, Any]) -> str | None:
    output = answer.get("output")
    text = output.get("text") if isinstance(output, dict) else None
    return text if isinstance(text, str) else None


def usage_of(answer: dict[str, Any]) -> dict[str, int] | None:
    tokens = answer.get("tokens")
    if not isinstance(tokens, dict):
        return None
    prompt, output = tokens.get("in"), tokens.get("out")
    return usage(prompt if isinstance(prompt, int) else 0, output if isinstance(output, int) else 0)


#: Which fault each of Acme's kinds of errors is. The fault decides whether another deployment is tried.
FAULTS: dict[str, Fault] = {
    "key": "authentication",
    "busy": "rate-limited",
    "long": "context-window-exceeded",
    "words": "content-filtered",
    "request": "bad-request",
    "model": "not-found",
}


def failure_of(body: bytes) -> Failure | None:
    """The failure that a body reports, if it is one of Acme's."""
    try:
        error = json.loads(body).get("error")
    except (ValueError, AttributeError):
        return None  # Such as a proxy's error page.
    if not isinstance(error, dict):
        return None
    kind, message = error.get("kind"), error.get("message")
    return Failure(
        FAULTS.get(kind, "upstream-error") if isinstance(kind, str) else "upstream-error",
        message if isinstance(message, str) else "Acme failed, and does not say why",
        code=kind if isinstance(kind, str) else None,
    )
