"""What openai-compatible sends to the Responses API, and what its cases say that comes back, against the types of OpenAI's
own library (`openai.types.responses`)."""

import pydantic
from openai.types import responses
from openai.types.responses import response_create_params as create

from typed import check

# Cases that send what OpenAI's types do not have, on purpose, and answers of servers that imitate the API.
NOT_THEIRS = {
    "responses-allowed-parameters-are-passed-on": "sends `seed`, since the operator says that it is taken",
    "responses-fields-for-the-gateway-stay": "sends a field that nobody knows",
    "responses-audio-is-passed-on": "audio is a type of the library's, and not yet one of a message's parts",
    "responses-answer-without-a-name": "is answered with a call that names no function",
    "responses-ids-of-calls-are-unique": "is answered with calls without ids",
    "responses-sparse-usage": "is answered with two counts alone",
}

# Fields of answers that were given: the API does not ask for them when they are handed back, its types do.
_GIVEN_BACK = {
    "message": {"id": "msg_1", "status": "completed"},
    "reasoning": {"id": "rs_1"},
    "output_text": {"annotations": []},
}


def problems(operation: str, path: str, body: dict) -> list[str]:
    """One sentence for each thing that OpenAI's types do not have in this request."""
    if operation != "chat-completions" or not path.split("?")[0].endswith("/responses"):
        return []
    streaming = body.get("stream") is True
    kind = create.ResponseCreateParamsStreaming if streaming else create.ResponseCreateParamsNonStreaming
    found = check(kind, {**body, "input": [_completed(item) for item in body.get("input", [])]}, "body")
    return found + [f"body.{field} is missing" for field in ("model", "input") if field not in body]


def answer_problems(operation: str, body: dict) -> list[str]:
    """One sentence for each thing in a whole answer that OpenAI's types do not allow."""
    if operation != "chat-completions" or body.get("object") != "response":
        return []
    try:
        pydantic.TypeAdapter(responses.Response).validate_python(body)
    except pydantic.ValidationError as error:
        return [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
    return []


def _completed(item: dict) -> dict:
    is_answer = item.get("type") != "message" or isinstance(item.get("content"), list) and item["role"] == "assistant"
    item = {**(_GIVEN_BACK.get(item.get("type"), {}) if is_answer else {}), **item}
    if is_answer and isinstance(item.get("content"), list):
        item["content"] = [{**_GIVEN_BACK.get(part.get("type"), {}), **part} for part in item["content"]]
    return item
