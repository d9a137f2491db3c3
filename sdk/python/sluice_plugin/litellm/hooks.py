"""The base classes. LITELLM.md says for each method what it becomes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any


class CustomLogger:
    """LiteLLM's `CustomLogger`. Override what you need; what is not overridden is not called."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    # Before a deployment is asked: the plugin is a `request-hook`.

    async def async_pre_call_hook(
        self, user_api_key_dict: Any, cache: Any, data: dict[str, Any], call_type: Any
    ) -> Exception | str | dict[str, Any] | None:
        """Returns the changed request, a text that refuses it, or `None`; raises to refuse it."""
        return None

    async def async_moderation_hook(self, data: dict[str, Any], user_api_key_dict: Any, call_type: Any) -> Any:
        """Raises to refuse the request. It runs after `async_pre_call_hook`, not beside the call of the model."""

    # On the answer: the plugin is a `guardrail-check`.

    async def async_post_call_success_hook(self, data: dict[str, Any], user_api_key_dict: Any, response: Any) -> Any:
        """Changes the whole answer in place or returns another; raises to block it."""

    async def async_post_call_streaming_hook(self, user_api_key_dict: Any, response: str) -> Any:
        """Gets the text so far; raises to end the stream. What it returns is not used."""

    async def async_post_call_streaming_iterator_hook(
        self, user_api_key_dict: Any, response: AsyncIterator[Any], request_data: dict[str, Any]
    ) -> Any:
        """An async generator: takes chunks and yields chunks."""
        async for chunk in response:
            yield chunk

    # After the exchange: the plugin is a `logging-callback`.

    async def async_log_success_event(self, kwargs: dict[str, Any], response_obj: Any, start_time: Any, end_time: Any) -> None:
        pass

    async def async_log_failure_event(self, kwargs: dict[str, Any], response_obj: Any, start_time: Any, end_time: Any) -> None:
        pass

    def log_success_event(self, kwargs: dict[str, Any], response_obj: Any, start_time: Any, end_time: Any) -> None:
        pass

    def log_failure_event(self, kwargs: dict[str, Any], response_obj: Any, start_time: Any, end_time: Any) -> None:
        pass

    async def async_post_call_failure_hook(
        self, request_data: dict[str, Any], original_exception: Exception, user_api_key_dict: Any, traceback_str: str | None = None
    ) -> Any:
        """Told of a failed exchange, with its record. It cannot change the error that the client got."""


class CustomGuardrail(CustomLogger):
    """LiteLLM's `CustomGuardrail`. What its parameters say of when it runs, the configuration of the gateway says."""

    def __init__(
        self, guardrail_name: str | None = None, supported_event_hooks: Any = None, event_hook: Any = None,
        default_on: bool = False, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__()
        self.guardrail_name = guardrail_name
        self.supported_event_hooks = supported_event_hooks
        self.event_hook = event_hook
        self.default_on = default_on
        self.optional_params = kwargs

    async def apply_guardrail(
        self, inputs: Any, request_data: dict[str, Any], input_type: str, logging_obj: Any = None
    ) -> Any:
        """Returns `inputs` with changed `texts`; raises to block. `input_type` is `request` or `response`."""
        return inputs

    def should_run_guardrail(self, data: Any, event_type: Any) -> bool:
        """The gateway calls a guardrail only where it should run."""
        return True

    def get_guardrail_dynamic_request_body_params(self, request_data: dict[str, Any]) -> dict[str, Any]:
        """`extra_body` of this guardrail in the request's `guardrails`."""
        for entry in request_data.get("guardrails") or []:
            if isinstance(entry, dict) and self.guardrail_name in entry:
                extra = (entry[self.guardrail_name] or {}).get("extra_body")
                return extra if isinstance(extra, dict) else {}
        return {}

    def add_standard_logging_guardrail_information_to_request_data(self, *_: Any, **__: Any) -> None:
        """The gateway records by itself what a guardrail decided."""

    def render_violation_message(self, default: str, context: Any = None) -> str:
        return default

    def mask_content_in_string(self, content_string: str, mask_string: str, start_index: int, end_index: int) -> str:
        return content_string[:start_index] + mask_string + content_string[end_index:]


class GuardrailEventHooks:
    """The names of LiteLLM's moments."""

    pre_call = "pre_call"
    during_call = "during_call"
    post_call = "post_call"
    logging_only = "logging_only"


def log_guardrail_information(function: Any) -> Any:
    """The gateway records by itself what a guardrail decided and how long it took."""
    return function


def names(hook: type, method: str) -> bool:
    """Whether a class has a method of its own under this name."""
    base = getattr(CustomGuardrail, method)
    return getattr(hook, method, base) is not base


def kebab(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()
