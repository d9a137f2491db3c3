"""Streamed answers."""

import openai
import pytest

QUESTION = [{"role": "user", "content": "Who answers?"}]


def text_of(chunks):
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def test_a_chat_is_streamed(client, dialect):
    chunks = list(client.chat.completions.create(model=f"{dialect}-good", messages=QUESTION, stream=True))
    assert text_of(chunks) == "Grüße from the upstream"
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert len({chunk.id for chunk in chunks}) == 1
    assert {chunk.model for chunk in chunks} == {f"{dialect}-good"}
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}


def test_a_client_that_asks_for_usage_gets_it(client, dialect):
    chunks = list(
        client.chat.completions.create(
            model=f"{dialect}-good", messages=QUESTION, stream=True, stream_options={"include_usage": True}
        )
    )
    assert chunks[-1].choices == []
    assert chunks[-1].usage.total_tokens == 18
    assert text_of(chunks) == "Grüße from the upstream"


def test_a_client_that_does_not_ask_gets_none(client, dialect):
    chunks = list(client.chat.completions.create(model=f"{dialect}-good", messages=QUESTION, stream=True))
    assert all(chunk.choices for chunk in chunks)


def test_the_demo_group_streams_without_an_upstream(client):
    chunks = list(client.chat.completions.create(model="demo", messages=QUESTION, stream=True))
    assert text_of(chunks) == "Hello from Sluice"


def test_a_stream_that_breaks_off_is_an_error(client, dialect):
    stream = client.chat.completions.create(model=f"{dialect}-breaks-off", messages=QUESTION, stream=True)
    seen = []
    with pytest.raises(openai.APIError) as raised:
        for chunk in stream:
            seen.append(chunk)
    assert not isinstance(raised.value, openai.APITimeoutError), "the gateway says so, rather than the clock"
    assert text_of(seen) == "half an "
