"""Exceptions by the names that hooks raise."""

from __future__ import annotations

import json
from typing import Any


class HTTPException(Exception):
    """FastAPI's: refuses a request, or blocks an answer."""

    def __init__(self, status_code: int, detail: Any = None, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status_code = int(status_code)
        self.detail = detail
        self.headers = headers


class ProxyException(HTTPException):
    """LiteLLM's own."""

    def __init__(self, message: str, type: str | None = None, param: str | None = None, code: Any = 400, **_: Any) -> None:
        super().__init__(int(code or 400), message)
        self.message, self.type, self.param, self.code = message, type, param, str(code)


def sentence(error: HTTPException) -> str:
    """What the client reads."""
    detail = error.detail
    if isinstance(detail, dict):
        said = detail.get("error") or detail.get("message")
        detail = said if isinstance(said, str) else json.dumps(detail, ensure_ascii=False)
    return str(detail) if detail else f"refused with status {error.status_code}"


def retry_after_ms(error: HTTPException) -> int:
    for name, value in (error.headers or {}).items():
        if name.lower() == "retry-after" and str(value).isdigit():
            return int(value) * 1000
    return 0
