"""Claude on Vertex AI: the body is what Anthropic's own client (PyPI `anthropic`) takes, but for what the path says
(<https://docs.anthropic.com/en/api/claude-on-vertex-ai>)."""

import re

from wire import anthropic

# Cases that send or answer what Anthropic's types do not have, on purpose.
NOT_THEIRS = {}

PATH = re.compile(r".*/publishers/anthropic/models/[^/:]+:(rawPredict|streamRawPredict)")
VERSION = "vertex-2023-10-16"


def problems(operation: str, path: str, body: dict) -> list[str]:
    """What is wrong with a request, one sentence each."""
    match = PATH.fullmatch(path)
    if not match:
        return [f"{path} is no path of Claude's on Vertex AI"]
    found = ["body.model belongs to the path"] if "model" in body else []
    if body.get("anthropic_version") != VERSION:
        found.append(f"body.anthropic_version is not {VERSION}")
    if (body.get("stream") is True) != (match[1] == "streamRawPredict"):
        found.append("body.stream is not what the path says")
    body = {name: value for name, value in body.items() if name != "anthropic_version"} | {"model": "claude"}
    return found + anthropic.problems(operation, "/v1/messages", body)


answer_problems = anthropic.answer_problems
