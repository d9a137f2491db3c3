"""LiteLLM's HTTP handlers, on the plugin's `http`."""

from __future__ import annotations

import json as _json
import urllib.parse
from typing import Any

from .. import http
from ..errors import HttpError


class HTTPStatusError(Exception):
    """The service answered with an error's status."""

    def __init__(self, message: str, response: "Response") -> None:
        super().__init__(message)
        self.response = response
        self.status_code = response.status_code


class Response:
    """httpx's answer, as far as hooks use it."""

    def __init__(self, answer: http.Response) -> None:
        self.status_code = answer.status
        self.content = answer.body
        self.text = answer.text
        self.headers = {name.lower(): value for name, value in answer.headers}
        self.is_success = answer.is_ok

    def json(self) -> Any:
        return _json.loads(self.content)

    def raise_for_status(self) -> "Response":
        if self.status_code >= 400:
            raise HTTPStatusError(f"the service answered {self.status_code}", self)
        return self


class HTTPHandler:
    """One round trip a call. `post`, `put` and `patch` raise `HTTPStatusError` where the status is one of an error."""

    def __init__(self, timeout: Any = None, *_: Any, **__: Any) -> None:
        self.timeout = timeout

    def get(self, url: str, params: dict[str, Any] | None = None, headers: dict[str, str] | None = None, **_: Any) -> Response:
        if params:
            url = f"{url}{'&' if '?' in url else '?'}{urllib.parse.urlencode(params, doseq=True)}"
        return self._send("GET", url, headers, None, None, None)

    def post(
        self,
        url: str,
        data: Any = None,
        json: Any = None,
        params: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        timeout: Any = None,
        **_: Any,
    ) -> Response:
        if params:
            url = f"{url}{'&' if '?' in url else '?'}{urllib.parse.urlencode(params, doseq=True)}"
        return self._send("POST", url, headers, data, json, timeout).raise_for_status()

    def _send(
        self, method: str, url: str, headers: dict[str, str] | None, data: Any, json: Any, timeout: Any
    ) -> Response:
        sent = dict(headers or {})
        if isinstance(data, dict):
            data = urllib.parse.urlencode(data, doseq=True)
            sent.setdefault("content-type", "application/x-www-form-urlencoded")
        seconds = timeout if timeout is not None else self.timeout
        timeout_ms = int(seconds * 1000) if isinstance(seconds, (int, float)) else 0
        answer = http.send(method, url, headers=sent, body=data or b"", json=json, timeout_ms=timeout_ms)
        return Response(answer)


class AsyncHTTPHandler:
    def __init__(self, timeout: Any = None, *_: Any, **__: Any) -> None:
        self._handler = HTTPHandler(timeout)

    async def get(self, url: str, **more: Any) -> Response:
        return self._handler.get(url, **more)

    async def post(self, url: str, **more: Any) -> Response:
        return self._handler.post(url, **more)

    async def close(self) -> None:
        pass


def get_async_httpx_client(*_: Any, **__: Any) -> AsyncHTTPHandler:
    return AsyncHTTPHandler()


class _Any:
    """LiteLLM's `httpxSpecialProvider`: whose client it is says nothing here."""

    def __getattr__(self, name: str) -> str:
        return name


httpxSpecialProvider = _Any()

__all__ = ["AsyncHTTPHandler", "HTTPHandler", "HTTPStatusError", "HttpError", "Response", "get_async_httpx_client", "httpxSpecialProvider"]
