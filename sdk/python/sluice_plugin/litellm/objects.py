"""The objects that LiteLLM hands to hooks, as far as hooks use them: JSON documents whose members are attributes too."""

from __future__ import annotations

import copy
import json
from typing import Any

from .. import exchange


class Object(dict[str, Any]):
    """A JSON object: `answer.choices[0].message.content` and `answer["choices"]` are the same place.

    A member that is not there is `None` as an attribute, as optional fields are in LiteLLM.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.get(name)

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __delattr__(self, name: str) -> None:
        self.pop(name, None)

    def model_dump(self, **_: Any) -> dict[str, Any]:
        dumped: dict[str, Any] = json.loads(json.dumps(self))
        return dumped

    dict = model_dump

    def model_copy(self, update: Any = None, deep: bool = False) -> "Object":
        copied: Object = copy.deepcopy(self) if deep else type(self)(self)
        copied.update(update or {})
        return copied

    def model_dump_json(self, **_: Any) -> str:
        return json.dumps(self, ensure_ascii=False)

    json = model_dump_json


class Message(Object):
    pass


class Delta(Object):
    pass


class Usage(Object):
    pass


class Choices(Object):
    pass


class StreamingChoices(Object):
    pass


class ModelResponse(Object):
    """A whole answer."""


class ModelResponseStream(Object):
    """A chunk of a streamed answer."""


class TextCompletionResponse(Object):
    pass


class EmbeddingResponse(Object):
    pass


def wrap(value: Any, cls: type[Object] = Object) -> Any:
    """A JSON document as objects, all the way down."""
    if isinstance(value, dict):
        return cls({name: wrap(member) for name, member in value.items()})
    return [wrap(element) for element in value] if isinstance(value, list) else value


def answer(texts: list[str], model: str) -> ModelResponse:
    """A whole answer with a choice for each text."""
    choices = [
        Choices(index=index, finish_reason="stop", message=Message(role="assistant", content=text, tool_calls=None))
        for index, text in enumerate(texts)
    ]
    return ModelResponse(id=exchange.id(), object="chat.completion", model=model, choices=choices)


def chunk(text: str | None, model: str, finish_reason: str | None = None) -> ModelResponseStream:
    """A chunk with one choice."""
    choice = StreamingChoices(index=0, delta=Delta(role=None, content=text, tool_calls=None), finish_reason=finish_reason)
    return ModelResponseStream(id=exchange.id(), object="chat.completion.chunk", model=model, choices=[choice])


class UserAPIKeyAuth:
    """Who asks, as far as the gateway tells plugins: what LiteLLM's object has beside is `None`.

    The attributes are read from the exchange when they are used.
    """

    _ATTRIBUTES = {
        "user_id": "user",
        "team_id": "team",
        "api_key": "virtual-key",
        "token": "virtual-key",
        "end_user_id": "end-user",
    }

    def __init__(self, **known: Any) -> None:
        self.__dict__.update({"metadata": {}, "team_metadata": {}, "models": [], "permissions": {}} | known)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        attribute = self._ATTRIBUTES.get(name)
        value = None if attribute is None else exchange.attribute(attribute)
        self.__dict__[name] = value
        return value


class Headers(dict[str, str]):
    """The client's headers, read from the exchange when they are asked for. Those that were not asked for are not listed."""

    def __missing__(self, name: str) -> str:
        value = exchange.header(name)
        if value is None:
            raise KeyError(name)
        self[name] = value
        return value

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name.lower()]
        except KeyError:
            return default

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def __bool__(self) -> bool:
        # `headers or {}` would leave them out.
        return True
