"""What openai-compatible sends to the Responses API, and what its cases say that comes back, against the types of OpenAI's
own library (`openai.types.responses`)."""

import collections.abc
import types
import typing

import pydantic
import typing_extensions
from openai.types import responses
from openai.types.responses import response_create_params as create

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
    found = _check(kind, {**body, "input": [_completed(item) for item in body.get("input", [])]}, "body")
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


def _check(kind, value, at: str) -> list[str]:
    """The ways in which `value` is not of this kind. pydantic itself reads an `Iterable` only when it is walked."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Annotated, typing_extensions.Required, typing_extensions.NotRequired, typing_extensions.ReadOnly):
        return _check(arguments[0], value, at)
    if kind in (typing.Any, object):
        return []
    if origin in (typing.Union, types.UnionType):
        return _closest(arguments, value, at)
    if origin in (typing.Literal, typing_extensions.Literal):
        return [] if value in arguments else [f"{at} is {value!r}, not one of {arguments}"]
    if origin in (list, collections.abc.Iterable, collections.abc.Sequence) or "SequenceNotStr" in str(origin):
        if not isinstance(value, list):
            return [f"{at} is no list"]
        return [problem for index, item in enumerate(value) for problem in _check(arguments[0], item, f"{at}[{index}]")]
    if origin in (dict, collections.abc.Mapping):
        if not isinstance(value, dict):
            return [f"{at} is no object"]
        return [problem for name, item in value.items() for problem in _check(arguments[1], item, f"{at}.{name}")]
    if typing_extensions.is_typeddict(kind):
        return _check_object(kind, value, at)
    if kind in (None, type(None)):
        return [] if value is None else [f"{at} is not null"]
    if kind is float:
        kind = (int, float)
    is_number_by_mistake = isinstance(value, bool) and kind is not bool
    return [] if isinstance(value, kind) and not is_number_by_mistake else [f"{at} is {value!r}, not {kind}"]


def _check_object(kind, value, at: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{at} is no object"]
    fields = typing_extensions.get_type_hints(kind, include_extras=True)
    found = [f"{at}.{name} is missing" for name in kind.__required_keys__ if name not in value]
    for name, item in value.items():
        if name in fields:
            found += _check(fields[name], item, f"{at}.{name}")
        else:
            found.append(f"{at}.{name} is no field of {kind.__name__}")
    return found


def _closest(kinds, value, at: str) -> list[str]:
    """Of a union, what the kind says that the value is nearest to."""
    tried = [_check(kind, value, at) for kind in kinds]
    named = [found for found in tried if not any(problem.startswith(f"{at}.type is ") for problem in found)]
    return min(named or tried, key=len)
