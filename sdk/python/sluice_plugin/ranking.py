"""What routing strategies share: order by numbers that may be NaN, and random order that a replay repeats."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

from . import candidates, exchange


def by(*keys: Callable[[int], float], among: Iterable[int] | None = None) -> list[int]:
    """The candidates in ascending order of the first key, ties by the next, further ties by their index.

    NaN, which stands for "not known", comes last: `by(prices.__getitem__, load.__getitem__)`.
    """

    def known(index: int) -> tuple[tuple[bool, float], ...]:
        values = (key(index) for key in keys)
        return tuple((value != value, value if value == value else 0.0) for value in values)

    return sorted(range(candidates.count()) if among is None else among, key=known)


def shuffled(indexes: Iterable[int]) -> list[int]:
    """The indexes in an even random order, by `exchange.seed`."""
    order = list(indexes)
    random.Random(exchange.seed()).shuffle(order)
    return order
