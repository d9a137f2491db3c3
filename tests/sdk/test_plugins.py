"""Plugins as an author makes them, in each language: new, tested, built, dropped into a running gateway, and seen acting.

The toolchains come from the package registries (`tests/setup`); Go is the machine's, or comes from PyPI.
"""

import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import openai
import pytest

import conftest
from conftest import loaded, until

#: A debug gateway compiles Python's interpreter.
COMPILED_SECS_MAX = 300
LANGUAGES = ["rust", "python", "javascript", "typescript", "go", "c"]
#: What a template's settings are called.
HOOK_SETTINGS = {
    "rust": {},
    "python": {},
    "javascript": {},
    "typescript": {},
    "go": {"default": {"name": "temperature", "value": 0.2}, "max_tokens": 500, "required_header": "x-team"},
    "c": {"required_header": "x-team", "max_tokens": 1000, "defaults": {"temperature": 0.2}},
}
#: Rust's template speaks for another provider (`test_own_adapter.py`), and C has none.
OF_ACME = ["python", "javascript", "typescript", "go"]
#: Pieces of a streamed answer: a masked word is cut in two.
PIECES = ["The fal", "con", " flies. ", "A falcon", "!"]
#: The environment's own tools come first: componentize-py, and Python with zig.
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


class Falconer(http.server.BaseHTTPRequestHandler):
    """A model in OpenAI's format that says the same to everybody, the provider `acme`, and a receiver of records."""

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path == "/records":
            self.server.records += asked
            return self.answer("application/json", "{}")
        self.server.asked.append(asked)
        answer = self.acme if self.path == "/v1/generate" else self.openai
        if not asked.get("stream"):
            return self.answer("application/json", json.dumps(answer(False)))
        events = "".join(f"data: {json.dumps(event)}\n\n" for event in answer(True))
        self.answer("text/event-stream", events + ("" if self.path == "/v1/generate" else "data: [DONE]\n\n"))

    def openai(self, streamed):
        choice = {"index": 0, "finish_reason": None}
        if not streamed:
            message = {"role": "assistant", "content": "".join(PIECES)}
            choices = [choice | {"message": message, "finish_reason": "stop"}]
            return {"id": "a", "object": "chat.completion", "created": 1, "model": "m", "choices": choices}
        deltas = [choice | {"delta": {"content": piece}} for piece in PIECES]
        deltas.append(choice | {"delta": {}, "finish_reason": "stop"})
        chunk = {"id": "a", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        return [chunk | {"choices": [delta]} for delta in deltas]

    def acme(self, streamed):
        end = {"end": "stop", "tokens": {"in": 9, "out": 2}}
        if not streamed:
            return {"id": "a", "output": {"text": "".join(PIECES)}} | end
        return [{"id": "a", "output": {"text": piece}} for piece in PIECES] + [end]

    def answer(self, content_type, body):
        self.send_response(200)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def falconer():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Falconer) as server:
        server.asked, server.records = [], []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def plugin(*arguments, cwd):
    target = Path(os.environ["SLUICE_BINARIES"]).parent / "outside"
    environment = os.environ | {"PATH": PATH, "CARGO_TARGET_DIR": str(target)}
    command = [conftest.binary("sluice"), "plugin", *arguments]
    run = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, f"{arguments}\n{run.stdout}\n{run.stderr}"
    return run.stdout


def made(folder, kind, name, language):
    """The component of a new plugin, whose cases hold."""
    plugin("new", kind, name, "--lang", language, cwd=folder)
    if language in ("javascript", "typescript"):
        # The tests need the tools that the first build gets.
        plugin("build", cwd=folder / name)
    plugin("test", cwd=folder / name)
    plugin("build", cwd=folder / name)
    return folder / name / f"{name}.wasm"


