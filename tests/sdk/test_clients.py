"""The SDK's other faces: async, Azure, raw responses; and what the four kinds of plugin did meanwhile."""

import asyncio
import json
import time
import urllib.request

import openai

from conftest import KEY

QUESTION = [{"role": "user", "content": "Who answers?"}]
WORDS = "Grüße from the upstream"


def test_many_async_exchanges_at_once(gateway, dialect):
    async def ask(client):
        answer = await client.chat.completions.create(model=f"{dialect}-good", messages=QUESTION)
        return answer.choices[0].message.content

    async def stream(client):
        text = ""
        async for chunk in await client.chat.completions.create(
            model=f"{dialect}-good", messages=QUESTION, stream=True
        ):
            text += chunk.choices[0].delta.content or ""
        return text

    async def run():
        async with openai.AsyncOpenAI(base_url=f"{gateway}/v1", api_key=KEY, max_retries=0) as client:
            return await asyncio.gather(*(ask(client) for _ in range(10)), *(stream(client) for _ in range(10)))

    assert asyncio.run(run()) == [WORDS] * 20


def azure(gateway):
    return openai.AzureOpenAI(azure_endpoint=gateway, api_key=KEY, api_version="2024-10-21", max_retries=0)


def test_the_azure_client_names_the_group_in_its_path(gateway, dialect):
    answer = azure(gateway).chat.completions.create(model=f"{dialect}-good", messages=QUESTION)
    assert answer.choices[0].message.content == WORDS


def test_the_azure_client_streams(gateway, dialect):
    chunks = azure(gateway).chat.completions.create(model=f"{dialect}-good", messages=QUESTION, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == WORDS


def test_the_azure_client_embeds(gateway):
    answer = azure(gateway).embeddings.create(model="azure-good", input="a", encoding_format="float")
    assert answer.data[0].embedding == [0.25, -0.5]


def test_a_base_url_without_v1_works(gateway):
    client = openai.OpenAI(base_url=gateway, api_key=KEY, max_retries=0)
    assert client.chat.completions.create(model="demo", messages=QUESTION).choices[0].message.content


def test_raw_responses_show_the_gateways_headers(client, dialect):
    raw = client.chat.completions.with_raw_response.create(model=f"{dialect}-good", messages=QUESTION)
    headers = raw.headers
    assert headers["x-request-id"]
    assert headers["x-litellm-call-id"]
    assert headers["x-litellm-model-id"]
    assert headers["x-litellm-model-group"] == f"{dialect}-good"
    assert headers["x-litellm-attempted-retries"] == "0"
    assert headers["x-litellm-attempted-fallbacks"] == "0"
    assert "sk-upstream" not in str(headers)
    assert raw.parse().choices[0].message.content == WORDS


def test_each_of_the_four_kinds_of_plugin_took_part(client, gateway, upstream):
    raw = client.chat.completions.with_raw_response.create(
        model="anthropic-good", messages=QUESTION, user="the-four-kinds"
    )
    call_id = raw.headers["x-litellm-call-id"]
    assert "words" in raw.headers["x-litellm-applied-guardrails"]
    calls = {plugin["name"]: plugin["calls"] for plugin in plugins(gateway)}
    for name in ["simple-shuffle", "anthropic", "content-filter"]:
        assert calls[name] > 0, name
    record = delivered(upstream, call_id)
    assert record["status"] == "success"
    assert record["model_group"] == "anthropic-good"
    assert record["total_tokens"] == 18


def plugins(gateway):
    request = urllib.request.Request(f"{gateway}/plugins", headers={"authorization": f"Bearer {KEY}"})
    return json.load(urllib.request.urlopen(request))["plugins"]


def delivered(upstream, call_id):
    """The record of this exchange, once the webhook has posted it."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for record in json.load(urllib.request.urlopen(f"{upstream}/records")):
            if record.get("litellm_call_id") == call_id:
                return record
        time.sleep(0.05)  # Between two looks; nothing is concluded from it.
    raise AssertionError(f"no record of exchange {call_id} has been delivered")
