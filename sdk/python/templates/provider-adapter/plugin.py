"""Speaks the API of Acme, a provider that does not exist:

    POST /v1/generate {"model", "prompt", "max_tokens", "temperature", "stream"}

    whole     {"id": "…", "output": {"text": "…"}, "end": "stop", "tokens": {"in": 9, "out": 2}}
    streamed  data: {"id": "…", "output": {"text": "He"}}    data: {"end": "stop", "tokens": {"in": 9, "out": 2}}
    failed    {"error": {"kind": "busy", "message": "…"}}    with any status, or as an event
"""

from collections.abc import Iterator
from typing import Any

from answer import End, failure_of, text_of, usage_of
from request import translate
from sluice_plugin import (
    Auth,
    Event,
    Failure,
    Manifest,
    ProviderAdapter,
    ProviderInfo,
    Target,
    UpstreamRequest,
    exchange,
    export,
)
from sluice_plugin.chat import DONE, Chunks, completion
from sluice_plugin.provider import parse


class MyAdapter(ProviderAdapter):
    manifest = Manifest("my-adapter", "0.1.0", "Speaks Acme's API.", outbound=["api.acme.example"])

    def providers(self) -> list[ProviderInfo]:
        return [
            ProviderInfo(
                name="acme",  # The prefix in `model: acme/large`.
                api_base="https://api.acme.example",
                auth=Auth.bearer("api_key"),
                environment={"api_key": "ACME_API_KEY"},
            )
        ]

    def open(self, target: Target) -> UpstreamRequest:
        body = translate(exchange.body(), target.model)
        # The instance may have served another attempt before.
        self.model, self.created = target.model, exchange.started_ms() // 1000
        self.chunks: Chunks | None = None
        return UpstreamRequest(
            path_and_query="/v1/generate", body=body, reading="server-sent-events" if body.get("stream") else "whole"
        )

    def whole(self, body: bytes) -> dict[str, Any]:
        answer = read(body)
        text = text_of(answer)
        if text is None:
            raise Failure.malformed("it has no `output.text`")
        return completion(self.id(answer), self.created, self.model, text, End.reason(answer), usage_of(answer))

    def events(self, batch: list[Event]) -> Iterator[dict[str, Any] | bytes]:
        for event in batch:
            said = read(event.data)
            if self.chunks is None:
                self.chunks = Chunks(self.id(said), self.created, self.model)
                yield self.chunks.delta(role="assistant")
            if text := text_of(said):
                yield self.chunks.delta(content=text)
            if said.get("end") is not None:
                yield self.chunks.finish(End.reason(said))
                if (usage := usage_of(said)) is not None:
                    yield self.chunks.usage(usage)
                yield DONE

    # `finish` is left as it is: a stream without `end` broke off.

    def refuse(self, target: Target, status: int, body: bytes) -> Failure:
        return failure_of(body) or Failure.of_status(status)

    @staticmethod
    def id(answer: dict[str, Any]) -> str:
        id = answer.get("id")
        return id if isinstance(id, str) and id else f"chatcmpl-{exchange.id()}"


def read(body: bytes) -> dict[str, Any]:
    """An answer or an event. Raises the failure that it reports."""
    answer = parse(body)
    if not isinstance(answer, dict):
        raise Failure.malformed("it is no object")
    if (failure := failure_of(body)) is not None:
        raise failure
    return answer


export(MyAdapter)
