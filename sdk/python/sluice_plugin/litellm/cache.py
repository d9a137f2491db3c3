"""`DualCache` on the plugin's `state`."""

from __future__ import annotations

import json
from typing import Any

from .. import state
from ..errors import StoreError


class DualCache:
    """Values are JSON. They outlive exchanges.

    A hook has read what a client wrote, so it may write only where the operator says
    `sluice.plugins.<name>.isolation: shared`; callbacks may always, and have a namespace of their own.
    """

    async def async_get_cache(self, key: str, *_: Any, **__: Any) -> Any:
        return self.get_cache(key)

    async def async_set_cache(self, key: str, value: Any, *_: Any, ttl: float | None = None, **__: Any) -> None:
        self.set_cache(key, value, ttl=ttl)

    async def async_increment_cache(
        self, key: str, value: float = 1, *_: Any, ttl: float | None = None, **__: Any
    ) -> float:
        return self.increment_cache(key, value, ttl=ttl)

    async def async_batch_get_cache(self, keys: list[str], *_: Any, **__: Any) -> list[Any]:
        return [self.get_cache(key) for key in keys]

    def get_cache(self, key: str, *_: Any, **__: Any) -> Any:
        value = state.get_text(key)
        if value is None:
            return None
        try:
            return json.loads(value)
        except ValueError:
            return value

    def set_cache(self, key: str, value: Any, *_: Any, ttl: float | None = None, **__: Any) -> None:
        _granted(lambda: state.set(key, json.dumps(value), _ms(ttl)))

    def increment_cache(self, key: str, value: float = 1, *_: Any, ttl: float | None = None, **__: Any) -> float:
        total: float = _granted(lambda: state.increment(key, value, _ms(ttl)))
        return int(total) if total == int(total) else total


#: LiteLLM's other names for the same.
InMemoryCache = InternalUsageCache = DualCache


def _ms(ttl: float | None) -> int:
    return 0 if ttl is None else max(1, int(ttl * 1000))


def _granted(write: Any) -> Any:
    try:
        return write()
    except StoreError as error:
        if error.reason != "access-denied":
            raise
        raise StoreError(
            error.reason,
            f"{error}: this call has read what a client wrote, so it may not write what outlives the exchange; "
            "the operator allows it by `isolation: shared`",
        ) from None
