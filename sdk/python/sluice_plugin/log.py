"""Lines in the gateway's log, each with the names of the plugin and the exchange.

Lines over 4 KiB are cut. Lines over 64 in one call are dropped and counted. In a component `print` and the module `logging`
write here too.
"""

from __future__ import annotations

from . import _host


def debug(message: str) -> None:
    _host.current().log("debug", message)


def info(message: str) -> None:
    _host.current().log("info", message)


def warn(message: str) -> None:
    _host.current().log("warn", message)


def error(message: str) -> None:
    _host.current().log("error", message)
