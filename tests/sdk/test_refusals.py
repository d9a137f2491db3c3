"""Every way in which a provider refuses, from the cases of all adapters, as OpenAI's own client sees it: whole and streamed."""

import http.server
import json
import threading
from pathlib import Path

import openai
import pytest

import conftest
import providers

PLUGINS = Path(__file__).parents[2] / "plugins"

#: What the client gets for each fault of `wit/0.2.1/provider.wit`. A 4xx that is no 400 may stay what it is.
STATUS = {
    "bad-request": {400, 413, 422},
    "context-window-exceeded": {400},
    "content-filtered": {400},
    "unsupported": {400},
    "authentication": {401},
    "permission-denied": {403},
    "not-found": {404},
    "timeout": {408},
    "rate-limited": {429},
    "quota-exhausted": {429},
    "upstream-error": {500},
    "malformed-answer": {500},
    "overloaded": {503},
}
#: Parameters that say where a deployment is, in place of which the test has its own.
PLACE = {"api_base", "base_url", "azure_endpoint"}
#: What proves who we are, where a case of its own does not say it.
PROOF = {
    "azure": {"api_version": "2024-10-21"},
    "bedrock": {"aws_access_key_id": "AKIDREFUSED", "aws_secret_access_key": "secret", "aws_region_name": "us-east-1"},
    "vertex_ai": {"vertex_project": "p", "vertex_location": "us-central1"},
}


def refusals():
    """Cases in which a request is sent and a status other than 200 comes back."""
    for path in sorted(PLUGINS.glob("*/cases/*.json")):
        case = json.loads(path.read_text())
        if "deployment" not in case:
            continue  # It is no adapter's.
        is_chat = case.get("operation", "chat-completions") == "chat-completions"
        if is_chat and case.get("upstream_answer", {}).get("status", 200) >= 300 and "error" in case.get("answer", {}):
            yield f"{path.parts[-3]}-{path.stem}", case


CASES = dict(refusals())


@pytest.fixture(scope="module")
def upstream():
    """Answers as the case whose name the path begins with."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers.get("content-length") or 0))
            answer = CASES[self.path.split("/")[1]]["upstream_answer"]
            text = answer["text"] if "text" in answer else json.dumps(answer.get("body", ""))
            self.send_response(answer["status"])
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text.encode())))
            for name, value in answer.get("headers", {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def client(upstream, tmp_path_factory):
    with providers.token_service() as tokens:
        models = [deployment(name, case, upstream, tokens) for name, case in CASES.items()]
        config = {
            "model_list": models,
            "router_settings": {"num_retries": 0, "disable_cooldowns": True},
            "general_settings": {"master_key": conftest.KEY},
        }
        with conftest.serving(tmp_path_factory.mktemp("refusals"), json.dumps(config)) as base:
            yield conftest.client_of(base)


def deployment(name, case, upstream, tokens):
    given = {key: value for key, value in case["deployment"].items() if key not in PLACE}
    provider = given["model"].split("/")[0]
    params = PROOF.get(provider, {}) | {"api_key": "key-of-the-test"} | given | {"api_base": f"{upstream}/{name}"}
    if provider.startswith("vertex_ai"):
        params["vertex_credentials"] = providers.google_user(tokens)
    return {"model_name": name, "litellm_params": params, "model_info": case.get("model_info", {})}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("name", CASES)
def test_a_refusal_is_an_error_of_the_clients_own(client, name, stream):
    request = CASES[name]["request"] | {"model": name}
    with pytest.raises(openai.APIStatusError) as refused:
        client.post("/chat/completions", body=request | {"stream": stream}, cast_to=object)
    expected = CASES[name]["answer"]["error"]
    assert refused.value.status_code in STATUS[expected["fault"]], refused.value
    # Bodies have OpenAI's form, so that the client finds the sentence.
    assert isinstance(refused.value.body, dict) and refused.value.body["message"]
    if "message" in expected:
        assert expected["message"] in str(refused.value)
    assert "key-of-the-test" not in str(refused.value)


def test_each_adapter_is_refused_in_every_usual_sort():
    usual = {"authentication", "not-found", "rate-limited", "upstream-error"}
    is_adapters = lambda case: "deployment" in json.loads(case.read_text())
    adapters = {path.parts[-2] for path in PLUGINS.glob("*/cases") if any(map(is_adapters, path.glob("*.json")))}
    found = {adapter: set() for adapter in adapters}
    for name, case in CASES.items():
        plugin = max((adapter for adapter in adapters if name.startswith(f"{adapter}-")), key=len)
        found[plugin].add(case["answer"]["error"]["fault"])
    assert {plugin: sorted(usual - sorts) for plugin, sorts in found.items() if usual - sorts} == {}
