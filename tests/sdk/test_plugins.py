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
import time
from pathlib import Path

import openai
import pytest

import conftest

LANGUAGES = ["rust", "python", "javascript", "typescript", "go", "c"]
#: Pieces of a streamed answer: a masked word is cut in two.
PIECES = ["The fal", "con", " flies. ", "A falcon", "!"]
#: The environment's own tools come first: componentize-py, and Python with zig.
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


class Falconer(http.server.BaseHTTPRequestHandler):
    """An upstream that says the same to everybody, in OpenAI's format, and remembers what it was asked."""

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.append(asked)
        choice = {"index": 0, "finish_reason": None}
        if not asked.get("stream"):
            message = {"role": "assistant", "content": "".join(PIECES)}
            return self.answer("application/json", json.dumps({
                "id": "a", "object": "chat.completion", "created": 1, "model": "m",
                "choices": [choice | {"message": message, "finish_reason": "stop"}],
            }))
        chunk = {"id": "a", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        deltas = [choice | {"delta": {"content": piece}} for piece in PIECES]
        deltas.append(choice | {"delta": {}, "finish_reason": "stop"})
        events = [f"data: {json.dumps(chunk | {'choices': [delta]})}\n\n" for delta in deltas]
        self.answer("text/event-stream", "".join(events) + "data: [DONE]\n\n")

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
        server.asked = []
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


def until(condition, what):
    deadline = time.monotonic() + 300  # A debug gateway compiles Python's interpreter.
    while not condition():
        assert time.monotonic() < deadline, f"{what} does not come"
        time.sleep(0.1)  # Between two looks; nothing is concluded from it.


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

        until(acts, f"{name}.wasm")
        answer = say("Do you see the Falcon?")
        assert masked(answer.choices[0].message.content) == "The *** flies. A ***!"
        assert masked(falconer.asked[-1]["messages"][0]["content"]) == "Do you see the ***?"
        chunks = list(say("and now?", stream=True))
        text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
        assert masked(text) == "The *** flies. A ***!"
        with pytest.raises(openai.BadRequestError):
            say("how to make a bomb")
