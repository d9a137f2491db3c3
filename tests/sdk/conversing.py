"""How a conversation is led with OpenAI's own SDK: its turns, its answers whole and streamed, and what the mock saw."""

import contextlib
import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import conftest
import providers

CONVERSATIONS = {
    path.stem: json.loads(path.read_text()) for path in sorted((Path(__file__).parent / "conversations").glob("*.json"))
}


@contextlib.contextmanager
def mock(folder):
    """aimock with the answers of all conversations; gives its base URL."""
    fixtures = folder / "fixtures.json"
    fixtures.write_text(json.dumps({"fixtures": list(providers.fixtures(CONVERSATIONS))}))
    program = Path(__file__).parent / "node_modules/.bin/llmock"
    assert program.exists(), "run tests/setup, which installs the mock"
    port = conftest.free_port()
    command = [str(program), "--port", str(port), "--fixtures", str(fixtures), "--log-level", "silent"]
    # tests/setup puts Node beside Python where the machine has none.
    path = f"{os.environ['PATH']}:{Path(sys.executable).parent}"
    with subprocess.Popen(command, env=os.environ | {"PATH": path}) as run:
        base = f"http://127.0.0.1:{port}"
        conftest.wait_until_it_answers(f"{base}/health", run)
        yield base
        run.terminate()


def message_of(message, calls):
    """A message as the client sends it; a tool's result names the call that it answers."""
    if message["role"] != "tool":
        return message
    call = calls[message["call"]]
    return {"role": "tool", "tool_call_id": call["id"], "content": message["content"]}


def ask(client, provider, history, parameters, stream):
    """One answer as `message`, `finish_reason`, `usage`; a stream's pieces are joined."""
    request = dict(model=provider, messages=history, **parameters)
    if not stream:
        answer = client.chat.completions.create(**request)
        choice = answer.choices[0]
        return {
            "message": choice.message.model_dump(exclude_none=True),
            "finish_reason": choice.finish_reason,
            "usage": answer.usage,
        }
    message = {"role": "assistant"}
    finish_reason = usage = None
    for chunk in client.chat.completions.create(stream=True, stream_options={"include_usage": True}, **request):
        usage = chunk.usage or usage
        for choice in chunk.choices:
            finish_reason = choice.finish_reason or finish_reason
            join(message, choice.delta.model_dump(exclude_none=True))
    return {"message": message, "finish_reason": finish_reason, "usage": usage}


def join(message, delta):
    for name in ("content", "reasoning_content"):
        if delta.get(name):
            message[name] = message.get(name, "") + delta[name]
    for piece in delta.get("tool_calls", []):
        calls = message.setdefault("tool_calls", [])
        if piece["index"] == len(calls):
            calls.append({"id": piece["id"], "type": "function", "function": {"name": piece["function"]["name"], "arguments": ""}})
        calls[piece["index"]]["function"]["arguments"] += piece["function"].get("arguments", "")


def compare(answer, expected):
    message = answer["message"]
    if "content" in expected:
        assert message.get("content") == expected["content"]
    if "reasoning" in expected:
        assert message.get("reasoning_content") == expected["reasoning"]
    calls = [[call["function"]["name"], json.loads(call["function"]["arguments"])] for call in message.get("tool_calls", [])]
    assert calls == expected.get("calls", [])
    ids = [call["id"] for call in message.get("tool_calls", [])]
    assert len(set(ids)) == len(ids), "each call has an id of its own"
    assert answer["finish_reason"] == expected["finish_reason"]
    if "usage" in expected:
        usage = answer["usage"]
        assert [usage.prompt_tokens, usage.completion_tokens] == expected["usage"]


def journal(mock):
    """What the mock understood of the last request, as text in which nothing is escaped."""
    with urllib.request.urlopen(f"{mock}/__aimock/journal", timeout=10) as answer:
        entries = json.load(answer)
    return list(strings(entries[-1]["body"]))


def strings(value):
    if isinstance(value, str):
        yield value
        # A tool's arguments are JSON in a string; a provider may have them as an object.
        try:
            yield from strings(json.loads(value))
        except ValueError:
            pass
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def texts_of(history):
    for message in history:
        content = message.get("content")
        if isinstance(content, str):
            yield content
        for part in content if isinstance(content, list) else []:
            if part["type"] == "text":
                yield part["text"]
        for call in message.get("tool_calls", []):
            yield from strings(list(json.loads(call["function"]["arguments"]).values()))


def reached(text, seen):
    """Whether the mock understood this text. A provider may have a tool's result as JSON, not as its text."""
    try:
        document = json.loads(text)
    except ValueError:
        return any(text in one for one in seen)
    return any(text in one for one in seen) or document in documents(seen)


def documents(seen):
    for one in seen:
        try:
            yield json.loads(one)
        except ValueError:
            pass
