"""LiteLLM's loggers, on the gateway's log."""

from __future__ import annotations

from typing import Any

from .. import log


class Logger:
    """`logging.Logger`, as far as hooks use it, without the weight of the module."""

    def debug(self, message: object, *arguments: Any, **_: Any) -> None:
        log.debug(_line(message, arguments))

    def info(self, message: object, *arguments: Any, **_: Any) -> None:
        log.info(_line(message, arguments))

    def warning(self, message: object, *arguments: Any, **_: Any) -> None:
        log.warn(_line(message, arguments))

    def error(self, message: object, *arguments: Any, **_: Any) -> None:
        log.error(_line(message, arguments))

    exception = error
    critical = error
    warn = warning


def _line(message: object, arguments: tuple[Any, ...]) -> str:
    return str(message) % arguments if arguments else str(message)


verbose_proxy_logger = verbose_logger = verbose_router_logger = Logger()


def print_verbose(message: object, *_: Any, **__: Any) -> None:
    log.debug(str(message))
