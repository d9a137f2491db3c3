"""Deployments fail, and the SDK sees nothing but answers."""

import json
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from conftest import KEY, client_of, serving

QUESTION = [{"role": "user", "content": "Who answers?"}]
ANSWER = "Grüße from the upstream"

PUBLISHED = Path(__file__).parent.parent / "config/published/gateway.yaml"
#: Variables that it names.
VARIABLES = {
    "LITELLM_MASTER_KEY": KEY,
    "AZURE_API_KEY": "sk-upstream-west",
    "AZURE_API_KEY_SECONDARY": "sk-upstream-east",
    "OPENAI_API_KEY": "sk-upstream-openai",
    "ANTHROPIC_API_KEY": "sk-upstream-anthropic",
}
#: A debug build on a busy machine may lose a processor for longer than the limits of production.
PATIENT = {"plugins": {name: {"time_limit_ms": 10_000} for name in ("least-busy", "simple-shuffle", "openai-compatible", "anthropic")}}


def published(upstream, scripts):
    """`gateway.yaml` as it was published, but for where its deployments are and how long a hanging one is waited for."""
    west, east, openai, anthropic = (f"{upstream}/as/{script}" for script in scripts)
    text = PUBLISHED.read_text()
    changes = {
        "https://westus-primary.openai.azure.com/": west,
        "https://eastus-secondary.openai.azure.com/": east,
        "      model: gpt-4o\n": f"      model: gpt-4o\n      api_base: {openai}/v1\n",
        "      model: anthropic/claude-3-5-sonnet-20241022\n": (
            f"      model: anthropic/claude-3-5-sonnet-20241022\n      api_base: {anthropic}\n"
        ),
        "request_timeout: 120": "request_timeout: 0.3",
    }
    for before, after in changes.items():
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    return f"{text}\nsluice: {json.dumps(PATIENT)}\n"


def read(url):
    request = urllib.request.Request(url, headers={"authorization": f"Bearer {KEY}"})
    return json.load(urllib.request.urlopen(request, timeout=30))


def whole(client, model):
    return client.chat.completions.create(model=model, messages=QUESTION).choices[0].message.content


def streamed(client, model):
    """The text of a stream that is one answer: one id, one finish reason."""
    chunks = list(client.chat.completions.create(model=model, messages=QUESTION, stream=True))
    assert len({chunk.id for chunk in chunks}) == 1
    choices = [chunk.choices[0] for chunk in chunks if chunk.choices]
    assert [choice.finish_reason for choice in choices if choice.finish_reason] == ["stop"]
    return "".join(choice.delta.content or "" for choice in choices)


#: Three of the four deployments are broken, each in its own way; which of them works changes.
SCRIPTS = [
    ("good", "rate-limited", "hangs", "resets"),
    ("status-500", "good", "rate-limited", "hangs"),
    ("resets", "hangs", "good", "rate-limited"),
    ("rate-limited", "status-500", "hangs", "good"),
]


@pytest.mark.parametrize("scripts", SCRIPTS, ids=["west", "east", "openai", "anthropic"])
def test_the_published_gateway_answers_while_any_deployment_can(upstream, tmp_path, scripts):
    with serving(tmp_path, published(upstream, scripts), **VARIABLES) as gateway:
        client = client_of(gateway)
        for _ in range(15):
            assert whole(client, "gpt-4o") == ANSWER
            assert streamed(client, "gpt-4o") == ANSWER
        health = read(f"{gateway}/health")
        assert health["healthy_count"] == 1
        cooldowns = {endpoint["api_base"]: endpoint["cooldown"] for endpoint in health["unhealthy_endpoints"]}
        for script in set(scripts) - {"good"}:
            cooldown = next(cooldown for base, cooldown in cooldowns.items() if f"/as/{script}" in base)
            kind, seconds = {
                "rate-limited": ("RateLimit", 7),  # What the provider asked for.
                "hangs": ("Timeout", 60),
                "resets": ("InternalServer", 60),
                "status-500": ("InternalServer", 60),
            }[script]
            assert (cooldown["kind"], cooldown["seconds"]) == (kind, seconds)
            assert cooldown["seconds_left"] <= seconds


def test_a_stream_that_breaks_goes_on_elsewhere(upstream, tmp_path):
    text = published(upstream, ("rate-limited", "breaks-off", "resets", "good"))
    with serving(tmp_path, text, **VARIABLES) as gateway:
        client = client_of(gateway)
        answers = {streamed(client, "gpt-4o") for _ in range(10)}
    assert answers <= {ANSWER, f"half an {ANSWER}"}


WORDS = "one two three four five six seven eight"
EXCHANGES = 400
CLIENTS = 8


def chaotic(upstream):
    """Five deployments that fail at random: of a hundred attempts twenty-five."""
    deployment = {"model": "openai/chaos", "api_base": f"{upstream}/as/chaos/v1", "api_key": "sk-upstream"}
    return {
        "model_list": [
            {"model_name": "chat", "litellm_params": deployment, "model_info": {"id": f"deployment-{number}"}}
            for number in range(5)
        ],
        "router_settings": {"num_retries": 12, "cooldown_time": 0.05, "timeout": 0.4},
        "general_settings": {"master_key": KEY},
        "sluice": PATIENT | {
            "upstream": {"chunk_timeout_ms": 400, "attempts_max": 100},
            "cooldown": {"ramp_ms": 50},
        },
    }


def test_chaos_behind_the_gateway_shows_in_no_answer(upstream, tmp_path):
    with serving(tmp_path, json.dumps(chaotic(upstream))) as gateway:
        client = client_of(gateway)
        ask = lambda number: (whole if number % 2 else streamed)(client, "chat")
        with ThreadPoolExecutor(CLIENTS) as clients:
            answers = list(clients.map(ask, range(EXCHANGES)))
    wrong = {number: answer for number, answer in enumerate(answers) if answer != WORDS}
    assert wrong == {}
    injected = read(f"{upstream}/chaos")
    assert len(injected) >= 12, f"too few ways to fail were met: {injected}"
