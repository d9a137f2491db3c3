"""Tests of plugins without a gateway: a host whose imports answer what a test says.

    with Host(settings={"max": 3}, request={"model": "chat"}) as host:
        decision = host.make(MyHook).prepare()
    assert host.published == {"team": "blue"}

Cases are data: `sluice_plugin.testing.cases`, and `python -m sluice_plugin.testing FOLDER`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

from .. import _host
from ..errors import HttpError, StoreError
from ..http import Response
from ..kinds import Plugin
from . import _candidates

P = TypeVar("P", bound=Plugin)


@dataclass(frozen=True)
class Sent:
    """A request that a plugin sent."""

    method: str
    url: str
    headers: list[tuple[str, str]]
    body: bytes
    timeout_ms: int


def _nothing_is_reachable(sent: Sent) -> Response:
    raise HttpError("access-denied", f"{sent.method} {sent.url}: access-denied")


@dataclass
class Host:
    """What the imports answer. Enter it with `with`."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    #: The canonical request.
    request: Mapping[str, Any] = field(default_factory=dict)
    operation: str = "chat-completions"
    id: str = "exchange-1"
    seed: int = 1
    started_ms: int = 0
    #: Estimated tokens of the prompt; by default a quarter of the characters of the request.
    prompt_tokens: int | None = None
    #: `exchange.attribute` by name, such as `header.x-team`.
    attributes: Mapping[str, str] = field(default_factory=dict)
    #: Parameters of the deployment.
    parameters: Mapping[str, Any] = field(default_factory=dict)
    #: Names of parameters that are set to credentials.
    credentials: frozenset[str] | set[str] = frozenset()
    #: Headers of the upstream's answer, by name in lower case.
    response_headers: Mapping[str, str] = field(default_factory=dict)
    candidates: int = 0
    #: Columns of numbers by name, such as `weights`. One that is not given is all zeros.
    columns: Mapping[str, list[float]] = field(default_factory=dict)
    #: Columns of texts: `ids`, `providers`, `models`, `regions`; `tags` as `a,b`; `info.<name>`.
    words: Mapping[str, list[str]] = field(default_factory=dict)
    #: Answers requests; raises `HttpError`.
    http: Callable[[Sent], Response] = _nothing_is_reachable

    state: dict[str, bytes] = field(default_factory=dict)
    notes: dict[str, bytes] = field(default_factory=dict)
    #: What the plugin published.
    published: dict[str, Any] = field(default_factory=dict)
    #: The lines that the plugin logged, as (level, line).
    logged: list[tuple[str, str]] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._before = _host.use(_Imports(self))
        return self

    def __exit__(self, *_: object) -> None:
        _host.use(self._before)

    def make(self, plugin: type[P]) -> P:
        """A new plugin with this host's settings."""
        return plugin(json.loads(json.dumps(self.settings)))


def _known_size(key: str, value: bytes, key_max: int, value_max: int) -> None:
    if len(key.encode()) > key_max or len(value) > value_max:
        raise StoreError("too-large", f"{key[:40]!r}: too-large")


class _Imports:
    """`_host.Host`, answered by a `Host`."""

    def __init__(self, host: Host) -> None:
        self.host = host

    def settings(self) -> str:
        return json.dumps(self.host.settings)

    def log(self, level: str, message: str) -> None:
        self.host.logged.append((level, message))

    def state_get(self, key: str) -> bytes | None:
        return self.host.state.get(key)

    def state_set(self, key: str, value: bytes, ttl_ms: int) -> None:
        _known_size(key, value, 256, 64 << 10)
        self.host.state[key] = value

    def state_increment(self, key: str, delta: float, ttl_ms: int) -> float:
        value = float(self.host.state.get(key, b"0")) + delta
        self.host.state[key] = repr(value).encode()
        return value

    def notes_get(self, key: str) -> bytes | None:
        return self.host.notes.get(key)

    def notes_put(self, key: str, value: bytes) -> None:
        _known_size(key, value, 256, 1 << 20)
        self.host.notes[key] = value

    def notes_publish(self, name: str, json_text: str) -> None:
        self.host.published[name] = json.loads(json_text)

    def http_send(
        self, method: str, url: str, headers: list[tuple[str, str]], body: bytes, timeout_ms: int
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        answer = self.host.http(Sent(method, url, headers, body, timeout_ms))
        return answer.status, answer.headers, answer.body

    def exchange_id(self) -> str:
        return self.host.id

    def exchange_operation(self) -> str:
        return self.host.operation

    def exchange_model_group(self) -> str:
        return str(self.host.request.get("model", ""))

    def exchange_is_streaming(self) -> bool:
        return self.host.request.get("stream") is True

    def exchange_field(self, name: str) -> str | None:
        return json.dumps(self.host.request[name]) if name in self.host.request else None

    def exchange_body(self) -> bytes:
        return json.dumps(self.host.request, ensure_ascii=False).encode()

    def exchange_prompt_tokens(self) -> int:
        if self.host.prompt_tokens is not None:
            return self.host.prompt_tokens
        return len(json.dumps(self.host.request)) // 4

    def exchange_attribute(self, name: str) -> str | None:
        return self.host.attributes.get(name)

    def exchange_started_ms(self) -> int:
        return self.host.started_ms

    def exchange_seed(self) -> int:
        return self.host.seed

    def candidates_count(self) -> int:
        return self.host.candidates

    def candidates_numbers(self, column: str) -> list[float]:
        return list(self.host.columns.get(column, [0.0] * self.host.candidates))

    def candidates_measured(self, name: str) -> list[float] | None:
        return list(self.host.columns[name]) if name in self.host.columns else None

    def candidates_texts(self, column: str) -> list[str]:
        return _candidates.texts(self.host, column)

    def candidates_tags(self) -> list[list[str]]:
        return _candidates.tags(self.host)

    def candidates_info(self, name: str) -> list[str]:
        return list(self.host.words.get(f"info.{name}", [""] * self.host.candidates))

    def candidates_having(self, fact: str, word: str) -> list[bool]:
        return _candidates.having(self.host, fact, word)

    def candidates_exhausted(self) -> list[bool]:
        return _candidates.exhausted(self.host, self.exchange_prompt_tokens())

    def deployment_parameter(self, name: str) -> str | None:
        return json.dumps(self.host.parameters[name]) if name in self.host.parameters else None

    def deployment_has_parameter(self, name: str) -> bool:
        return name in self.host.parameters or name in self.host.credentials

    def deployment_response_header(self, name: str) -> str | None:
        return self.host.response_headers.get(name.lower())
