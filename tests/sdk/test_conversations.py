"""Conversations from one set of files, through every adapter, whole and streamed, with OpenAI's own SDK.

The upstream is aimock, which speaks each provider's API and gives each request back as it understood it, so that what an
adapter sent is read by somebody else's code. Before it stands what refuses a request that is not of the provider's own
types (`strict.py`). `conversations/*.json` hold what is said, what the mock answers, what the
client must get, and who cannot do it (`except`). `plugins/README.md` has the table of them.
"""

import json

import openai
import pytest

import conftest
import conversing
import providers
import strict
from conversing import CONVERSATIONS, ask, compare, journal, message_of, reached, texts_of


@pytest.fixture(scope="module")
def mock(tmp_path_factory):
    """The mock's base URL."""
    with conversing.mock(tmp_path_factory.mktemp("mock")) as base:
        yield base


@pytest.fixture(scope="module")
def client(mock, tmp_path_factory):
    with providers.token_service() as tokens, strict.before(mock) as upstream:
        deployments = providers.deployments(upstream, tokens)
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
    skipped = script.get("except", {})
    if reason := skipped.get(provider) or (stream and skipped.get(f"{provider} streamed")):
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
            assert reached(text, seen), f"{text!r} did not reach the provider: {seen}"
        history.append(answer["message"])
        calls = answer["message"].get("tool_calls", [])
