"""Cases as data. The kind of a case shows in its fields; README.md, "Testing", lists the fields.

In a test: `assert cases.run(MyHook, "cases") == []`.
"""

from __future__ import annotations

import json
import pathlib
from typing import Any

from ..errors import PluginError
from ..kinds import Plugin
from . import _adapter, _kinds

#: Which field shows the kind.
_BY_FIELD = {
    "deployment": _adapter.run,
    "stage": _kinds.guardrail,
    "decision": _kinds.hook,
    "records": _kinds.callback,
    "candidates": _kinds.strategy,
    "wait_ms": _kinds.periodic,
}


def run(plugin: type[Plugin], folder: str | pathlib.Path) -> list[str]:
    """Runs all cases of the folder's `*.json` files; returns a line for each that does not hold.

    Raises `FileNotFoundError` where there is no case.
    """
    found = [(file.name, case) for file in sorted(pathlib.Path(folder).glob("*.json")) for case in _cases(file)]
    if not found:
        raise FileNotFoundError(f"no case in {folder}")
    return [line for name, case in found for line in _report(plugin, name, case)]


def count(folder: str | pathlib.Path) -> int:
    return sum(len(_cases(file)) for file in pathlib.Path(folder).glob("*.json"))


def _cases(file: pathlib.Path) -> list[dict[str, Any]]:
    read = json.loads(file.read_text())
    return read if isinstance(read, list) else [read]


def _report(plugin: type[Plugin], name: str, case: dict[str, Any]) -> list[str]:
    kind = next((run for field, run in _BY_FIELD.items() if field in case), None)
    # A round that fails has no `wait_ms`.
    kind = kind or (_kinds.periodic if "error" in case else None)
    if kind is None:
        return [f"{name}: {case.get('about')}: it is of no kind that is known: {', '.join(_BY_FIELD)}"]
    try:
        differences = kind(plugin, case)
    except PluginError as error:
        differences = [f"{type(error).__name__}: {error}"]
    return [f"{name}: {case.get('about')}: {difference}" for difference in differences]
