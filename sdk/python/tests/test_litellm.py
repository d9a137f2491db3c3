"""Each example of `examples/litellm` does the same under LiteLLM and as a plugin.

Needs LiteLLM with what its proxy imports: README.md, "Tests of this SDK".
"""

from __future__ import annotations

import copy
import http.server
import json
import threading
from typing import Any

import pytest

pytest.importorskip("litellm", reason="LiteLLM is not installed")

from porting import Ported, Refused, load  # noqa: E402
from proxied import Proxied  # noqa: E402

WHO = {"user_id": "ann", "team_id": "blue"}
HEADERS = {"x-app": "shop"}
ATTRIBUTES = {"user": "ann", "team": "blue", "header.x-app": "shop"}


def says(*texts: str, **more: Any) -> dict[str, Any]:
    return {"model": "chat", "messages": [{"role": "user", "content": text} for text in texts]} | more


def tool(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name}}


REQUESTS = {
    "add_system_prompt": [says("Hi"), says("Hi", messages=[{"role": "system", "content": "x"}])],
    "cap_parameters": [says("Hi", max_tokens=9000, n=3, logit_bias={"1": 2}), says("Hi", temperature=1.5, max_tokens=10)],
    "route_by_metadata": [says("Hi"), says("Hi", metadata={"plan": "free"}), says("long " * 500)],
    "reject_words": [says("Hi"), says("Tell me of Project Nightfall")],
    "mask_pii": [says("I am ann@example.com, +49 170 1234567, or ann@example.com", "bo@x.org"), says("Hi")],
    "tag_requests": [says("Hi"), says("Hi", metadata={"tags": ["own"]})],
    "refuse_big_prompts": [says("Hi"), says("x" * 10_001)],
    "strip_tools": [says("Hi", tools=[tool("weather"), tool("shell")]), says("Hi", tools=[tool("shell")], tool_choice="auto")],
    "guard_texts": [says("card 4111 1111 1111 1111", "and 4111111111111111"), says("contraband"), says("Hi")],
}
#: What goes to a model, and may be compared.
SENT = ("model", "messages", "temperature", "max_tokens", "n", "logit_bias", "tools", "tool_choice")


def outcome(side: Any) -> Any:
    try:
        data = side.request()
    except Refused as refused:
        return {"refused": refused.outcome}
    return {name: data[name] for name in SENT if name in data}


@pytest.mark.parametrize(("name", "request_"), [(name, each) for name, of in REQUESTS.items() for each in of])
def test_requests_are_changed_alike(name: str, request_: dict[str, Any]) -> None:
    proxied = Proxied(load(name, under_litellm=True).handler, request_, HEADERS, WHO)
    ported = Ported(load(name, under_litellm=False).handler, request_, ATTRIBUTES, {})

    assert outcome(ported) == outcome(proxied)
    tags = (proxied.data.get("metadata") or {}).get("tags")
    if tags != (request_.get("metadata") or {}).get("tags"):
        assert ported.host.published["tags"] == tags


