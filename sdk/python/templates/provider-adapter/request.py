"""Translates a chat completion's request to Acme's. What Acme cannot do is refused by name, and never dropped silently."""

from __future__ import annotations

from typing import Any

from sluice_plugin import Failure, deployment

#: Fields that are for the gateway, or that change nothing for this provider.
_NOT_SENT = {"model", "messages", "stream", "stream_options", "user", "metadata", "max_completion_tokens"}
_SENT = ("max_tokens", "temperature")


def translate(request: dict[str, Any], model: str) -> dict[str, Any]:
    if not isinstance(request.get("messages"), list):
        raise Failure("bad-request", "`messages` is no list", parameter="messages")
    drops = bool(deployment.parameter("drop_params", False))
    for name, value in request.items():
        if name in _NOT_SENT or name in _SENT or value is None or (name == "n" and value == 1):
            continue
        if not drops:
            raise Failure("unsupported", f"Acme has no word for `{name}`", parameter=name)
    body: dict[str, Any] = {"model": model, "prompt": prompt(request["messages"])}
    limit = request.get("max_completion_tokens")
    sent = request if limit is None else request | {"max_tokens": limit}
    body |= {name: sent[name] for name in _SENT if sent.get(name) is not None}
    if request.get("stream"):
        body["stream"] = True
    return body


def prompt(messages: list[Any]) -> str:
    """One line a message, and the beginning of the answer."""
    lines = [f"{message_role(message, index)}: {text(message, index)}" for index, message in enumerate(messages)]
    return "\n".join([*lines, "assistant:"])


def message_role(message: Any, index: int) -> str:
    role = message.get("role") if isinstance(message, dict) else None
    if role not in ("system", "developer", "user", "assistant"):
        place = f"messages[{index}].role"
        raise Failure("bad-request", f"{place} is none that Acme knows", parameter=place)
    return "system" if role == "developer" else role


def text(message: dict[str, Any], index: int) -> str:
    content = message.get("content")
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    parts = []
    for number, part in enumerate(content if isinstance(content, list) else [None]):
        if not isinstance(part, dict) or part.get("type") != "text" or not isinstance(part.get("text"), str):
            place = f"messages[{index}].content[{number}]"
            raise Failure("bad-request", f"{place} is no text, and Acme takes nothing else", parameter=place)
        parts.append(part["text"])
    return "".join(parts)
