"""Makes a plugin of a hook's class: of the kinds that its methods stand for."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from .. import _export, exchange
from .._coroutine import run
from ..errors import BadSettings, PluginError
from ..guardrail import PASS, Block, Hold, Passage, Stage, Verdict
from ..hook import Answer, Decision, Refusal
from ..kinds import Guardrail, LoggingCallback, Plugin, Record, RequestHook
from ..manifest import Manifest
from . import answers, records, request
from .cache import DualCache
from .errors import HTTPException, retry_after_ms, sentence
from .hooks import CustomGuardrail, CustomLogger, kebab, names

_OF_REQUEST = ("async_pre_call_hook", "async_moderation_hook")
_OF_ANSWER = (
    "async_post_call_success_hook", "async_post_call_streaming_hook", "async_post_call_streaming_iterator_hook",
    "apply_guardrail",
)  # fmt: skip
_OF_RECORD = (
    "async_log_success_event", "async_log_failure_event", "log_success_event", "log_failure_event",
    "async_post_call_failure_hook",
)  # fmt: skip

#: The methods of `CustomLogger` and `CustomGuardrail` that nothing here calls, and what to use instead.
NOT_CALLED = {
    "async_filter_deployments": "write a `RoutingStrategy`, whose manifest says `constrains`",
    "async_pre_routing_hook": "set `data[\"model\"]` in `async_pre_call_hook`",
    "async_pre_request_hook": "use `async_pre_call_hook`",
    "async_pre_call_deployment_hook": "use `async_pre_call_hook`, or write a `ProviderAdapter`",
    "async_post_call_success_deployment_hook": "use `async_post_call_success_hook`",
    "async_post_call_response_headers_hook": "a plugin cannot add headers to the client's answer",
    "async_logging_hook": "set `turn_off_message_logging` in the configuration; a plugin cannot change records",
    "logging_hook": "set `turn_off_message_logging` in the configuration; a plugin cannot change records",
    "log_pre_api_call": "use `async_pre_call_hook`",
    "log_post_api_call": "use `async_log_success_event`",
    "async_log_stream_event": "use `async_log_success_event`, which comes once for a stream",
    "log_stream_event": "use `async_log_success_event`, which comes once for a stream",
    "async_get_chat_completion_prompt": "change `data[\"messages\"]` in `async_pre_call_hook`",
    "get_chat_completion_prompt": "change `data[\"messages\"]` in `async_pre_call_hook`",
    "async_dataset_hook": "use `async_log_success_event`",
    "log_success_fallback_event": "the record of `async_log_success_event` has `attempts`",
    "log_failure_fallback_event": "the record of `async_log_failure_event` has `attempts`",
    "async_filter_listed_models": "the gateway's keys say which models a client sees",
}


def plugin_of(
    hook: type[CustomLogger] | CustomLogger,
    name: str | None = None,
    version: str = "0.1.0",
    summary: str | None = None,
    *,
    settings_schema: Mapping[str, Any] | None = None,
    outbound: Sequence[str] = (),
) -> type[Plugin]:
    """The plugin of a hook's class, or of an instance of it.

    A class is made with the settings as keyword arguments, as far as its `__init__` takes them. Raises `TypeError` where
    it has no method that a plugin can call, or one that nothing would call.
    """
    cls = hook if isinstance(hook, type) else type(hook)
    if not issubclass(cls, CustomLogger):
        raise TypeError(f"{cls.__name__} is no CustomLogger of sluice_plugin.litellm")
    for method, instead in NOT_CALLED.items():
        if hasattr(cls, method):
            raise TypeError(f"{cls.__name__}.{method} is not called here: {instead}")
    bases: list[type[Plugin]] = []
    for methods, base in ((_OF_REQUEST, _Hook), (_OF_ANSWER, _Guardrail), (_OF_RECORD, _Callback)):
        if any(names(cls, method) for method in methods):
            bases.append(base)
    if not bases:
        raise TypeError(f"{cls.__name__} overrides no method that is called")
    summary = summary or (cls.__doc__ or f"The hook {cls.__name__}.").strip().split("\n")[0]
    manifest = Manifest(
        name or kebab(cls.__name__), version, summary, settings_schema=settings_schema or {"type": "object"},
        outbound=outbound,
    )  # fmt: skip
    return type(cls.__name__, tuple(bases), {"manifest": manifest, "hook_class": hook})


def export(hook: type[CustomLogger] | CustomLogger, name: str | None = None, version: str = "0.1.0", **more: Any) -> type[Plugin]:
    """Exports a hook as the plugin of this component. The arguments are those of `plugin_of`."""
    return _export.export(plugin_of(hook, name, version, **more))


class _Base(Plugin):
    hook_class: Any

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__(settings)
        hook = type(self).__dict__.get("hook_class") or self.hook_class
        self.hook: Any = _made(hook, settings) if isinstance(hook, type) else hook
        self.cls = type(self.hook)
        self.streams = answers.Streams()


def _made(cls: type, settings: dict[str, Any]) -> Any:
    code = getattr(cls.__init__, "__code__", None)  # type: ignore[misc]
    if code is None:
        return cls()
    takes_all = bool(code.co_flags & 0x08)  # CO_VARKEYWORDS
    taken = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
    arguments = {name: value for name, value in settings.items() if takes_all or name in taken}
    try:
        return cls(**arguments)
    except TypeError as error:
        raise BadSettings(f"{cls.__name__}: {error}") from None


class _Hook(_Base, RequestHook):
    def prepare(self) -> Decision:
        before = request.data()
        after: Any = copy.deepcopy(before)
        try:
            if names(self.cls, "async_pre_call_hook"):
                returned = run(
                    self.hook.async_pre_call_hook(request.who(), DualCache(), after, request.call_type())
                )
                if isinstance(returned, Exception):
                    raise returned
                if isinstance(returned, str):
                    return Refusal(400, "rejected", returned)
                after = after if returned is None else returned
            if names(self.cls, "async_moderation_hook"):
                # What it returns and changes is not used, as under LiteLLM, where it runs beside the call.
                run(self.hook.async_moderation_hook(copy.deepcopy(after), request.who(), request.call_type()))
        except HTTPException as error:
            return Refusal(error.status_code, code(error), sentence(error), retry_after_ms(error))
        request.keep(before, after)
        if isinstance(after.get("mock_response"), str) and before.get("mock_response") != after["mock_response"]:
            return Answer(after["mock_response"])
        return request.changes(before, after).or_proceed()


def code(error: HTTPException) -> str:
    """The short code of a refusal: the detail's own, or by its status."""
    own = error.detail.get("code") if isinstance(error.detail, dict) else None
    return own if isinstance(own, str) else f"hook.{error.status_code}"


