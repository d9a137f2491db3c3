"""The exchange being worked on: read what you need, pay only for that.

An instance that has read what a client wrote serves no other exchange. What is marked *neutral* keeps the instance clean,
so that it is used again.
"""

from __future__ import annotations

import json
from typing import Any

from . import _host


def id() -> str:
    """Opaque id, the same as in logs and in the `x-litellm-call-id` response header. Neutral."""
    return _host.current().exchange_id()


def operation() -> str:
    """`chat-completions`, `completions`, `embeddings`, `audio-speech`, `audio-transcriptions`, … Neutral."""
    return _host.current().exchange_operation()


def model_group() -> str:
    """The model group that the client asked for. Neutral."""
    return _host.current().exchange_model_group()


def is_streaming() -> bool:
    """Whether the upstream is asked for a stream. Neutral."""
    return _host.current().exchange_is_streaming()


def field(name: str, default: Any = None) -> Any:
    """One top-level field of the canonical request, parsed; the default where it is absent.

    Neutral for booleans, null, short numbers, and `model`.
    """
    text = _host.current().exchange_field(name)
    return default if text is None else json.loads(text)


def body() -> dict[str, Any]:
    """The canonical request whole, parsed; of a form, its fields. Not neutral. A copy: changes stay here."""
    parsed: dict[str, Any] = json.loads(_host.current().exchange_body() or b"{}")
    return parsed


def body_bytes() -> bytes:
    """The canonical request whole, as JSON text. Not neutral."""
    return _host.current().exchange_body()


def prompt_tokens() -> int:
    """Estimated tokens of the prompt, within a factor of two. Neutral."""
    return _host.current().exchange_prompt_tokens()


def attribute(name: str) -> str | None:
    """`header.<name>`, `tag.<n>`, `region`, `user`, `team`, `virtual-key`, `end-user`, `metadata.<name>`, `medium.<word>`.

    `None` where absent. Neutral for `medium.<word>` and `region` only.
    """
    return _host.current().exchange_attribute(name)


def header(name: str) -> str | None:
    """A header of the client's request; those that carry credentials are absent. Not neutral."""
    return attribute(f"header.{name.lower()}")


def metadata(name: str) -> str | None:
    """A text of the request's `metadata`. Not neutral."""
    return attribute(f"metadata.{name}")


def tags() -> list[str]:
    """The request's tags. Not neutral."""
    found: list[str] = []
    while (tag := attribute(f"tag.{len(found)}")) is not None:
        found.append(tag)
    return found


def has_medium(word: str) -> bool:
    """Whether the request has an `image`, `audio`, `video`, `file` or `tokens` beside its text. Neutral."""
    return attribute(f"medium.{word}") == "true"


def started_ms() -> int:
    """When the exchange began, in milliseconds since 1970-01-01 UTC. Recorded, so that a replay chooses alike. Neutral."""
    return _host.current().exchange_started_ms()


def seed() -> int:
    """A number for random choices: `random.Random(exchange.seed())`. Recorded, so that a replay chooses alike. Neutral."""
    return _host.current().exchange_seed()
