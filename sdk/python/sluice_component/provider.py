"""`provider`. An exception that is no `Failure` is logged and traps: the attempt then fails over."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from componentize_py_types import Err
from wit_world.exports import provider as wire

from sluice_plugin.errors import PluginError
from sluice_plugin.provider import Auth, Event, Failure, MergePatch, ProviderInfo, Target, Unchanged, Upload, UpstreamRequest

from .bridge import as_json, instance, pairs, seeded, told

_FAULTS = {fault.name.lower().replace("_", "-"): fault for fault in wire.Fault}
_FRAMINGS = {framing.name.lower().replace("_", "-"): framing for framing in wire.Framing}


class Provider:
    def __init__(self) -> None:
        #: A failure that came after chunks of the same batch; the next call raises it, so that those reach the client.
        self.kept: Failure | None = None

    def providers(self) -> list[wire.ProviderInfo]:
        return _guarded(lambda: [_info(info) for info in instance().providers()])

    def open(self, target: wire.Target) -> wire.UpstreamRequest:
        self.kept = None
        return _guarded(lambda: _request(seeded().open(Target(target.provider, target.model))))

    def whole(self, body: bytes) -> bytes:
        return _guarded(lambda: as_json(instance().whole(body)))

    def events(self, batch: list[wire.Event]) -> bytes:
        return self._chunks(lambda: instance().events([Event(event.name, event.data) for event in batch]))

    def finish(self) -> bytes:
        return self._chunks(lambda: instance().finish())

    def refuse(self, target: wire.Target, status: int, body: bytes) -> wire.Failure:
        return _guarded(lambda: _failure(instance().refuse(Target(target.provider, target.model), status, body)))

    def _chunks(self, translate: Callable[[], Iterable[Mapping[str, Any] | bytes]]) -> bytes:
        if self.kept is not None:
            kept, self.kept = self.kept, None
            raise Err(_failure(kept))
        written: list[bytes] = []

        def write() -> None:
            for chunk in translate():
                written.append(chunk if isinstance(chunk, bytes) else b"data: " + as_json(chunk) + b"\n\n")

        try:
            _guarded(write, told_failures=False)
        except Failure as failure:
            if not written:
                raise Err(_failure(failure)) from None
            self.kept = failure
        return b"".join(written)


def _guarded(call: Callable[[], Any], told_failures: bool = True) -> Any:
    try:
        return call()
    except Failure as failure:
        if told_failures:
            raise Err(_failure(failure)) from None
        raise
    except PluginError as error:
        told(error)
        raise
    except Exception as error:
        told(error)
        raise


def _failure(failure: Failure) -> wire.Failure:
    return wire.Failure(
        _FAULTS[failure.fault], failure.message, failure.code, failure.parameter, failure.retry_after_ms
    )


def _auth(auth: Auth) -> wire.Auth:
    if auth.kind == "none":
        return wire.Auth_None_()
    case = getattr(wire, "Auth_" + "".join(word.capitalize() for word in auth.kind.split("-")))
    return case(auth.values[0] if len(auth.values) == 1 else auth.values)


def _info(info: ProviderInfo) -> wire.ProviderInfo:
    return wire.ProviderInfo(
        info.name,
        info.api_base,
        _auth(info.auth),
        pairs(info.environment),
        list(info.operations),
        wire.Continuation[info.continuation.upper()],
        info.credential_is_optional,
        pairs(info.extras),
    )


def _request(sent: UpstreamRequest) -> wire.UpstreamRequest:
    return wire.UpstreamRequest(
        sent.method,
        sent.path_and_query,
        [wire.types.Header(name, value) for name, value in sent.headers.items()],
        _body(sent.body),
        _reading(sent.reading),
        None if sent.auth is None else _auth(sent.auth),
        pairs(sent.extras),
    )


def _body(body: object) -> wire.RequestBody:
    match body:
        case None:
            return wire.RequestBody_Empty()
        case Unchanged():
            return wire.RequestBody_Unchanged()
        case MergePatch():
            return wire.RequestBody_MergePatch(as_json(body.patch))
        case Upload():
            return wire.RequestBody_Upload(body.field)
    return wire.RequestBody_Bytes(as_json(body))


def _reading(reading: str) -> wire.Reading:
    match reading:
        case "relay":
            return wire.Reading_Relay()
        case "whole":
            return wire.Reading_Whole()
    return wire.Reading_Events(_FRAMINGS[reading])
