"""Comparison of JSON documents with readable differences."""

from __future__ import annotations

import json
from typing import Any

#: Matches every value in an expected document.
ANY = "<any>"


def differences(at: str, expected: Any, got: Any) -> list[str]:
    """A line for each place at which `got` differs."""
    if expected == ANY:
        return []
    if isinstance(expected, dict) and isinstance(got, dict):
        lines = [f"{at}.{name}: missing, expected {_shown(expected[name])}" for name in expected if name not in got]
        lines += [f"{at}.{name}: not expected, got {_shown(got[name])}" for name in got if name not in expected]
        return lines + [
            line for name in expected if name in got for line in differences(f"{at}.{name}", expected[name], got[name])
        ]
    if isinstance(expected, list) and isinstance(got, list):
        lines = [line for index, pair in enumerate(zip(expected, got)) for line in differences(f"{at}[{index}]", *pair)]
        if len(expected) != len(got):
            lines.append(f"{at}: {len(got)} elements in place of {len(expected)}")
        return lines
    # `True == 1` in Python; in JSON they differ.
    if expected == got and isinstance(expected, bool) == isinstance(got, bool):
        return []
    return [f"{at}: expected {_shown(expected)}, got {_shown(got)}"]


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 400 else text[:400] + "…"
