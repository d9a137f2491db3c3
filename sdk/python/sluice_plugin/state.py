"""A small shared store, one namespace a plugin, which outlives exchanges.

An instance that has read what a client wrote may `get`, and its `set` and `increment` raise `StoreError` with the reason
`access-denied`. Callbacks, and plugins with `isolation: shared`, may always write.
"""

from __future__ import annotations

from . import _host


def get(key: str) -> bytes | None:
    """The value; `None` when the key was never set, has expired or was evicted. Raises `StoreError`."""
    return _host.current().state_get(key)


def get_text(key: str) -> str | None:
    """The value as text. Raises `StoreError`."""
    value = get(key)
    return None if value is None else value.decode("utf-8", "replace")


def set(key: str, value: bytes | str, ttl_ms: int = 0) -> None:
    """Sets a value of at most 64 KiB. `ttl_ms` 0 keeps it until it is replaced or evicted. Raises `StoreError`."""
    _host.current().state_set(key, value.encode() if isinstance(value, str) else value, ttl_ms)


def increment(key: str, delta: float = 1, ttl_ms: int = 0) -> float:
    """Adds and returns the new value; a missing key counts as 0. `ttl_ms` applies when the key is made. Raises `StoreError`."""
    return _host.current().state_increment(key, float(delta), ttl_ms)
