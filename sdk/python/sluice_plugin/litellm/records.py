"""Records, as LiteLLM's logging events see them."""

from __future__ import annotations

import datetime
from typing import Any

from .. import log
from .._coroutine import run
from ..errors import HttpError, Retry
from ..kinds import Record
from .client import HTTPStatusError
from .errors import HTTPException
from .hooks import CustomLogger, names
from .objects import ModelResponse, UserAPIKeyAuth, wrap


def deliver(hook: CustomLogger, records: list[Record]) -> None:
    """Calls the events of each record. Raises `Retry` where a service was away for all of them.

    A record whose event fails otherwise is logged and dropped, as LiteLLM does.
    """
    delivered, away = 0, ""
    for record in records:
        try:
            _tell(hook, record)
            delivered += 1
        except (HttpError, HTTPStatusError, Retry) as error:
            away = str(error)
            log.warn(f"record {record.get('id')}: {error}")
        except Exception as error:
            log.error(f"record {record.get('id')}: {type(error).__name__}: {error}")
            delivered += 1
    if away and not delivered:
        raise Retry(away)


def _tell(hook: CustomLogger, record: Record) -> None:
    payload = wrap(dict(record))
    begin, end = (_time(record.get(name)) for name in ("startTime", "endTime"))
    kwargs = _kwargs(record, payload, begin, end)
    failed = record.get("status") == "failure"
    answer = None if failed else wrap(record.get("response") or {}, ModelResponse)
    word = "failure" if failed else "success"
    for method in (f"log_{word}_event", f"async_log_{word}_event"):
        if names(type(hook), method):
            called = getattr(hook, method)(kwargs, answer, begin, end)
            if method.startswith("async"):
                run(called)
    if failed and names(type(hook), "async_post_call_failure_hook"):
        run(hook.async_post_call_failure_hook(kwargs, kwargs["exception"], _who(record)))


def _kwargs(record: Record, payload: Any, begin: datetime.datetime, end: datetime.datetime) -> dict[str, Any]:
    metadata = dict(record.get("metadata") or {})
    kwargs = {
        "standard_logging_object": payload,
        "litellm_call_id": record.get("litellm_call_id"),
        "call_type": record.get("call_type"),
        "model": record.get("model"),
        "messages": record.get("messages"),
        "stream": record.get("stream"),
        "user": record.get("end_user"),
        "optional_params": dict(record.get("model_parameters") or {}),
        "litellm_params": {"metadata": metadata, "api_base": record.get("api_base")},
        "metadata": metadata,
        "response_cost": record.get("response_cost"),
        "custom_llm_provider": record.get("custom_llm_provider"),
        "start_time": begin,
        "end_time": end,
    }
    if record.get("status") == "failure":
        status = record.get("status_code")
        kwargs["exception"] = HTTPException(status if isinstance(status, int) else 500, record.get("error_str"))
    return kwargs


def _who(record: Record) -> UserAPIKeyAuth:
    """Who asked, of the record: a callback has no exchange to ask."""
    metadata = record.get("metadata") or {}
    return UserAPIKeyAuth(
        user_id=metadata.get("user_api_key_user_id"),
        team_id=metadata.get("user_api_key_team_id"),
        api_key=metadata.get("user_api_key_hash"),
        end_user_id=record.get("end_user"),
    )


def _time(seconds: Any) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds if isinstance(seconds, (int, float)) else 0)
