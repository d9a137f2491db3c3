"""The deployments that a routing strategy may choose among, as columns: entry `i` of each list is candidate `i`.

All of it is neutral. Read the columns that you need only. Where a number is not known it is NaN; see `sluice_plugin.ranking`
for sorting such numbers.
"""

from __future__ import annotations

import json
from typing import Any, Literal

from . import _host

Fact = Literal["id", "provider", "model", "tag", "region"]
NumberColumn = Literal[
    "weights", "orders", "in-flight", "latency-seconds", "first-token-seconds", "tokens-per-second", "sample-ages",
    "failure-rates", "requests-this-minute", "tokens-this-minute", "request-limits", "token-limits", "input-prices",
    "output-prices",
]  # fmt: skip
TextColumn = Literal["ids", "providers", "models", "regions"]


def count() -> int:
    return _host.current().candidates_count()


def numbers(column: NumberColumn) -> list[float]:
    """A column of numbers. Whole numbers are exact.

    `weights`, `orders`, `in-flight`, `request-limits` and `token-limits` are 0 where not given; seconds, prices (USD per
    million tokens) and `tokens-per-second` are NaN where not known.
    """
    return _host.current().candidates_numbers(column)


def measured(name: str) -> list[float] | None:
    """A column of numbers by its name, such as `context-windows`; `None` if the host does not have it."""
    return _host.current().candidates_measured(name)


def texts(column: TextColumn) -> list[str]:
    return _host.current().candidates_texts(column)


def tags() -> list[list[str]]:
    """`litellm_params.tags`."""
    return _host.current().candidates_tags()


def info(name: str) -> list[Any]:
    """One attribute of each deployment's `model_info`, parsed; `None` where it has none."""
    return [json.loads(text) if text else None for text in _host.current().candidates_info(name)]


def having(fact: Fact, word: str) -> list[bool]:
    """Which candidates are such. But for a region, a word may end in `*`, for any end."""
    return _host.current().candidates_having(fact, word)


def exhausted() -> list[bool]:
    """Which candidates have no room for this exchange in this minute, by their `rpm` or `tpm`."""
    return _host.current().candidates_exhausted()
