"""The kinds of plugins. A plugin is a class that inherits one or more of them, and is exported with `export`."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from .guardrail import Passage, Stage, Verdict
from .hook import Decision
from .manifest import Manifest
from .provider import Event, Failure, ProviderInfo, Target, UpstreamRequest


class Plugin(ABC):
    """What all kinds share.

    The gateway makes instances when it needs them and uses them again only while they have read nothing that a client
    wrote. Keep nothing in `self` that a later call must find; `notes` and `state` are for that.
    """

    manifest: ClassVar[Manifest]

    def __init__(self, settings: dict[str, Any]) -> None:
        """Called before the first call of an instance, with the operator's settings. Raise `BadSettings` where they make no
        sense. Imports beside `settings` and `log` are not for this place: they cost each instance anew.
        """
        self.settings = settings


class RoutingStrategy(Plugin):
    """Chooses among deployments that may take the exchange. 5 ms a call; no `http`."""

    @abstractmethod
    def rank(self) -> Sequence[int]:
        """Candidate indexes, best first; those left out are not tried. Raise `NoneSuitable` where none should be.

        On an error the host ranks as `simple-shuffle` does. `sluice_plugin.candidates` has what can be known of them.
        """


class RequestHook(Plugin):
    """Sees a request before guardrails and routing do. 20 ms a call."""

    @abstractmethod
    def prepare(self) -> Decision:
        """Called once an exchange. Returns `PROCEED`, `Changes`, `Answer` or `Refusal`.

        On an error, or a change that is not granted, the exchange is refused unless the operator says
        `fail_on_error: false`.
        """


class Guardrail(Plugin):
    """Looks at text going in or coming out. 50 ms a call."""

    @abstractmethod
    def inspect(self, stage: Stage, passages: list[Passage]) -> Verdict:
        """Returns `PASS`, `Rewrite`, `Hold` or `Block`.

        On an error the exchange is refused unless the operator says `fail: open`.
        """


class Record(Mapping[str, Any]):
    """The record of a finished exchange, after `config/record.schema.json`. It is parsed when it is first read."""

    __slots__ = ("json", "_value")

    def __init__(self, text: str) -> None:
        #: The record as JSON text, as the gateway wrote it.
        self.json = text
        self._value: dict[str, Any] | None = None

    def _parsed(self) -> dict[str, Any]:
        value = self._value
        if value is None:
            value = self._value = json.loads(self.json)
        return value

    def __getitem__(self, name: str) -> Any:
        return self._parsed()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parsed())

    def __len__(self) -> int:
        return len(self._parsed())


class LoggingCallback(Plugin):
    """Receives the records of finished exchanges, never on the path of an exchange. 100 ms a call."""

    @abstractmethod
    def deliver(self, records: list[Record]) -> None:
        """Returns when the records are delivered. Raise `Retry` to get them again later, `Reject` to have them dropped.

        Any other error counts as `Retry`.
        """


class PeriodicTask(Plugin):
    """Works beside exchanges, again and again. What it finds out, it leaves in `state`. 100 ms a call."""

    @abstractmethod
    def tick(self) -> float:
        """One round of work. Returns how many seconds to wait until the next: 1 to 86,400.

        After an error the next round follows in a minute.
        """


class ProviderAdapter(Plugin):
    """Speaks a provider's wire format. It makes no network call and never sees a credential. 20 ms a call.

    An attempt goes `open` → (`whole` | `events`… → `finish`) or `open` → `refuse`. What `self` keeps after `open` belongs
    to that attempt; reset it in `open`. A failure is raised as `Failure`.
    """

    @abstractmethod
    def providers(self) -> Sequence[ProviderInfo]:
        """Called when the plugin is loaded. It may read `self.settings` only."""

    @abstractmethod
    def open(self, target: Target) -> UpstreamRequest:
        """Begins an attempt and says what to send."""

    def whole(self, body: bytes) -> Mapping[str, Any] | bytes:
        """After `reading="whole"`: the canonical answer."""
        raise Failure.malformed("a whole answer was not expected")

    def events(self, batch: list[Event]) -> Iterable[Mapping[str, Any] | bytes]:
        """After a streamed reading: the canonical chunks for these events, none or many. Write it as a generator.

        Yield `sluice_plugin.chat.DONE` where the answer is over; `finish` is then not called. Chunks that were yielded before
        a `Failure` still reach the client.
        """
        raise Failure.malformed("a stream was not expected")

    def finish(self) -> Iterable[Mapping[str, Any] | bytes]:
        """The upstream ended without `DONE`: chunks still owed. By default the stream broke off, a `Failure`."""
        raise Failure.malformed("the stream broke off before its end")

    @abstractmethod
    def refuse(self, target: Target, status: int, body: bytes) -> Failure:
        """A non-2xx answer: what went wrong. May be called on an instance that has not seen `open`."""


#: The kind as `plugin.yaml` names it, by class.
KINDS: dict[type[Plugin], str] = {
    RoutingStrategy: "routing-strategy",
    RequestHook: "request-hook",
    Guardrail: "guardrail-check",
    LoggingCallback: "logging-callback",
    PeriodicTask: "periodic-task",
    ProviderAdapter: "provider-adapter",
}


def kinds_of(plugin: type[Plugin]) -> set[str]:
    """The kinds that a class is."""
    return {name for kind, name in KINDS.items() if issubclass(plugin, kind)}
