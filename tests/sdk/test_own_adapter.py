"""An adapter for a provider that nobody bundles, built outside of the workspace and dropped into a running gateway."""

import http.server
import json
import os
import shutil
import subprocess
import threading
from pathlib import Path

import openai
import pytest

import conftest
import conversing

WEATHER = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"town": {"type": "string"}}}},
}
#: How Tern refuses, by what it is asked.
REFUSALS = {
    "busy": (429, {"fault": {"sort": "busy", "why": "all wings are in use", "wait": 2}}, openai.RateLimitError),
    "long": (400, {"fault": {"sort": "long", "why": "that is too long for a tern"}}, openai.BadRequestError),
    "model": (404, {"fault": {"sort": "model", "why": "there is no such tern"}}, openai.NotFoundError),
    "engine": (500, {"fault": {"sort": "engine", "why": "the engine stalled"}}, openai.InternalServerError),
}


class Tern(http.server.BaseHTTPRequestHandler):
    """The provider: it takes what its API has, and nothing else."""

    TURNS = {"system": {"by", "say"}, "person": {"by", "say"}, "model": {"by", "say", "use"}, "tool": {"by", "say", "of"}}

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.append(asked)
        if self.headers["x-tern-key"] != "key-of-the-tern" or self.headers["authorization"]:
            return self.answer(401, {"fault": {"sort": "key", "why": "who are you?"}})
        if problem := self.problem(asked):
            return self.answer(422, {"fault": {"sort": "request", "why": problem}})
        said = asked["turns"][-1].get("say", "")
        if said in REFUSALS:
            return self.answer(*REFUSALS[said][:2])
        events = list(self.events(asked, said))
        if asked.get("live"):
            return self.stream(events)
        whole = {"id": "t-1", "say": "".join(event.get("say", "") for event in events) or None, "use": []}
        for event in events:
            whole["use"] += event.get("use", [])
            whole |= {name: event[name] for name in ("end", "spent", "fault") if name in event}
        self.answer(200, whole)

    def problem(self, asked):
        if self.path != "/v1/talk":
            return f"there is no {self.path} here"
        if unknown := set(asked) - {"model", "turns", "tools", "limit", "heat", "live"}:
            return f"unknown: {unknown}"
        for turn in asked["turns"]:
            if turn.get("by") not in self.TURNS or set(turn) - self.TURNS[turn["by"]]:
                return f"no turn: {turn}"
        calls = {call["id"] for turn in asked["turns"] for call in turn.get("use", [])}
        results = {turn["of"] for turn in asked["turns"] if turn["by"] == "tool"}
        return None if calls == results else "calls and results do not match"

    def events(self, asked, said):
        spent = {"in": 9, "out": 2}
        if said == "stall":
            yield {"say": "half of it"}
            yield {"fault": {"sort": "engine", "why": "the engine stalled"}}
        elif asked.get("tools") and asked["turns"][-1]["by"] == "person":
            yield {"use": [{"id": f"u-{town}", "tool": "weather", "with": {"town": town}} for town in ("Rome", "Oslo")]}
            yield {"end": "tools", "spent": spent}
        else:
            yield {"say": "The tern "}
            yield {"say": f"heard “{said}”"}
            yield {"end": "done", "spent": spent}

    def stream(self, events):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for event in events:
            self.wfile.write(f"data: {json.dumps({'id': 't-1'} | event)}\n\n".encode())

    def answer(self, status, body):
        body = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def tern():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Tern) as server:
        server.asked = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def component(tmp_path_factory):
    """What `sluice plugin new` and `build` make of the template, with a target folder of its own beside the workspace's."""
    folder = tmp_path_factory.mktemp("outside")
    environment = os.environ | {"CARGO_TARGET_DIR": str(Path(os.environ["SLUICE_BINARIES"]).parent / "outside")}
    sluice = [conftest.binary("sluice"), "plugin"]
    subprocess.run([*sluice, "new", "adapter", "tern", "--lang", "rust"], cwd=folder, check=True)
    subprocess.run(["cargo", "test", "--quiet"], cwd=folder / "tern", env=environment, check=True)
    subprocess.run([*sluice, "build", "tern"], cwd=folder, env=environment, check=True)
    return folder / "tern/tern.wasm"


