"""Makes exceptions of what would trap. There are no files, clocks, sockets or randomness behind a component, and the
stubs in their place end the instance without a word: an `import` in a function looks for a file, a traceback for its
source, `datetime.now` for a clock.
"""

import builtins
import datetime
import io
import linecache
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from sluice_plugin import _host
from sluice_plugin._coroutine import run

#: What the clock shows in a kind without an exchange, in milliseconds since 1970; a callback's is set in `callback`.
clock_ms: Callable[[], int] | None = None
#: Whether the build is over.
is_running = False


def _now_ns() -> int:
    """The clock stands still during a call: at the beginning of the exchange, or at the newest record's time."""
    if not is_running:
        return 0  # At build time, for the same component each time.
    read = clock_ms or _host.current().exchange_started_ms
    return read() * 1_000_000


def _now() -> float:
    return _now_ns() / 1e9


def _still_ns() -> int:
    return 0


def _still() -> float:
    return 0.0


class _DateTime(datetime.datetime):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> "_DateTime":
        utc = cls.fromtimestamp(_now(), datetime.UTC)
        return utc.astimezone(tz) if tz is not None else utc.replace(tzinfo=None)

    today = now

    @classmethod
    def utcnow(cls) -> "_DateTime":
        return cls.now()


# As it is called in what plugins print.
_DateTime.__name__ = _DateTime.__qualname__ = "datetime"


class _Lines(io.TextIOBase):
    """`print` writes to the gateway's log."""

    def __init__(self, level: str) -> None:
        self.level = level
        self.rest = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self.rest = (self.rest + text).split("\n")
        for line in lines:
            _host.current().log(self.level, line)
        return len(text)

    def flush(self) -> None:
        pass


def _denied(sentence: str):
    def deny(*_args: object, **_named: object) -> None:
        raise OSError(sentence)

    return deny


def _no_loop(coroutine: Any, **_: object) -> Any:
    """`asyncio` waits by sockets and clocks; here nothing is waited for, and a coroutine runs to its end at once."""
    return run(coroutine)


class _NoImport:
    """The last word on imports: every module was loaded at build time, or it cannot be."""

    @staticmethod
    def find_spec(name: str, _path: object = None, _target: object = None) -> None:
        raise ModuleNotFoundError(
            f"`{name}` is imported while the plugin runs: import it at the top of a file, so that the build loads it",
            name=name,
        )


def _of_now(convert):
    return lambda seconds=None: convert(_now() if seconds is None else seconds)


def before() -> None:
    """Before the author's module: what it may take a reference to."""
    # Loaded now, since `strptime` imports it when it is first called.
    import _strptime  # noqa: F401

    # `date.today` reads `time.time`; `datetime.now` reads the clock itself.
    datetime.datetime = _DateTime  # type: ignore[misc]
    time.time, time.time_ns = _now, _now_ns
    for name in ("monotonic", "perf_counter", "process_time", "thread_time"):
        setattr(time, name, _still)
        setattr(time, f"{name}_ns", _still_ns)
    for name in ("localtime", "gmtime", "ctime"):
        setattr(time, name, _of_now(getattr(time, name)))
    strftime = time.strftime
    time.strftime = lambda form, of=None: strftime(form, time.localtime() if of is None else of)
    time.sleep = _denied("a plugin cannot sleep: raise `Retry`, or return from `tick` how long to wait")
    os.urandom = _denied("there is no secure randomness in a component: use `random.Random(exchange.seed())`")


def after() -> None:
    """After all modules are loaded."""
    global is_running
    is_running = True
    files = _denied("there are no files in a component: use `self.settings`, `state` or `notes`")
    builtins.open = io.open = files  # type: ignore[assignment]
    for name in ("stat", "lstat", "listdir", "scandir", "open", "mkdir", "remove", "rename", "getcwd"):
        setattr(os, name, files)
    # A traceback would look for the source.
    linecache.getlines = lambda *_: []  # type: ignore[assignment]
    linecache.updatecache = lambda *_: []  # type: ignore[assignment]
    linecache.checkcache = lambda *_: None  # type: ignore[assignment]
    sys.stdout, sys.stderr = _Lines("info"), _Lines("warn")
    if socket := sys.modules.get("socket"):
        socket.socket = socket.create_connection = socket.getaddrinfo = _denied(  # type: ignore[attr-defined]
            "there are no sockets in a component: use `sluice_plugin.http`"
        )
    if asyncio := sys.modules.get("asyncio"):
        asyncio.run = _no_loop  # type: ignore[attr-defined]
    if logging := sys.modules.get("logging"):
        _log_through(logging)
    sys.meta_path[:] = [_NoImport]


def _log_through(logging) -> None:  # noqa: ANN001 - the module
    levels = {logging.DEBUG: "debug", logging.INFO: "info", logging.WARNING: "warn"}

    class Handler(logging.Handler):
        def emit(self, record) -> None:  # noqa: ANN001
            _host.current().log(levels.get(record.levelno, "error"), self.format(record))

    logging.root.handlers[:] = [Handler()]
    # The gateway's own level decides; processes and threads there are none.
    logging.root.setLevel(logging.DEBUG)
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = logging.logAsyncioTasks = False


def seed() -> None:
    """Before each call: the module `random` would give the same numbers in every instance."""
    if (random := sys.modules.get("random")) is not None:
        random.seed(_host.current().exchange_seed())