class _Guardrail(_Base, Guardrail):
    def inspect(self, stage: Stage, passages: list[Passage]) -> Verdict:
        try:
            if stage in ("stream-window", "stream-end"):
                return self._stream(stage == "stream-end", passages)
            if names(self.cls, "apply_guardrail"):
                return self._apply(stage, passages)
            if stage == "response" and names(self.cls, "async_post_call_success_hook"):
                return answers.success(self.hook, passages)
        except HTTPException as error:
            return Block(code(error), sentence(error))
        return PASS

    def _apply(self, input_type: str, passages: list[Passage]) -> Verdict:
        texts = [passage.text for passage in passages]
        inputs: dict[str, Any] = {"texts": list(texts), "model": exchange.model_group()}
        data = request.data()
        if input_type == "request":
            inputs["structured_messages"] = data.get("messages") or []
        returned = run(self.hook.apply_guardrail(inputs, data, input_type, None))
        changed = (returned or inputs).get("texts") or []
        if len(changed) != len(texts):
            raise PluginError(f"apply_guardrail made {len(changed)} texts of {len(texts)}")
        return answers.rewritten(texts, changed)

    def _stream(self, is_last: bool, passages: list[Passage]) -> Verdict:
        if names(self.cls, "async_post_call_streaming_iterator_hook"):
            return self.streams.inspect(self.hook, passages, is_last)
        if names(self.cls, "apply_guardrail"):
            # It sees the text as a whole, so all of it waits for the end, as far as the host's bound allows.
            return self._apply("response", passages) if is_last else Hold([len(passage.text) for passage in passages])
        if names(self.cls, "async_post_call_streaming_hook"):
            for passage in passages:
                run(self.hook.async_post_call_streaming_hook(request.who(), passage.before + passage.text))
        return PASS


class _Callback(_Base, LoggingCallback):
    def deliver(self, shown: list[Record]) -> None:
        records.deliver(self.hook, shown)
