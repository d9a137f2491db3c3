"""Runs coroutines to their end. There is nothing to wait for in a component: `http` and `state` answer when they return."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

#: Steps of one coroutine. One that yields more often waits for something that never comes, such as `asyncio.Event`.
STEPS_MAX = 100_000


class Deadlock(RuntimeError):
    """A coroutine waits for something that only another one could bring."""


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of the coroutine.

    A bare `yield`, such as that of `asyncio.sleep(0)`, is taken up at once. Raises `Deadlock` where the coroutine waits for a
    future that is not done.
    """
    for _ in range(STEPS_MAX):
        try:
            waits_for = coroutine.send(None)
        except StopIteration as end:
            value: T = end.value
            return value
        if waits_for is not None and not getattr(waits_for, "done", lambda: False)():
            coroutine.close()
            raise Deadlock("a coroutine waits for a timer, a task or a socket, and a component has none of them")
    coroutine.close()
    raise Deadlock(f"a coroutine did not end after {STEPS_MAX} steps")
