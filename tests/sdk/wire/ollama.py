"""Ollama's own types (PyPI `ollama`), against which the requests and answers of the plugin's cases are checked."""

import base64
import json

import ollama._types as types
from pydantic import BaseModel, ValidationError

# Cases that send or answer what Ollama's types do not know, on purpose.
NOT_THEIRS = {
    "extra_body": "`extra_body` adds a field of the client's",
    "embedding_extra_body": "`extra_body` adds a field of the client's",
    "unknown_fields_become_options": "an option that a later version may know",
    "deployment_allows_by_name": "`allowed_openai_params` sends what the operator names",
    "debug_render_only_is_passed_on": "a field of the server that its client does not have",
    "fields_of_ollama_stand_beside_options": "`truncate` and `shift`, which the client does not have for chats",
    "answer_without_a_message": "an answer that is none",
    "embedding_answer_without_vectors": "an answer that is none",
    "tool_call_without_name_in_the_answer": "a broken call",
    "sparse_answer": "of a server that imitates the API",
    "sparse_answer_with_nulls": "of a server that imitates the API",
    "sparse_tool_calls": "of a server that imitates the API",
}

# What the server knows and the client's types (0.6.3) do not (https://github.com/ollama/ollama/blob/main/api/types.go),
# and `strict`, which is OpenAI's: the server passes over it.
SERVER_ONLY = {"ToolCall": {"id"}, "Message": {"tool_call_id"}, "Options": {"min_p"}, "Function": {"strict", "index"}}

REQUESTS = {
    "chat-completions": ("/chat", types.ChatRequest),
    "completions": ("/generate", types.GenerateRequest),
    "embeddings": ("/embed", types.EmbedRequest),
}
ANSWERS = {
    "chat-completions": types.ChatResponse,
    "completions": types.GenerateResponse,
    "embeddings": types.EmbedResponse,
}


def problems(operation: str, path: str, body: dict) -> list[str]:
    """What is wrong with a request, one sentence each."""
    if operation not in REQUESTS:
        return [f"Ollama does not serve {operation}"]
    endpoint, kind = REQUESTS[operation]
    found = [] if path.endswith(endpoint) else [f"{operation} go to /api{endpoint}, not to {path}"]
    found += mistakes(kind, body) + unknown(kind, body, "body")
    if isinstance(options := body.get("options"), dict):
        found += mistakes(types.Options, options) + unknown(types.Options, options, "options")
    for index, message in enumerate(body.get("messages") or []):
        at = f"messages[{index}]"
        found += mistakes(types.Message, message) + unknown(types.Message, message, at)
        if message.get("role") not in ("system", "user", "assistant", "tool"):
            found.append(f"{at}.role is {message.get('role')!r}")
        for number, call in enumerate(message.get("tool_calls") or []):
            found += unknown(types.Message.ToolCall, call, f"{at}.tool_calls[{number}]")
            found += unknown(types.Message.ToolCall.Function, call["function"], f"{at}.tool_calls[{number}].function")
        found += images(message, at)
    for index, tool in enumerate(body.get("tools") or []):
        found += unknown(types.Tool, tool, f"tools[{index}]")
        found += unknown(types.Tool.Function, tool.get("function") or {}, f"tools[{index}].function")
    return found + images(body, "body")


def answer_problems(operation: str, body: dict) -> list[str]:
    """What is wrong with a whole answer of status 200, one sentence each. An error is one of another type."""
    if (error := body.get("error")) is not None:
        return [] if isinstance(error, str) else ["`error` is no text"]
    return mistakes(ANSWERS[operation], body)


def mistakes(kind: type[BaseModel], value: dict) -> list[str]:
    """Values of another type than Ollama's, without conversions."""
    if isinstance(value.get("images"), list):
        # The client's type stands around the text that it sends.
        value = value | {"images": [{"value": image} for image in value["images"]]}
    try:
        kind.model_validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        return [f"{'.'.join(map(str, it['loc']))}: {it['msg']}" for it in error.errors()]
    return []


def unknown(kind: type[BaseModel], value: dict, at: str) -> list[str]:
    """Fields that neither the type nor the server has."""
    names = {field.alias or name for name, field in kind.model_fields.items()} | SERVER_ONLY.get(kind.__name__, set())
    return [f"{at}.{name} is unknown" for name in value if name not in names]


def images(value: dict, at: str) -> list[str]:
    """Images that are not base64."""
    found = []
    for index, image in enumerate(value.get("images") or []):
        try:
            base64.b64decode(image, validate=True)
        except ValueError as error:
            found.append(f"{at}.images[{index}]: {error}")
    return found
