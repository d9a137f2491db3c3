"""Notes of one exchange: what one call leaves, a later one finds, of whatever kind and instance.

Notes are gone when the exchange ends. Each plugin has its own, 1 MiB at most. Routing strategies, request hooks and
guardrails have them.
"""

from __future__ import annotations

import json
from typing import Any

from . import _host


def get(key: str) -> bytes | None:
    """The value; `None` when nothing was put under the key in this exchange. A value is not neutral."""
    return _host.current().notes_get(key)


def put(key: str, value: bytes | str) -> None:
    """Keeps a value under a key of at most 256 bytes. Raises `StoreError`."""
    _host.current().notes_put(key, value.encode() if isinstance(value, str) else value)


def get_json(key: str, default: Any = None) -> Any:
    """The value that `put_json` kept, or the default."""
    value = get(key)
    return default if value is None else json.loads(value)


def put_json(key: str, value: Any) -> None:
    """Keeps a JSON value. Raises `StoreError`."""
    put(key, json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def publish(name: str, value: Any) -> None:
    """Adds a JSON value to the record of the exchange, which callbacks get, as `notes.<plugin>.<name>`.

    `trace_id`, `session_id`, `end_user` (texts) and `tags` (a list of texts) say whom the exchange is counted for; they
    need `sluice.plugins.<name>.attribution: true`. Raises `StoreError`.
    """
    _host.current().notes_publish(name, json.dumps(value, ensure_ascii=False, separators=(",", ":")))
