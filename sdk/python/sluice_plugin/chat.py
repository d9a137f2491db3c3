"""Canonical answers, for provider adapters: OpenAI's chat completion, whole and as chunks."""

from __future__ import annotations

from typing import Any

#: Ends a stream: yield it after the last chunk, so that the client need not wait for the upstream to close.
DONE = b"data: [DONE]\n\n"


def usage(prompt_tokens: int, completion_tokens: int) -> dict[str, int]:
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    }


def completion(
    id: str,
    created: int,
    model: str,
    text: str | None,
    finish_reason: str = "stop",
    usage: dict[str, int] | None = None,
    tool_calls: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """A whole answer with one choice."""
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if tool_calls:
        message["tool_calls"] = tool_calls
    answer: dict[str, Any] = {
        "id": id,
        "object": "chat.completion",
        "created": created,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
    }
    if usage is not None:
        answer["usage"] = usage
    return answer


class Chunks:
    """Chunks of one streamed answer with one choice."""

    def __init__(self, id: str, created: int, model: str) -> None:
        self._head = {"id": id, "object": "chat.completion.chunk", "created": created, "model": model}

    def delta(self, **delta: Any) -> dict[str, Any]:
        """A chunk such as `delta(role="assistant")` or `delta(content="Hel")`."""
        return self._head | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}

    def finish(self, reason: str = "stop") -> dict[str, Any]:
        return self._head | {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}

    def usage(self, usage: dict[str, int]) -> dict[str, Any]:
        return self._head | {"choices": [], "usage": usage}
