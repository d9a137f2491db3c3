"""Errors become the SDK's own exceptions."""

import openai
import pytest

from conftest import KEY

QUESTION = [{"role": "user", "content": "Who answers?"}]

EXPECTED = [
    (400, openai.BadRequestError),
    (401, openai.AuthenticationError),
    (403, openai.PermissionDeniedError),
    (404, openai.NotFoundError),
    (429, openai.RateLimitError),
    (500, openai.InternalServerError),
    (503, openai.InternalServerError),
]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(("status", "exception"), EXPECTED, ids=[str(status) for status, _ in EXPECTED])
def test_an_upstreams_refusal_is_typed(client, dialect, status, exception, stream):
    with pytest.raises(exception) as raised:
        client.chat.completions.create(model=f"{dialect}-status-{status}", messages=QUESTION, stream=stream)
    assert f"refused with {status} on command" in raised.value.message
    assert raised.value.request_id


def test_a_rate_limit_says_when_to_come_back(client, dialect):
    with pytest.raises(openai.RateLimitError) as raised:
        client.chat.completions.create(model=f"{dialect}-rate-limited", messages=QUESTION)
    assert raised.value.response.headers["retry-after"] == "7"


def test_an_unknown_model_is_a_bad_request_that_names_a_near_one(client):
    with pytest.raises(openai.BadRequestError) as raised:
        client.chat.completions.create(model="opena1-good", messages=QUESTION)
    assert "openai-good" in raised.value.message
    assert raised.value.param == "model"
    assert raised.value.code == "400"


def test_a_wrong_key_is_an_authentication_error(client):
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="sk-wrong").chat.completions.create(model="demo", messages=QUESTION)


def test_a_guardrails_block_is_a_bad_request(client):
    question = [{"role": "user", "content": "say forbidden-word"}]
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model="openai-good", messages=question)


def test_an_operation_that_the_provider_lacks_is_a_bad_request(client):
    with pytest.raises(openai.BadRequestError):
        client.embeddings.create(model="anthropic-good", input="a")


def test_no_error_shows_a_key(client):
    with pytest.raises(openai.AuthenticationError) as raised:
        client.chat.completions.create(model="openai-status-401", messages=QUESTION)
    text = raised.value.response.text + str(raised.value.response.headers)
    assert "sk-upstream" not in text and KEY not in text