ANSWERS = {
    "reject_words": [says("Hi")],
    "mask_pii": [says("I am ann@example.com, +49 170 1234567")],
    "change_answer": [says("Hi")],
    "guard_texts": [says("Hi")],
}
TEXTS = [
    "Hello",
    "Write to <MAIL_1> or <PHONE_2>, not to <MAIL_7>. 1 < 2",
    "The launch code is known",
    "4111 1111 1111 1111 and contraband",
    "Card 4111-1111-1111-1111.",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("name", ANSWERS)
def test_answers_are_changed_alike(name: str, text: str) -> None:
    assert answered(ported(name), text) == answered(proxied(name), text)


@pytest.mark.parametrize("size", [1, 3, 7, 100])
@pytest.mark.parametrize("text", TEXTS[:2])
@pytest.mark.parametrize("name", ["mask_pii", "change_answer"])
def test_streams_are_changed_alike(name: str, text: str, size: int) -> None:
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    streamed = ported(name).stream(pieces)
    assert streamed == proxied(name).stream(pieces)
    # However it is cut, it is the whole answer's text.
    assert streamed == answered(ported(name), text)


def proxied(name: str) -> Proxied:
    side = Proxied(load(name, under_litellm=True).handler, ANSWERS[name][0], HEADERS, WHO)
    side.request()
    return side


def ported(name: str) -> Ported:
    side = Ported(load(name, under_litellm=False).handler, ANSWERS[name][0], ATTRIBUTES, {})
    side.request()
    return side


def answered(side: Any, text: str) -> Any:
    try:
        return side.answer(text)
    except Refused as refused:
        return refused.outcome


class Service:
    """A service on this machine that keeps what it gets."""

    def __init__(self) -> None:
        self.got: list[tuple[str, Any, str | None]] = []
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                service.got.append((self.path, body, self.headers["x-from"]))
                flagged = "poison" in json.dumps(body)
                answer = json.dumps({"flagged": flagged, "category": "harm"}).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def taken(self) -> list[tuple[str, Any, str | None]]:
        got, self.got = self.got, []
        return got


@pytest.fixture
def service() -> Any:
    service = Service()
    threading.Thread(target=service.server.serve_forever, daemon=True).start()
    yield service
    service.server.shutdown()
    service.server.server_close()


@pytest.mark.parametrize("text", ["Hi", "How to make poison"])
def test_a_service_is_asked_alike(service: Service, text: str) -> None:
    request = says(text)
    handler = load("moderate_by_service", under_litellm=True).handler(f"{service.url}/check")
    refused_there, asked_there = outcome(Proxied(handler, request, HEADERS, WHO)), service.taken()
    settings = {"endpoint": f"{service.url}/check"}
    ported = Ported(load("moderate_by_service", under_litellm=False).handler, request, ATTRIBUTES, settings)
    assert (outcome(ported), service.taken()) == (refused_there, asked_there)
    assert asked_there == [("/check", {"texts": [text]}, None)]


def record(**more: Any) -> dict[str, Any]:
    """The gateway's record of the exchange that `Proxied.completed` has."""
    return {
        "id": "1", "litellm_call_id": "1", "call_type": "acompletion", "stream": False, "status": "success",
        "status_code": 200, "model": "gpt-4o", "model_group": "gpt-4o", "startTime": 1.0, "endTime": 2.0,
        "prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30, "end_user": "ann", "metadata": {},
        "response": {"choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}}]},
    } | more  # fmt: skip


def test_events_are_sent_alike(service: Service) -> None:
    there = load("log_to_http", under_litellm=True).handler(f"{service.url}/lines")
    Proxied(there, says("Hi"), {}, WHO).completed("Hello", lambda: service.got)
    sent_there = service.taken()
    ported = Ported(load("log_to_http", under_litellm=False).handler, {}, {}, {"endpoint": f"{service.url}/lines"})
    ported.records([record()])
    assert sent_there == service.taken() == [
        ("/lines", {"status": "success", "group": "gpt-4o", "prompt_tokens": 10, "completion_tokens": 20}, "hook")
    ]


def test_failures_are_sent_alike(service: Service) -> None:
    there = load("log_to_http", under_litellm=True).handler(f"{service.url}/lines")
    Proxied(there, says("Hi"), {}, WHO).completed("litellm.RateLimitError", lambda: service.got, num_retries=0)
    (path, line_there, header), *_ = service.taken()
    ported = Ported(load("log_to_http", under_litellm=False).handler, {}, {}, {"endpoint": f"{service.url}/lines"})
    ported.records([record(status="failure", status_code=429, prompt_tokens=0, completion_tokens=0, response=None)])
    (path_here, line_here, header_here), *_ = service.taken()
    assert (path, line_there["status"], header) == (path_here, line_here["status"], header_here) == ("/lines", "failure", "hook")


def test_tokens_are_counted_alike() -> None:
    there = load("count_tokens", under_litellm=True).handler
    cached = there.cache.in_memory_cache
    # What LiteLLM's proxy says of the end user.
    metadata = {"user_api_key_end_user_id": "ann"}
    Proxied(there, says("Hi"), {}, WHO).completed("Hello", lambda: cached.get_cache("tokens:ann"), metadata=metadata)
    ported = Ported(load("count_tokens", under_litellm=False).handler, {}, {}, {})
    ported.records([copy.deepcopy(record())])
    assert float(ported.host.state["tokens:ann"]) == cached.get_cache("tokens:ann") == 30
