"""The operator's settings. A plugin has them as `self.settings`; this is for code without a plugin at hand."""

from __future__ import annotations

import json
from typing import Any

from . import _host


def get() -> dict[str, Any]:
    """One JSON object, parsed; `{}` when none are given."""
    parsed: dict[str, Any] = json.loads(_host.current().settings() or "{}")
    return parsed
