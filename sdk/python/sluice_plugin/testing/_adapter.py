"""Runs an adapter case: what `open` sends, and what `whole`, `events` and `refuse` make of the upstream's answer.

Event streams run twice, in one batch and one event at a time, and both must give the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ..provider import Event, Failure, MergePatch, Target, Unchanged, Upload, UpstreamRequest
from . import Host
from ._compare import differences

_CREDENTIALS = {
    "api_key", "aws_access_key_id", "aws_secret_access_key", "aws_session_token", "azure_ad_token", "azure_password",
    "client_secret", "vertex_credentials",
}  # fmt: skip
_OF_MODEL_INFO = ("base_model", "max_output_tokens")

#: What came of a case: `body`, `chunks` and `error`, of which those are there that happened.
Outcome = dict[str, Any]


def run(plugin: Any, case: dict[str, Any]) -> list[str]:
    with _host(case) as host:
        try:
            adapter, sent = _open(host, plugin, case)
        except Failure as failure:
            if "upstream_request" in case:
                return [f"`open` failed: {failure}"]
            return _compare(case, {"error": _told(failure)})
        wrong = _sent(case, sent)
        answer = case.get("upstream_answer")
        if answer is None:
            return [*wrong, "`open` succeeded, and there is no upstream_answer"]
        host.response_headers = answer.get("headers", {})
        if sent.reading == "relay" and 200 <= answer.get("status", 200) < 300:
            return wrong
        return wrong + _compare(case, _answered(host, plugin, case, adapter, sent))


def _host(case: dict[str, Any]) -> Host:
    given = case["deployment"] | {
        name: value for name, value in case.get("model_info", {}).items() if name in _OF_MODEL_INFO
    }
    return Host(
        request=case["request"],
        operation=case.get("operation", "chat-completions"),
        parameters={name: value for name, value in given.items() if name not in _CREDENTIALS},
        credentials={name for name in given if name in _CREDENTIALS},
    )


def _target(case: dict[str, Any]) -> Target:
    return Target(*case["deployment"]["model"].split("/", 1))


def _open(host: Host, plugin: Any, case: dict[str, Any]) -> tuple[Any, UpstreamRequest]:
    adapter = host.make(plugin)
    return adapter, adapter.open(_target(case))


def _answered(host: Host, plugin: Any, case: dict[str, Any], adapter: Any, sent: UpstreamRequest) -> Outcome:
    answer = case["upstream_answer"]
    status = answer.get("status", 200)
    if not 200 <= status < 300:
        return {"error": _told(adapter.refuse(_target(case), status, _bytes(answer)))}
    if sent.reading == "whole" or "events" not in answer:
        try:
            return {"body": _json(adapter.whole(_bytes(answer)))}
        except Failure as failure:
            return {"error": _told(failure)}
    events = [Event(event.get("event", ""), _text(event["data"])) for event in answer["events"]]
    at_once = _streamed(adapter, [events])
    again, _ = _open(host, plugin, case)
    one_by_one = _streamed(again, [[event] for event in events])
    if at_once != one_by_one:
        raise AssertionError(f"batches change what the stream says:\n{at_once}\n{one_by_one}")
    return one_by_one


def _streamed(adapter: Any, batches: list[list[Event]]) -> Outcome:
    chunks: list[Any] = []
    try:
        for batch in batches:
            for chunk in _parsed(adapter.events(batch)):
                if chunk is None:
                    return {"chunks": chunks}
                chunks.append(chunk)
        chunks += [chunk for chunk in _parsed(adapter.finish()) if chunk is not None]
    except Failure as failure:
        return {"chunks": chunks, "error": _told(failure)}
    return {"chunks": chunks}


def _parsed(chunks: Iterable[Any]) -> Iterable[Any]:
    """Chunks as documents; `None` for the end."""
    for chunk in chunks:
        for part in chunk.decode().split("\n\n") if isinstance(chunk, bytes) else [chunk]:
            if part == "data: [DONE]":
                yield None
            elif part:
                yield json.loads(part.removeprefix("data: ")) if isinstance(part, str) else part


def _sent(case: dict[str, Any], sent: UpstreamRequest) -> list[str]:
    expected = case.get("upstream_request")
    if expected is None:
        return ["`open` succeeded, and there is no upstream_request"]
    got: dict[str, Any] = {"method": sent.method, "path": sent.path_and_query}
    wrong = differences("upstream_request", {name: expected[name] for name in got if name in expected}, {
        name: value for name, value in got.items() if name in expected
    })  # fmt: skip
    headers = {name.lower(): value for name, value in sent.headers.items()}
    for name, value in expected.get("headers", {}).items():
        wrong += differences(f"upstream_request.headers.{name}", value, headers.get(name))
    if "body" in expected:
        wrong += differences("upstream_request.body", expected["body"], _body(case, sent))
    return wrong


def _body(case: dict[str, Any], sent: UpstreamRequest) -> Any:
    """The body as the host would send it."""
    match sent.body:
        case None:
            return None
        case Unchanged():
            return case["request"]
        case MergePatch():
            return _merge(case["request"], dict(sent.body.patch))
        case Upload():
            return {"upload": sent.body.field}
    return _json(sent.body)


def _merge(target: Any, patch: Any) -> Any:
    """JSON Merge Patch (RFC 7396 §2)."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merge(merged.get(name), value)
    return merged


def _compare(case: dict[str, Any], outcome: Outcome) -> list[str]:
    expected = case.get("answer", {})
    if "error" in expected and "error" in outcome:
        # Of an error only the given fields are compared.
        outcome = outcome | {"error": {name: outcome["error"].get(name) for name in expected["error"]}}
    if "chunks" not in expected and outcome.get("chunks") == []:
        outcome = {name: value for name, value in outcome.items() if name != "chunks"}
    return differences("answer", expected, outcome)


def _told(failure: Failure) -> dict[str, Any]:
    return {
        "fault": failure.fault,
        "message": failure.message,
        "code": failure.code,
        "parameter": failure.parameter,
        "retry_after_ms": failure.retry_after_ms,
    }


def _text(data: Any) -> bytes:
    return (data if isinstance(data, str) else json.dumps(data)).encode()


def _bytes(answer: dict[str, Any]) -> bytes:
    if "body" in answer:
        return json.dumps(answer["body"]).encode()
    return str(answer.get("text", "")).encode()


def _json(document: Any) -> Any:
    return json.loads(document) if isinstance(document, bytes) else json.loads(json.dumps(document))
