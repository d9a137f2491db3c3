"""The deployment that a provider adapter attempts, and what its upstream answered so far."""

from __future__ import annotations

import json
from typing import Any

from . import _host


def parameter(name: str, default: Any = None) -> Any:
    """One parameter of `litellm_params`, parsed; the default where it is absent or a credential. Neutral."""
    text = _host.current().deployment_parameter(name)
    return default if text is None else json.loads(text)


def has_parameter(name: str) -> bool:
    """Whether a parameter is given, credentials included. Neutral."""
    return _host.current().deployment_has_parameter(name)


def response_header(name: str) -> str | None:
    """A header of the upstream's answer; `None` before there is one. A value is not neutral."""
    return _host.current().deployment_response_header(name)
