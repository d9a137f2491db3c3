"""The imports of this component's world, behind the functions of `sluice_plugin._host.Host`."""

from importlib import import_module
from types import ModuleType

from componentize_py_types import Err

from sluice_plugin.errors import HttpError, ImportDenied, StoreError

_WHO = {
    "notes": "routing strategies, request hooks and guardrails",
    "http": "request hooks, guardrails, logging callbacks and periodic tasks",
    "state": "all kinds but provider adapters",
    "exchange": "routing strategies, request hooks, guardrails and provider adapters",
    "candidates": "routing strategies",
    "deployment": "provider adapters",
}


class _Absent:
    """An interface that the kinds of this plugin do not import."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __getattr__(self, _: str):
        raise ImportDenied(f"`{self.name}` is not there for this kind of plugin: {_WHO[self.name]} have it")


def _interface(name: str) -> ModuleType | _Absent:
    try:
        return import_module(f"wit_world.imports.{name}")
    except ImportError:
        return _Absent(name)


def _words(enum: type) -> dict:
    """The cases of an enum by their names in the contract."""
    return {case.name.lower().replace("_", "-"): case for case in enum}


_settings = _interface("settings")
_log = _interface("log")
_state = _interface("state")
_notes = _interface("notes")
_http = _interface("http")
_exchange = _interface("exchange")
_candidates = _interface("candidates")
_deployment = _interface("deployment")

_LEVELS = _words(_log.Level)
_COLUMNS = {} if isinstance(_candidates, _Absent) else _words(_candidates.NumberColumn)
_TEXTS = {} if isinstance(_candidates, _Absent) else _words(_candidates.TextColumn)
_FACTS = {} if isinstance(_candidates, _Absent) else _words(_candidates.Fact)


def _case(error: object) -> tuple[str, str]:
    """The name of an error's case in the contract, and its sentence or the name again."""
    words = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in type(error).__name__[6:])
    reason = words.lstrip("-")
    return reason, getattr(error, "value", "") or reason


class Gateway:
    """The gateway. Its methods call the component's imports and nothing else."""

    def __init__(self) -> None:
        self.settings = _settings.get
        for interface, module in (("exchange", _exchange), ("candidates", _candidates), ("deployment", _deployment)):
            for name in _NAMES[interface]:
                setattr(self, f"{interface}_{name}", _function(module, name))

    def log(self, level: str, message: str) -> None:
        _log.write(_LEVELS[level], message)

    def state_get(self, key: str) -> bytes | None:
        return _stored("state", _state.get, key)

    def state_set(self, key: str, value: bytes, ttl_ms: int) -> None:
        _stored("state", _state.set, key, value, ttl_ms)

    def state_increment(self, key: str, delta: float, ttl_ms: int) -> float:
        return _stored("state", _state.increment, key, delta, ttl_ms)

    def notes_get(self, key: str) -> bytes | None:
        return _notes.get(key)

    def notes_put(self, key: str, value: bytes) -> None:
        _stored("notes", _notes.put, key, value)

    def notes_publish(self, name: str, json: str) -> None:
        _stored("notes", _notes.publish, name, json)

    def http_send(self, method, url, headers, body, timeout_ms):  # noqa: ANN001, ANN201 - as in `_host.Host`
        header = _http.types.Header
        request = _http.Request(method, url, [header(*pair) for pair in headers], body, timeout_ms)
        try:
            answer = _http.send(request)
        except Err as error:
            reason, sentence = _case(error.value)
            raise HttpError(reason, f"{method} {url}: {sentence}") from None
        return answer.status, [(header.name, header.value) for header in answer.headers], answer.body

    def candidates_numbers(self, column: str) -> list[float]:
        return _candidates.numbers(_COLUMNS[column])

    def candidates_texts(self, column: str) -> list[str]:
        return _candidates.texts(_TEXTS[column])

    def candidates_having(self, fact: str, word: str) -> list[bool]:
        return _candidates.having(_FACTS[fact], word)


#: Functions whose arguments and results are the contract's.
_NAMES = {
    "exchange": (
        "id", "operation", "model_group", "is_streaming", "field", "body", "prompt_tokens", "attribute", "started_ms", "seed",
    ),
    "candidates": ("count", "measured", "tags", "info", "exhausted"),
    "deployment": ("parameter", "has_parameter", "response_header"),
}  # fmt: skip


def _function(module: ModuleType | _Absent, name: str):  # noqa: ANN202
    if isinstance(module, _Absent):
        return lambda *_: getattr(module, name)
    return getattr(module, name)


def _stored(interface: str, call, *arguments):  # noqa: ANN001, ANN002, ANN202
    try:
        return call(*arguments)
    except Err as error:
        reason, sentence = _case(error.value)
        raise StoreError(reason, f"{interface}: {arguments[0]!r}: {sentence}") from None
