"""A conversation with tools that fails over between five kinds of providers, from one turn to the next.

The deployments are those of the published `gateway.yaml` (two of Azure, OpenAI, Anthropic), with Gemini and Bedrock beside
them. In each turn all kinds but one are out of order, and it is another one each time.
"""

import json

import pytest

import conftest
import conversing
import providers
import strict
from conversing import CONVERSATIONS, ask, compare, journal, message_of, reached, texts_of

KINDS = ["azure", "openai", "anthropic", "gemini", "bedrock"]


@pytest.fixture(scope="module")
def mock(tmp_path_factory):
    with conversing.mock(tmp_path_factory.mktemp("mock")) as base:
        yield base


@pytest.fixture(scope="module")
def client(mock, tmp_path_factory):
    """A gateway with a group for each kind, in which all deployments are there and that kind's alone works."""
    # Nobody listens there.
    nowhere = f"http://127.0.0.1:{conftest.free_port()}"
    with strict.before(mock) as upstream:
        groups = []
        for good in KINDS:
            for order, kind in enumerate([kind for kind in KINDS if kind != good] + [good], start=1):
                params = providers.deployments(upstream if kind == good else nowhere, nowhere)[kind]
                groups.append({"model_name": good, "litellm_params": params | {"order": order, "weight": 1}})
        config = {
            "model_list": groups,
            "router_settings": {"num_retries": 6, "routing_strategy": "priority"},
            "general_settings": {"master_key": conftest.KEY},
            "sluice": {"retry_waits_ms": [1]},
        }
        with conftest.serving(tmp_path_factory.mktemp("failover"), json.dumps(config)) as base:
            yield conftest.client_of(base)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("start", range(len(KINDS)), ids=KINDS)
def test_a_conversation_goes_on_at_another_kind_of_provider(client, mock, start, stream):
    script = CONVERSATIONS["tools"]
    history = []
    calls = []
    for index, turn in enumerate(script["turns"]):
        kind = KINDS[(start + index) % len(KINDS)]
        history += [message_of(message, calls) for message in turn["messages"]]
        answer = ask(client, kind, history, script["parameters"], stream)
        compare(answer, turn["answer"])
        seen = journal(mock)
        for text in texts_of(history):
            assert reached(text, seen), f"{text!r} did not reach {kind}: {seen}"
        history.append(answer["message"])
        calls = answer["message"].get("tool_calls", calls)
