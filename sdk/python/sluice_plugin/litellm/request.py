"""The request as LiteLLM's hooks see it, `data`, and what they changed of it as `Changes`."""

from __future__ import annotations

import copy
import json
from typing import Any

from .. import exchange, notes
from ..hook import Changes, pointer
from ..errors import PluginError
from .objects import Headers, UserAPIKeyAuth

#: Of `data`, what LiteLLM's proxy adds: it is no part of the request, and what hooks leave there stays with the exchange.
_OWN = ("metadata", "litellm_metadata", "proxy_server_request", "litellm_call_id", "secret_fields", "guardrails", "mock_response")
#: Of `metadata`, what goes into the record of the exchange. The rest may be what a hook hides, such as the map of a mask.
_PUBLISHED = ("tags", "trace_id", "session_id", "spend_logs_metadata")
#: The note in which `data`'s own parts wait for the hooks of the answer.
_NOTE = "litellm.data"
#: The contract's bound of edits.
EDITS_MAX = 256

#: LiteLLM's word for an operation.
CALL_TYPES = {
    "chat-completions": "acompletion",
    "completions": "atext_completion",
    "embeddings": "aembedding",
    "audio-speech": "aspeech",
    "audio-transcriptions": "atranscription",
}


def call_type() -> str:
    operation = exchange.operation()
    return CALL_TYPES.get(operation, operation)


def who() -> UserAPIKeyAuth:
    return UserAPIKeyAuth()


def data() -> dict[str, Any]:
    """The request, with what LiteLLM's proxy adds to it, and with what an earlier hook of this plugin left there."""
    body = exchange.body()
    headers = Headers()
    metadata = body.get("metadata")
    body["metadata"] = dict(metadata) if isinstance(metadata, dict) else {}
    body["metadata"].setdefault("headers", headers)
    body["litellm_call_id"] = exchange.id()
    body["proxy_server_request"] = {"headers": headers, "method": "POST", "body": copy.deepcopy(body)}
    for name, value in _kept().items():
        if name == "metadata":
            body["metadata"].update(value)
        else:
            body[name] = value
    return body


def _kept() -> dict[str, Any]:
    try:
        kept: dict[str, Any] = notes.get_json(_NOTE, {})
    except PluginError:
        # A gateway without notes, or a kind of plugin.
        return {}
    return kept


def keep(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Keeps for the hooks of the answer what hooks of the request left in `data`'s own parts."""
    old, new = before.get("metadata") or {}, after.get("metadata") or {}
    left = {name: value for name, value in new.items() if name != "headers" and old.get(name) != value and _is_json(value)}
    if left:
        notes.put_json(_NOTE, {"metadata": left})


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return False
    return True


def changes(before: dict[str, Any], after: dict[str, Any]) -> Changes:
    """What was changed of the request. Raises `PluginError` for what cannot be changed."""
    changed = Changes()
    for name in [*before, *(name for name in after if name not in before)]:
        old, new = before.get(name), after.get(name)
        if name in _OWN or old == new:
            continue
        if name == "model":
            changed.ask(str(new))
        elif name == "user":
            notes.publish("end_user", new)
        elif name == "stream":
            raise PluginError("a request hook cannot change `stream`: the client waits for the other form")
        elif name not in after:
            changed.remove(pointer(name))
        else:
            _differ(changed, [name], old, new, is_there=name in before)
    _publish(before.get("metadata") or {}, after.get("metadata") or {})
    if len(changed.edits) > EDITS_MAX:
        return _whole(before, after, changed.model_group)
    return changed


def _differ(changed: Changes, at: list[str | int], old: Any, new: Any, is_there: bool = True) -> None:
    """Edits at the deepest places that differ, so that a mask of one message does not send them all."""
    if not is_there or type(old) is not type(new) or not isinstance(old, (dict, list)):
        changed.set(pointer(*at), new)
    elif isinstance(old, dict):
        for name in old:
            if name not in new:
                changed.remove(pointer(*at, name))
            elif old[name] != new[name]:
                _differ(changed, [*at, name], old[name], new[name])
        for name in new:
            if name not in old:
                changed.set(pointer(*at, name), new[name])
    else:
        _differ_in_list(changed, at, old, new)


def _differ_in_list(changed: Changes, at: list[str | int], old: list[Any], new: list[Any]) -> None:
    if len(old) == len(new):
        for index, (was, now) in enumerate(zip(old, new)):
            if was != now:
                _differ(changed, [*at, index], was, now)
        return
    shorter = min(len(old), len(new))
    begin = next((index for index in range(shorter) if old[index] != new[index]), shorter)
    end = next((back for back in range(shorter - begin) if old[-1 - back] != new[-1 - back]), shorter - begin)
    removed, inserted = old[begin : len(old) - end], new[begin : len(new) - end]
    if removed and inserted:
        changed.set(pointer(*at), new)
        return
    for _ in removed:
        changed.remove(pointer(*at, begin))
    for index, element in enumerate(inserted, begin):
        changed.insert(pointer(*at, index), element)


def _whole(before: dict[str, Any], after: dict[str, Any], model_group: str | None) -> Changes:
    """The same with one edit a field."""
    changed = Changes(model_group=model_group)
    for name in {**before, **after}:
        if name in _OWN or name in ("model", "user", "stream") or before.get(name) == after.get(name):
            continue
        if name in after:
            changed.set(pointer(name), after[name])
        else:
            changed.remove(pointer(name))
    return changed


def _publish(old: dict[str, Any], new: dict[str, Any]) -> None:
    for name in _PUBLISHED:
        if name in new and old.get(name) != new[name]:
            notes.publish(name, new[name])