@pytest.fixture(scope="module")
def client(tern, component, tmp_path_factory):
    """A gateway that was started without the adapter, and was then given the file and a deployment."""
    folder = tmp_path_factory.mktemp("own")
    config = {
        "model_list": [{"model_name": "demo", "litellm_params": {"model": "openai/demo", "mock_response": "hello"}}],
        "router_settings": {"num_retries": 0},
        "general_settings": {"master_key": conftest.KEY},
    }
    with conftest.serving(folder, json.dumps(config), TERN_API_KEY="key-of-the-tern") as base:
        client = conftest.client_of(base)
        (folder / "plugins").mkdir(exist_ok=True)
        shutil.copy(component, folder / "plugins")
        params = {"model": "tern/arctic", "api_base": f"http://127.0.0.1:{tern.server_port}"}
        config["model_list"].append({"model_name": "bird", "litellm_params": params})
        (folder / "config.yaml").write_text(json.dumps(config))
        models = lambda: [model.id for model in client.models.list()]
        conftest.until(lambda: "bird" in models() and "tern" in conftest.loaded(base), "the adapter")
        yield client


def say(*messages):
    return dict(model="bird", messages=[{"role": "user", "content": one} if isinstance(one, str) else one for one in messages])


def test_text_whole_and_streamed(client, tern):
    answer = client.chat.completions.create(**say({"role": "system", "content": "Be brief."}, "héllo 🐦"), max_tokens=20)
    assert answer.choices[0].message.content == "The tern heard “héllo 🐦”"
    assert (answer.choices[0].finish_reason, answer.usage.total_tokens, answer.model) == ("stop", 11, "bird")
    assert tern.asked[-1] == {
        "model": "arctic",
        "turns": [{"by": "system", "say": "Be brief."}, {"by": "person", "say": "héllo 🐦"}],
        "limit": 20,
    }
    chunks = list(client.chat.completions.create(**say("hello"), stream=True, stream_options={"include_usage": True}))
    text = [choice.delta.content for chunk in chunks for choice in chunk.choices if choice.delta.content]
    assert text == ["The tern ", "heard “hello”"]
    assert chunks[-1].usage.total_tokens == 11


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_tools_in_parallel(client, stream):
    history = say("Rome and Oslo?")["messages"]
    answer = conversing.ask(client, "bird", history, {"tools": [WEATHER]}, stream)
    calls = answer["message"]["tool_calls"]
    assert [call["function"]["arguments"] for call in calls] == ['{"town": "Rome"}', '{"town": "Oslo"}']
    assert answer["finish_reason"] == "tool_calls"
    history.append(answer["message"])
    history += [{"role": "tool", "tool_call_id": call["id"], "content": "sun"} for call in calls]
    answer = conversing.ask(client, "bird", history, {"tools": [WEATHER]}, stream)
    assert answer["message"]["content"] == "The tern heard “sun”"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("sort", REFUSALS)
def test_refusals_are_errors_of_openais_client(client, sort, stream):
    status, body, error = REFUSALS[sort]
    with pytest.raises(error) as refused:
        client.chat.completions.create(**say(sort), stream=stream)
    assert refused.value.status_code == status
    assert body["fault"]["why"] in str(refused.value)


def test_an_error_amid_an_answer(client):
    with pytest.raises(openai.APIError, match="the engine stalled"):
        client.chat.completions.create(**say("stall"))
    text = ""
    with pytest.raises(openai.APIError, match="the engine stalled"):
        for chunk in client.chat.completions.create(**say("stall"), stream=True):
            text += "".join(choice.delta.content or "" for choice in chunk.choices)
    assert text == "half of it"


def test_what_the_provider_cannot_do_is_refused_by_name(client, tern):
    before = len(tern.asked)
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(**say("hello"), seed=7)
    assert refused.value.param == "seed"
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(**say({"role": "user", "content": [picture]}))
    assert refused.value.param == "messages[0].content[0]"
    assert len(tern.asked) == before
    assert client.chat.completions.create(**say("hello"), seed=7, extra_body={"drop_params": True}).choices


def test_the_key_stays_with_the_host(client, tern):
    for model in ("bird", "demo"):
        text = client.chat.completions.create(model=model, messages=[{"role": "user", "content": "key?"}]).model_dump_json()
        assert "key-of-the-tern" not in text
    assert "key-of-the-tern" not in json.dumps(tern.asked)
