"""Outbound HTTP, only to hosts that the manifest names in `outbound` and the operator allows.

Request hooks, guardrails, logging callbacks and periodic tasks have it. One call is one round trip; redirects are not
followed. The time that a call waits is not guest time.
"""

from __future__ import annotations

import json as _json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import _host


@dataclass(frozen=True, slots=True)
class Response:
    """An answer. Any status is an answer, not an error."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def is_ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON. Raises `ValueError` where it is none."""
        return _json.loads(self.body)

    def header(self, name: str) -> str | None:
        """The first header of this name, without regard to case."""
        name = name.lower()
        return next((value for key, value in self.headers if key.lower() == name), None)


def send(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | str = b"",
    json: Any = None,
    timeout_ms: int = 0,
) -> Response:
    """Sends a request and returns the answer.

    `json` in place of `body` is sent as JSON with its content type. `timeout_ms` runs from the call to the last byte of the
    answer; 0 means the host's own limit. Raises `HttpError` where there is no answer.
    """
    sent = dict(headers or {})
    if json is not None:
        body = _json.dumps(json, ensure_ascii=False, separators=(",", ":"))
        if not any(name.lower() == "content-type" for name in sent):
            sent["content-type"] = "application/json"
    if isinstance(body, str):
        body = body.encode()
    return Response(*_host.current().http_send(method, url, list(sent.items()), body, timeout_ms))


def get(url: str, *, headers: Mapping[str, str] | None = None, timeout_ms: int = 0) -> Response:
    """`send` with `GET`."""
    return send("GET", url, headers=headers, timeout_ms=timeout_ms)


def post(
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | str = b"",
    json: Any = None,
    timeout_ms: int = 0,
) -> Response:
    """`send` with `POST`."""
    return send("POST", url, headers=headers, body=body, json=json, timeout_ms=timeout_ms)
