"""The errors that a plugin raises and those that imports raise.

Raise `BadSettings`, `Unavailable` or `PluginError` from any method of a plugin; the gateway does what the failure policy of
the kind says. Any other exception is a bug: its traceback is logged, and the same policy applies.
"""

from __future__ import annotations


class PluginError(Exception):
    """The call failed. The sentence is for the operator's log."""


class BadSettings(PluginError):
    """The settings cannot be used. Raise it in `__init__`."""


class Unavailable(PluginError):
    """Something that the plugin needs is away, such as its service."""


class NoneSuitable(PluginError):
    """Of a routing strategy: none of the candidates should be tried."""


class Retry(PluginError):
    """Of a logging callback: deliver these records again later."""


class Reject(PluginError):
    """Of a logging callback: these records will never be taken."""


class ImportDenied(PluginError):
    """The kinds of this plugin do not have this import, such as `http` in a routing strategy."""


class HttpError(PluginError):
    """The request got no answer. `reason` is `access-denied`, `timeout`, `unreachable`, `too-large`, `invalid` or `other`."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class StoreError(PluginError):
    """`state` or `notes` refused. `reason` is `access-denied`, `too-large`, `unavailable` or `other`."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
