"""Chats on watsonx.ai: OpenAI's requests under other names and paths (<https://cloud.ibm.com/apidocs/watsonx-ai#text-chat>), whose
types IBM does not publish."""

import re

from wire import openai_chat

# Cases that send or answer what these types do not have, on purpose.
NOT_THEIRS = {}

PATH = re.compile(r"/ml/v1/(deployments/[^/]+/)?text/(chat|chat_stream)(\?.*)?")


def as_openai_has_it(path: str, body: dict) -> dict:
    """The request under OpenAI's names."""
    body = {name: value for name, value in body.items() if name not in ("project_id", "space_id")}
    body["model"] = body.pop("model_id", "deployed")
    if "tool_choice_option" in body:
        body["tool_choice"] = body.pop("tool_choice_option")
    if "chat_stream" in path:
        body["stream"] = True
    return body


def problems(operation: str, path: str, body: dict) -> list[str]:
    """What is wrong with a request, one sentence each."""
    if operation != "chat-completions":
        return []
    found = [] if not path or PATH.fullmatch(path) else [f"{path} is no path of a chat"]
    found += [f"body.{name} is OpenAI's name" for name in ("model", "stream") if name in body]
    return found + openai_chat.problems(operation, "/chat/completions", as_openai_has_it(path, body))


def answer_problems(operation: str, body: dict) -> list[str]:
    """Its answers leave out fields that OpenAI's always have."""
    return []
