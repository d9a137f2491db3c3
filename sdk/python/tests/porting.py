"""Loads an example of `examples/litellm` for either side, and runs it as a plugin as the gateway would."""

from __future__ import annotations

import copy
import importlib.util
import itertools
import json
import pathlib
import sys
import urllib.error
import urllib.request
from typing import Any
from unittest import mock

from sluice_plugin import HttpError, Passage
from sluice_plugin.guardrail import Block, Hold, Pass, Rewrite
from sluice_plugin.hook import Answer, Changes, Proceed, Refusal
from sluice_plugin.http import Response
from sluice_plugin.kinds import Record, kinds_of
from sluice_plugin.litellm import plugin_of
from sluice_plugin.testing import Host, Sent

EXAMPLES = pathlib.Path(__file__).parents[1] / "examples" / "litellm"
_numbers = itertools.count()


def load(name: str, under_litellm: bool) -> Any:
    """The example's module. Without LiteLLM its imports fail, and it takes those of the SDK."""
    spec = importlib.util.spec_from_file_location(f"example_{name}_{next(_numbers)}", EXAMPLES / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    missing = {} if under_litellm else {name: None for name in sys.modules if name.split(".")[0] in ("litellm", "fastapi")}
    if not under_litellm:
        missing |= {"litellm": None, "fastapi": None}
    with mock.patch.dict(sys.modules, missing):
        spec.loader.exec_module(module)
    return module


def over_http(sent: Sent) -> Response:
    """Sends for real: the tests' service is on this machine."""
    request = urllib.request.Request(sent.url, sent.body or None, dict(sent.headers), method=sent.method)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return Response(answer.status, list(answer.headers.items()), answer.read())
    except urllib.error.HTTPError as error:
        return Response(error.code, list(error.headers.items()), error.read())
    except urllib.error.URLError as error:
        raise HttpError("unreachable", str(error)) from error


class Refused(Exception):
    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(status, sentence)
        self.outcome = [status, sentence]


class Ported:
    """A ported hook in one exchange."""

    def __init__(self, handler: Any, request: dict[str, Any], attributes: dict[str, str], settings: dict[str, Any]) -> None:
        self.plugin = plugin_of(handler)
        self.kinds = kinds_of(self.plugin)
        self.host = Host(settings=settings, request=copy.deepcopy(request), attributes=attributes, http=over_http)

    def instance(self) -> Any:
        return self.host.make(self.plugin)

    def request(self) -> dict[str, Any]:
        """What the hook and the guardrail make of the request. Raises `Refused`."""
        with self.host:
            if "request-hook" in self.kinds:
                match self.instance().prepare():
                    case Refusal() as refusal:
                        raise Refused(refusal.status, refusal.message)
                    case Changes() as changes:
                        self.host.request = apply(self.host.request, changes)
                    case Proceed() | Answer():
                        pass
            if "guardrail-check" in self.kinds:
                messages = self.host.request.get("messages", [])
                passages = [Passage(message["role"], message["content"]) for message in messages]
                texts = decided(self.instance().inspect("request", passages), passages)
                for message, (text, _) in zip(messages, texts):
                    message["content"] = text
        return dict(self.host.request)

    def answer(self, text: str) -> str:
        if "guardrail-check" not in self.kinds:
            return text
        passages = [Passage("assistant", text)]
        with self.host:
            return decided(self.instance().inspect("response", passages), passages)[0][0]

    def stream(self, pieces: list[str]) -> str:
        """The text that a client gets of a stream, by the host's rules of windows."""
        if "guardrail-check" not in self.kinds:
            return "".join(pieces)
        sent, held = "", ""
        with self.host:
            guardrail = self.instance()
            for index, piece in enumerate(pieces):
                held += piece
                passages = [Passage("assistant", held, sent[-256:])]
                stage = "stream-end" if index == len(pieces) - 1 else "stream-window"
                text, hold = decided(guardrail.inspect(stage, passages), passages)[0]
                sent, held = sent + text, held[len(held) - hold :]
        return sent

    def records(self, records: list[dict[str, Any]]) -> None:
        with self.host:
            self.instance().deliver([Record(json.dumps(record)) for record in records])


def decided(verdict: object, passages: list[Passage]) -> list[tuple[str, int]]:
    """For each passage what is sent of it, and how much is held."""
    match verdict:
        case Pass():
            return [(passage.text, 0) for passage in passages]
        case Hold():
            return [(passage.text[: len(passage.text) - n], n) for passage, n in zip(passages, verdict.counts)]
        case Rewrite():
            return [(edit.text, edit.hold) if not isinstance(edit, str) else (edit, 0) for edit in verdict.edits]
        case Block():
            raise Refused(400, verdict.message)
    raise AssertionError(verdict)


def apply(request: Any, changes: Changes) -> dict[str, Any]:
    """The request after the changes, as the host applies them."""
    changed = copy.deepcopy(request)
    for edit in changes.edits:
        *way, last = [step.replace("~1", "/").replace("~0", "~") for step in edit.place.split("/")[1:]]
        place: Any = changed
        for step in way:
            place = place[int(step)] if isinstance(place, list) else place[step]
        at: Any = (len(place) if last == "-" else int(last)) if isinstance(place, list) else last
        if edit.action == "set":
            place[at] = edit.value
        elif edit.action == "insert":
            place.insert(at, edit.value)
        else:
            place.pop(at) if isinstance(place, list) else place.pop(at, None)
    if changes.model_group is not None:
        changed["model"] = changes.model_group
    return changed