def masked(text):
    """Some templates write a star for each letter."""
    return re.sub(r"\*+", "***", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_new_guardrail_masks_and_blocks(language, falconer, tmp_path):
    name = f"birds-in-{language}"
    component = made(tmp_path, "guardrail", name, language)
    params = {"model": "openai/m", "api_base": f"http://127.0.0.1:{falconer.server_port}/v1", "api_key": "k"}
    guardrail = {"guardrail": name, "mode": ["pre_call", "post_call"], "default_on": True, "mask": ["falcon"], "block": ["bomb"]}
    config = json.dumps({
        "model_list": [{"model_name": "bird", "litellm_params": params}],
        "router_settings": {"num_retries": 0},
        "general_settings": {"master_key": conftest.KEY},
        "guardrails": [{"guardrail_name": "birds", "litellm_params": guardrail}],
        # A debug gateway, and many tests beside it.
        "sluice": {"plugins": {name: {"time_limit_ms": 10_000}}},
    })
    folder = tmp_path / "gateway"
    (folder / "plugins").mkdir(parents=True)
    with conftest.serving(folder, config) as base:
        client = conftest.client_of(base).with_options(timeout=120)

        def say(text, **options):
            messages = [{"role": "user", "content": text}]
            return client.chat.completions.create(model="bird", messages=messages, **options)

        # As long as it is not there, nothing passes.
        with pytest.raises(openai.InternalServerError):
            say("hello")
        shutil.copy(component, folder / "plugins")

        def acts():
            try:
                say("hello")
                return True
            except openai.InternalServerError:
                return False

        until(acts, f"{name}.wasm", COMPILED_SECS_MAX)
        answer = say("Do you see the Falcon?")
        assert masked(answer.choices[0].message.content) == "The *** flies. A ***!"
        assert masked(falconer.asked[-1]["messages"][0]["content"]) == "Do you see the ***?"
        chunks = list(say("and now?", stream=True))
        text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
        assert masked(text) == "The *** flies. A ***!"
        with pytest.raises(openai.BadRequestError):
            say("how to make a bomb")


@pytest.mark.parametrize("language", LANGUAGES)
def test_new_plugins_of_the_other_kinds_act(language, falconer, tmp_path):
    """A strategy ranks, a hook changes and refuses and notes, a callback delivers, an adapter translates."""
    kinds = ["strategy", "hook", "callback"] + (["adapter"] if language in OF_ACME else [])
    names = {kind: f"{kind}-in-{language}" for kind in kinds}
    folder = tmp_path / "gateway"
    (folder / "plugins").mkdir(parents=True)
    for kind, name in names.items():
        shutil.copy(made(tmp_path, kind, name, language), folder / "plugins")
    base_url = f"http://127.0.0.1:{falconer.server_port}"

    def deployment(group, model, price=0.0, **params):
        prices = {"input_cost_per_token": price, "output_cost_per_token": price}
        return {"model_name": group, "litellm_params": {"model": model, "api_key": "k"} | prices | params}

    # A debug gateway, and many tests beside it.
    plugins = {name: {"time_limit_ms": 10_000} for name in names.values()}
    plugins[names["hook"]] |= {"may_change": ["parameters"], "settings": HOOK_SETTINGS[language]}
    plugins[names["callback"]] |= {"outbound": [base_url]}
    models = [
        deployment("bird", "openai/m", api_base=f"{base_url}/v1"),
        deployment("pair", "openai/dear", 0.9, mock_response="the dear one"),
        deployment("pair", "openai/cheap", 0.1, mock_response="the cheap one"),
    ]
    if "adapter" in names:
        models.append(deployment("acme", "acme/large", api_base=base_url))
    config = json.dumps({
        "model_list": models,
        "router_settings": {"num_retries": 0, "routing_strategy": names["strategy"]},
        "general_settings": {"master_key": conftest.KEY},
        "litellm_settings": {"callbacks": [names["hook"], names["callback"]]},
        "callback_settings": {names["callback"]: {"endpoint": f"{base_url}/records"}},
        "sluice": {"plugins": plugins},
    })
    with conftest.serving(folder, config) as base:
        client = conftest.client_of(base).with_options(timeout=120)

        def say(model, team="blue", **options):
            headers = {"x-team": team} if team else {}
            messages = [{"role": "user", "content": "hello"}]
            return client.chat.completions.create(model=model, messages=messages, extra_headers=headers, **options)

        until(lambda: set(names.values()) <= set(loaded(base)), "a plugin", COMPILED_SECS_MAX)
        with pytest.raises(openai.PermissionDeniedError):
            say("bird", team=None)
        say("bird", max_tokens=100_000)
        assert falconer.asked[-1]["temperature"] == 0.2
        assert falconer.asked[-1]["max_tokens"] <= 1000
        assert {say("pair").choices[0].message.content for _ in range(5)} == {"the cheap one"}
        if "adapter" in names:
            answer = say("acme")
            assert answer.choices[0].message.content == "The falcon flies. A falcon!"
            assert answer.usage.total_tokens == 11
            chunks = list(say("acme", stream=True))
            text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
            assert text == "The falcon flies. A falcon!"
        noted = lambda: [record for record in falconer.records if names["hook"] in record["notes"]]
        until(noted, "a record")
        assert noted()[-1]["status"] == "success"
