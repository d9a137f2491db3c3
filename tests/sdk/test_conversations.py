"""Conversations from one set of files, through every adapter, whole and streamed, with OpenAI's own SDK.

The upstream is aimock, which speaks each provider's API and gives each request back as it understood it, so that what an
adapter sent is read by somebody else's code. `conversations/*.json` hold what is said, what the mock answers, what the
client must get, and who cannot do it or is not mocked so (`except`). `plugins/README.md` has the table of them.
"""

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import openai
import pytest

import conftest
import providers

CONVERSATIONS = {path.stem: json.loads(path.read_text()) for path in sorted((Path(__file__).parent / "conversations").glob("*.json"))}


@pytest.fixture(scope="module")
def mock(tmp_path_factory):
    """The mock's base URL."""
    folder = tmp_path_factory.mktemp("mock")
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


@pytest.fixture(scope="module")
def client(mock, tmp_path_factory):
    with providers.token_service() as tokens:
        deployments = providers.deployments(mock, tokens)
        config = {
            "model_list": [{"model_name": name, "litellm_params": params} for name, params in deployments.items()],
            "router_settings": {"num_retries": 0, "disable_cooldowns": True},
            "general_settings": {"master_key": conftest.KEY},
            "litellm_settings": {"drop_params": True},
        }
        with conftest.serving(tmp_path_factory.mktemp("conversations"), json.dumps(config)) as base:
            yield conftest.client_of(base)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("conversation", CONVERSATIONS)
@pytest.mark.parametrize("provider", providers.NAMES)
def test_conversation(client, mock, provider, conversation, stream):
    script = CONVERSATIONS[conversation]
    if reason := script.get("except", {}).get(provider):
        pytest.skip(reason)
    history = []
    calls = []
    for turn in script["turns"]:
        history += [message_of(message, calls) for message in turn["messages"]]
        expected = turn["answer"]
        if "error" in expected:
            with pytest.raises(openai.APIStatusError) as error:
                ask(client, provider, history, script.get("parameters", {}), stream)
            status, sentence = expected["error"]
            assert (error.value.status_code, sentence in str(error.value)) == (status, True), error.value
            continue
        answer = ask(client, provider, history, script.get("parameters", {}), stream)
        compare(answer, expected)
        seen = journal(mock)
        for text in texts_of(history):
            assert any(text in one for one in seen), f"{text!r} did not reach the provider: {seen}"
        history.append(answer["message"])
        calls = answer["message"].get("tool_calls", [])


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
