"""LiteLLM's hooks, by their names: a published hook is ported by changing its imports. LITELLM.md says what becomes what."""

from .cache import DualCache, InMemoryCache, InternalUsageCache
from .client import AsyncHTTPHandler, HTTPHandler, HTTPStatusError, get_async_httpx_client, httpxSpecialProvider
from .errors import HTTPException, ProxyException
from .hooks import CustomGuardrail, CustomLogger, GuardrailEventHooks, log_guardrail_information
from .logger import print_verbose, verbose_logger, verbose_proxy_logger, verbose_router_logger
from .objects import (
    Choices,
    Delta,
    EmbeddingResponse,
    Message,
    ModelResponse,
    ModelResponseStream,
    StreamingChoices,
    TextCompletionResponse,
    Usage,
    UserAPIKeyAuth,
)
from .plugin import export, plugin_of

#: Of annotations alone.
GenericGuardrailAPIInputs = dict
CallTypes = CallTypesLiteral = str

__all__ = [
    "AsyncHTTPHandler", "CallTypes", "CallTypesLiteral", "Choices", "CustomGuardrail", "CustomLogger", "Delta", "DualCache",
    "EmbeddingResponse", "GenericGuardrailAPIInputs", "GuardrailEventHooks", "HTTPException", "HTTPHandler",
    "HTTPStatusError", "InMemoryCache", "InternalUsageCache", "Message", "ModelResponse", "ModelResponseStream",
    "ProxyException", "StreamingChoices", "TextCompletionResponse", "Usage", "UserAPIKeyAuth", "export",
    "get_async_httpx_client", "httpxSpecialProvider", "log_guardrail_information", "plugin_of", "print_verbose",
    "verbose_logger", "verbose_proxy_logger", "verbose_router_logger",
]  # fmt: skip
