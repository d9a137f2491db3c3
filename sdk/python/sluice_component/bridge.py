"""The instance of the plugin, and how its exceptions become the contract's errors."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Mapping
from typing import Any

from sluice_plugin import _host
from sluice_plugin.errors import BadSettings, PluginError
from sluice_plugin.kinds import Plugin

from . import guard

plugin: type[Plugin]
_instance: Plugin | None = None


def instance() -> Any:
    """The plugin, made of its settings before the first call of this instance."""
    global _instance
    if _instance is None:
        # Not at build time: `componentize-py` still imports modules after this package.
        guard.after()
        settings = json.loads(_host.current().settings() or "{}")
        try:
            _instance = plugin(settings)
        except PluginError:
            raise
        except (KeyError, TypeError, ValueError) as error:
            # The schema lets settings pass that the class does not: for the operator it is a setting all the same.
            told(error)
            raise BadSettings(f"{type(error).__name__}: {error}") from None
    return _instance


def told(error: BaseException) -> str:
    """Logs the traceback of a bug; returns it as one line. Lines without source, since there are no files."""
    frames = traceback.extract_tb(error.__traceback__, limit=-8)
    places = ", ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames)
    line = f"{type(error).__name__}: {error}"
    _host.current().log("error", f"{line} (at {places})")
    return line


def seeded() -> Any:
    """The plugin, in an exchange: `random` gives numbers that a replay repeats."""
    if "random" in sys.modules:
        guard.seed()
    return instance()


def as_json(value: Mapping[str, Any] | bytes) -> bytes:
    if isinstance(value, (bytes, bytearray)):
        return bytes(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def pairs(mapping: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in mapping.items()]
