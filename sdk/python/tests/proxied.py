"""Runs a hook under LiteLLM, by the entry points of its proxy."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import time
from typing import Any

import litellm
from fastapi import HTTPException
from litellm.caching.caching import DualCache
from litellm.proxy._types import UserAPIKeyAuth
from litellm.proxy.utils import ProxyLogging
from litellm.types.utils import ModelResponseStream

from porting import Refused

#: The longest that an event of the log may take to come.
EVENT_SECONDS_MAX = 20


class Proxied:
    """A hook in one exchange of LiteLLM's proxy."""

    def __init__(self, handler: Any, request: dict[str, Any], headers: dict[str, str], who: dict[str, str]) -> None:
        self.handler = handler
        # A handler of an earlier test would get this one's events too.
        litellm.logging_callback_manager._reset_all_callbacks()
        litellm.callbacks = [handler]
        self.proxy = ProxyLogging(user_api_key_cache=DualCache())
        self.who = UserAPIKeyAuth(**who)
        self.data = copy.deepcopy(request)
        self.data.setdefault("metadata", {})
        self.data["proxy_server_request"] = {"headers": headers, "method": "POST", "url": "/v1/chat/completions"}

    def request(self) -> dict[str, Any]:
        async def run() -> Any:
            data = await self.proxy.pre_call_hook(self.who, self.data, "acompletion")
            await self.proxy.during_call_hook(copy.deepcopy(data), self.who, "acompletion")
            return data

        self.data = _unless_refused(run())
        return self.data

    def answer(self, text: str) -> str:
        async def run() -> str:
            answer = litellm.mock_completion("gpt-4o", self.data["messages"], mock_response=text)
            changed = await self.proxy.post_call_success_hook(self.data, answer, self.who)
            return changed.choices[0].message.content

        return _unless_refused(run())

    def stream(self, pieces: list[str]) -> str:
        async def upstream() -> Any:
            for piece in pieces:
                yield _chunk({"content": piece})
            yield _chunk({}, "stop")

        async def run() -> str:
            stream = self.proxy.async_post_call_streaming_iterator_hook(
                response=upstream(), user_api_key_dict=self.who, request_data=self.data
            )
            return "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])

        return _unless_refused(run())

    def completed(self, answer: str, has_come: Any, **more: Any) -> None:
        """A call of a model that is not there, with its events. Returns when they have come."""

        async def run() -> None:
            call = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}], "api_key": "none"} | more
            with contextlib.suppress(litellm.exceptions.RateLimitError):  # What one of the tests asks for.
                await litellm.acompletion(**call, mock_response=answer)
            until = time.monotonic() + EVENT_SECONDS_MAX
            while not has_come():
                assert time.monotonic() < until, "the event has not come"
                await asyncio.sleep(0.05)  # Between two looks; nothing is concluded from it.

        asyncio.run(run())


def _chunk(delta: dict[str, Any], finish_reason: str | None = None) -> ModelResponseStream:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return ModelResponseStream(model="gpt-4o", choices=[choice])


def _unless_refused(coroutine: Any) -> Any:
    try:
        return asyncio.run(coroutine)
    except HTTPException as error:
        detail = error.detail
        raise Refused(error.status_code, detail["error"] if isinstance(detail, dict) else detail) from error
