"""What a component does not have, and what to use instead."""

from __future__ import annotations

_HTTP = "a component has no sockets: use `sluice_plugin.http`, or `AsyncHTTPHandler` of `sluice_plugin.litellm`"
_SOCKET = "a component has no sockets: `sluice_plugin.http` is the only way out"
_STORE = "a component has no sockets: keep values in `sluice_plugin.state`, which the gateway puts into Redis where it has one"
_PROCESS = "a component is one thread of one process: do the work in the call, or in a `PeriodicTask`"
_NATIVE = "it has native code, which a component cannot load: ask a service for it by `sluice_plugin.http`, or write the plugin in Rust"
_LITELLM = "change the import to `sluice_plugin.litellm`, or put it into `try: … except ImportError:`"
_SDK = "use `sluice_plugin.http` with the service's HTTP API"

#: By module, the longest name first that fits.
MODULES: dict[str, str] = {
    "requests": _HTTP, "httpx": _HTTP, "aiohttp": _HTTP, "urllib3": _HTTP, "urllib.request": _HTTP, "http.client": _HTTP,
    "http.server": _SOCKET, "websockets": _SOCKET, "websocket": _SOCKET, "grpc": _SOCKET, "socket": _SOCKET,
    "ssl": _SOCKET, "socketserver": _SOCKET, "smtplib": _SOCKET, "ftplib": _SOCKET, "imaplib": _SOCKET, "poplib": _SOCKET,
    "select": _SOCKET, "selectors": _SOCKET, "uvicorn": _SOCKET, "starlette": _SOCKET,
    "redis": _STORE, "sqlite3": _STORE, "sqlalchemy": _STORE, "psycopg": _STORE, "psycopg2": _STORE, "pymongo": _STORE,
    "asyncpg": _STORE, "prisma": _STORE, "shelve": _STORE, "dbm": _STORE,
    "subprocess": _PROCESS, "multiprocessing": _PROCESS, "threading": _PROCESS, "concurrent.futures": _PROCESS,
    "concurrent": _PROCESS, "signal": _PROCESS, "sched": _PROCESS, "apscheduler": _PROCESS, "celery": _PROCESS,
    "ctypes": _NATIVE, "numpy": _NATIVE, "pandas": _NATIVE, "torch": _NATIVE, "transformers": _NATIVE, "spacy": _NATIVE,
    "sklearn": _NATIVE, "tiktoken": _NATIVE, "tokenizers": _NATIVE, "cryptography": _NATIVE, "orjson": _NATIVE,
    "presidio_analyzer": _NATIVE, "presidio_anonymizer": _NATIVE, "regex": _NATIVE, "lxml": _NATIVE, "PIL": _NATIVE,
    "pydantic": "its core is native code: use a dataclass; settings are checked by the manifest's schema",
    "litellm": _LITELLM,
    "fastapi": "use `HTTPException` of `sluice_plugin.litellm`",
    "openai": _SDK, "anthropic": _SDK, "boto3": _SDK, "botocore": _SDK, "langfuse": _SDK, "slack_sdk": _SDK, "google": _SDK,
    "dotenv": "a component has no environment: use the plugin's settings",
    "tempfile": "a component has no files: use `notes` for the length of an exchange, `state` beyond it",
    "secrets": "a component has no secure randomness: `exchange.id()` is unique, `random.Random(exchange.seed())` is not",
}  # fmt: skip

_FILES = "a component has no files: use the plugin's settings, `notes` or `state`"
_ENVIRONMENT = "a component has no environment: use the plugin's settings (`self.settings`)"
_WAIT = "nothing waits in a component: raise `Retry`, or return from `tick` how long to wait"
_LOOP = "a component has no event loop: `await` one after the other"
_SECURE = "a component has no secure randomness: `exchange.id()` is unique, `random.Random(exchange.seed())` is not"

#: By what is called or read, as it is written.
NAMES: dict[str, str] = {
    "open": _FILES, "io.open": _FILES, "os.open": _FILES, "os.listdir": _FILES, "os.makedirs": _FILES, "os.remove": _FILES,
    "os.path.exists": _FILES, "os.path.isfile": _FILES,
    "os.environ": _ENVIRONMENT, "os.getenv": _ENVIRONMENT, "os.system": _PROCESS,
    "time.sleep": _WAIT, "input": "a component has no input",
    "asyncio.sleep": _WAIT, "asyncio.create_task": _LOOP, "asyncio.ensure_future": _LOOP, "asyncio.gather": _LOOP,
    "asyncio.wait": _LOOP, "asyncio.wait_for": _LOOP, "asyncio.to_thread": _LOOP, "asyncio.get_event_loop": _LOOP,
    "asyncio.get_running_loop": _LOOP, "asyncio.new_event_loop": _LOOP, "asyncio.Event": _LOOP, "asyncio.Queue": _LOOP,
    "asyncio.TaskGroup": _LOOP, "asyncio.timeout": _LOOP,
    "os.urandom": _SECURE, "uuid.uuid4": _SECURE, "uuid.uuid1": _SECURE, "random.SystemRandom": _SECURE,
}  # fmt: skip

#: Methods that mean a file whatever they are called on.
METHODS: dict[str, str] = {
    "read_text": _FILES, "write_text": _FILES, "read_bytes": _FILES, "write_bytes": _FILES, "iterdir": _FILES, "mkdir": _FILES,
}  # fmt: skip

#: Methods of LiteLLM's bases that nothing calls: see `sluice_plugin.litellm.plugin.NOT_CALLED`.
IMPORT_IN_FUNCTION = "it is imported when the plugin runs, and there are no files then: import it at the top of the file"
UNKNOWN = (
    "it is not in the standard library: copy the package into the plugin's folder if it is Python alone, or ask a service "
    "by `sluice_plugin.http`"
)
KEPT = "this is gone at the next call, which may be another instance's: use `notes` for the length of an exchange, `state` beyond it"
