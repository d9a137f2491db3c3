"""The gateway's own binary before a scripted upstream, for the official SDK.

`tests/run` builds both binaries and names the folder they are in with SLUICE_BINARIES.
"""

import contextlib
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import openai
import pytest

KEY = "sk-test-master-key-1234567890"
#: Statuses that a group `<dialect>-status-<n>` answers with.
STATUSES = [400, 401, 403, 404, 422, 429, 500, 503]
#: How a deployment of each dialect reaches the upstream.
DIALECTS = {"openai": "/v1", "azure": "", "anthropic": ""}
#: The longest the gateway may take to serve: compiling the plugins for the first time takes a while in a debug build.
START_SECS_MAX = 120


def binary(name):
    folder = os.environ.get("SLUICE_BINARIES")
    assert folder, "run these tests with tests/run, or set SLUICE_BINARIES to the folder of the built binaries"
    path = Path(folder) / name
    assert path.exists(), f"{path} is not built: cargo build --workspace"
    return str(path)


@pytest.fixture(scope="session")
def upstream():
    """The scripted upstream's base URL; it stops when its standard input closes."""
    with subprocess.Popen([binary("scripted-upstream")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        yield run.stdout.readline().strip()
        run.stdin.close()


def deployments(dialect, upstream):
    """Groups of one dialect, two deployments each, so that there is something to choose."""
    scripts = ["good", "rate-limited", "breaks-off", *(f"status-{status}" for status in STATUSES)]
    for script in scripts:
        for weight in (1, 2):
            params = {
                "model": f"{dialect}/{script}",
                "api_base": upstream + DIALECTS[dialect],
                "api_key": "sk-upstream",
                "weight": weight,
            }
            if dialect == "azure":
                params["api_version"] = "2024-10-21"
            yield {"model_name": f"{dialect}-{script}", "litellm_params": params}


def configuration(upstream):
    models = [deployment for dialect in DIALECTS for deployment in deployments(dialect, upstream)]
    models.append({"model_name": "demo", "litellm_params": {"model": "openai/demo", "mock_response": "Hello from Sluice"}})
    return {
        "model_list": models,
        "router_settings": {"num_retries": 0, "routing_strategy": "simple-shuffle"},
        "general_settings": {"master_key": KEY},
        "guardrails": [
            {
                "guardrail_name": "words",
                "litellm_params": {
                    "guardrail": "content-filter",
                    "mode": ["pre_call", "post_call"],
                    "default_on": True,
                    "blocked_words": [{"keyword": "forbidden-word", "action": "BLOCK"}],
                },
            }
        ],
        "litellm_settings": {"callbacks": ["webhook"]},
        "callback_settings": {"webhook": {"endpoint": f"{upstream}/records"}},
        "sluice": {"plugins": {"webhook": {"outbound": [upstream]}}},
    }


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_until_it_answers(url, run):
    """Waits for a program that we started to answer at this address."""
    deadline = time.monotonic() + START_SECS_MAX
    while time.monotonic() < deadline:
        assert run.poll() is None, f"it ended with status {run.returncode}; its log stands above"
        try:
            urllib.request.urlopen(url, timeout=5).read()
            return
        except urllib.error.HTTPError:
            return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)  # Between two looks; nothing is concluded from it.
    raise AssertionError(f"{url} does not answer after {START_SECS_MAX} s")


def until(condition, what, seconds=START_SECS_MAX):
    """Waits for a condition that another process brings about."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} does not come within {seconds} s"
        time.sleep(0.05)  # Between two looks; nothing is concluded from it.


def loaded(base):
    """The names of a gateway's loaded plugins."""
    request = urllib.request.Request(f"{base}/plugins", headers={"authorization": f"Bearer {KEY}"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return [plugin["name"] for plugin in json.load(answer)["plugins"]]


@contextlib.contextmanager
def serving(folder, config_text, stderr=None, **environment):
    """A gateway with this configuration; gives its base URL, without `/v1`. Its log goes to this test's, or to `stderr`."""
    config = folder / "config.yaml"
    config.write_text(config_text)
    port = free_port()
    command = [binary("sluice"), "--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen(command, cwd=folder, env=os.environ | environment, stderr=stderr) as run:
        base = f"http://127.0.0.1:{port}"
        try:
            wait_until_it_answers(f"{base}/health/liveliness", run)
            yield base
        finally:
            run.terminate()
            assert run.wait(timeout=60) == 0, "the gateway stops with status 0 when it is asked to"


@pytest.fixture(scope="session")
def gateway(upstream, tmp_path_factory):
    """The base URL of a gateway that most tests share."""
    text = json.dumps(configuration(upstream))  # JSON is YAML.
    with serving(tmp_path_factory.mktemp("gateway"), text) as base:
        yield base


def client_of(gateway):
    return openai.OpenAI(base_url=f"{gateway}/v1", api_key=KEY, max_retries=0, timeout=30)


@pytest.fixture(scope="session")
def client(gateway):
    return client_of(gateway)


@pytest.fixture(params=list(DIALECTS))
def dialect(request):
    """Each wire format that the gateway speaks upstream."""
    return request.param
