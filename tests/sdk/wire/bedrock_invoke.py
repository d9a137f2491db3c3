"""Claude in its own format at Amazon Bedrock, by InvokeModel: the body is what Anthropic's own client (PyPI `anthropic`) takes,
but for what the path says; and what stands in frames of a stream are the client's events."""

import base64
import json
import re

import pydantic
from anthropic.types import beta

from wire import anthropic

# Cases that send or answer what Anthropic's types do not have, on purpose.
NOT_THEIRS = {}

PATH = re.compile(r"/model/[^/]+/(invoke|invoke-with-response-stream)")
VERSION = "bedrock-2023-05-31"


def problems(operation: str, path: str, body: dict) -> list[str]:
    """What is wrong with a request, one sentence each."""
    match = PATH.fullmatch(path)
    if not match:
        return [f"{path} is no path of InvokeModel's"]
    found = [f"body.{name} belongs to the path" for name in ("model", "stream") if name in body]
    if body.get("anthropic_version") != VERSION:
        found.append(f"body.anthropic_version is not {VERSION}")
    betas = body.get("anthropic_beta", ["x"])
    if not isinstance(betas, list) or not betas or not all(isinstance(beta, str) for beta in betas):
        found.append("body.anthropic_beta is no list of names")
    body = {name: value for name, value in body.items() if name not in ("anthropic_version", "anthropic_beta")}
    body["model"] = "claude"
    if match[1] != "invoke":
        body["stream"] = True
    return found + anthropic.problems(operation, "/v1/messages", body)


def answer_problems(operation: str, body: dict) -> list[str]:
    """What is wrong with a whole answer of status 200, one sentence each."""
    # What Bedrock adds has its name before it.
    return anthropic.answer_problems(operation, {name: value for name, value in body.items() if not name.startswith("amazon-bedrock-")})
