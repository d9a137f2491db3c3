"""Runs a case of each kind but the adapter's; returns the differences."""

from __future__ import annotations

import json
from typing import Any

from ..errors import PluginError, Reject, Retry
from ..guardrail import Block, Hold, Pass, Passage, Rewrite
from ..hook import Answer, Changes, Proceed, Refusal
from ..http import Response
from ..kinds import Record
from . import Host, Sent
from ._compare import differences

_FIELDS = ("settings", "request", "operation", "seed", "started_ms", "attributes", "prompt_tokens")


def _host(case: dict[str, Any], **more: Any) -> Host:
    host = Host(**{name: case[name] for name in _FIELDS if name in case}, **more)
    for name, text in (case.get("state_before") or {}).items():
        host.state[name] = text.encode()
    return host


def strategy(plugin: Any, case: dict[str, Any]) -> list[str]:
    host = _host(case, candidates=case["candidates"], words=case.get("words", {}))
    host.columns = {name: [float(number) for number in column] for name, column in case.get("columns", {}).items()}
    with host:
        if "error" in case:
            return _raises(case["error"], lambda: host.make(plugin).rank())
        return differences("rank", case.get("rank"), list(host.make(plugin).rank()))


def guardrail(plugin: Any, case: dict[str, Any]) -> list[str]:
    host = _host(case, http=_script(case))
    # `notes` of this kind's cases are those that an earlier call left.
    host.notes = {key: text.encode() for key, text in case.get("notes", {}).items()}
    passages = [Passage(**passage) for passage in case["passages"]]
    with host:
        if "error" in case:
            return _raises(case["error"], lambda: host.make(plugin).inspect(case["stage"], passages))
        written = _verdict(host.make(plugin).inspect(case["stage"], passages))
    if isinstance(case.get("verdict"), dict) and "block" in case["verdict"] and isinstance(written, dict):
        # A case may leave the sentence out.
        written = {name: value for name, value in written.items() if name == "block" or name in case["verdict"]}
    return differences("verdict", case.get("verdict"), written)


def _verdict(verdict: object) -> Any:
    match verdict:
        case Pass():
            return "pass"
        case Rewrite():
            pairs = [(edit, 0) if isinstance(edit, str) else (edit.text, edit.hold) for edit in verdict.edits]
            return {"rewrite": [[text, hold] if hold else text for text, hold in pairs]}
        case Hold():
            return {"hold": list(verdict.counts)}
        case Block():
            return {"block": verdict.code, "message": verdict.message}
    return f"{type(verdict).__name__}, which is no verdict"


def hook(plugin: Any, case: dict[str, Any]) -> list[str]:
    host = _host(case, http=_script(case))
    with host:
        if "error" in case:
            return _raises(case["error"], lambda: host.make(plugin).prepare())
        written = _decision(host.make(plugin).prepare())
    return differences("decision", case["decision"], written) + differences("notes", case.get("notes", {}), host.published)


def _decision(decision: object) -> Any:
    match decision:
        case Proceed():
            return "proceed"
        case Changes():
            words = {"set": "to", "insert": "value"}
            edits = [
                {edit.action: edit.place} | ({words[edit.action]: edit.value} if edit.action in words else {})
                for edit in decision.edits
            ]
            return {"change": edits} | ({"ask": decision.model_group} if decision.model_group is not None else {})
        case Answer():
            return {"answer": decision.text}
        case Refusal():
            return {"refuse": [decision.status, decision.code, decision.message, decision.retry_after_ms]}
    return f"{type(decision).__name__}, which is no decision"


def callback(plugin: Any, case: dict[str, Any]) -> list[str]:
    asked: list[str] = []
    host = _host(case, http=_script(case, asked))
    with host:
        try:
            host.make(plugin).deliver([Record(json.dumps(record)) for record in case["records"]])
            outcome: Any = "ok"
        except Reject as error:
            outcome = {"reject": str(error)}
        except Retry as error:
            outcome = {"retry": str(error)}
    return asked + _unasked(host) + differences("outcome", case["outcome"], outcome)


def periodic(plugin: Any, case: dict[str, Any]) -> list[str]:
    asked: list[str] = []
    host = _host(case, http=_script(case, asked))
    with host:
        if "error" in case:
            return asked + _raises(case["error"], lambda: host.make(plugin).tick())
        wait_ms = int(host.make(plugin).tick() * 1000)
    state = {key: value.decode("utf-8", "replace") for key, value in host.state.items()}
    wrong = differences("wait_ms", case["wait_ms"], wait_ms) + differences("state", case.get("state", state), state)
    return asked + _unasked(host) + wrong


def _raises(expected: str, call: Any) -> list[str]:
    try:
        got = call()
    except PluginError as error:
        return [] if str(error).startswith(expected) else [f"error: expected {expected!r}, got {str(error)!r}"]
    return [f"error: expected {expected!r}, got {got!r}"]


class _script:
    """Answers requests in the order of the case's `http`."""

    def __init__(self, case: dict[str, Any], differ: list[str] | None = None) -> None:
        self.rest = list(case.get("http", []))
        self.differ = [] if differ is None else differ

    def __call__(self, sent: Sent) -> Response:
        if not self.rest:
            raise AssertionError(f"{sent.method} {sent.url} is not in the case's `http`")
        expected = self.rest.pop(0)
        got: dict[str, Any] = {"method": sent.method, "url": sent.url}
        if "body" in expected["request"]:
            got["body"] = _document(sent.body)
        self.differ += differences("http.request", expected["request"], got)
        answer = expected["response"]
        body = answer.get("body", "")
        return Response(answer["status"], [], (body if isinstance(body, str) else json.dumps(body)).encode())


def _unasked(host: Host) -> list[str]:
    rest = host.http.rest if isinstance(host.http, _script) else []
    return [f"http: {expected['request']} was not sent" for expected in rest]


def _document(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")
