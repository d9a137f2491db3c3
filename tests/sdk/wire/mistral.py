"""What openai-compatible sends to Mistral, and what its cases say that comes back, against the types of Mistral's own client
(PyPI `mistralai`)."""

import pydantic
from mistralai.client import models

# Cases that send or answer what Mistral's types do not have, on purpose.
NOT_THEIRS = {
    "embeddings-of-mistral-are-shortened": "an answer without an id",
    "mistral-answer-that-is-an-error": "an answer that is none",
    "mistral-answers-nothing": "an answer without a choice, and without the rest",
}

TYPES = {
    "chat-completions": ("/chat/completions", models.ChatCompletionRequest, models.ChatCompletionResponse),
    "embeddings": ("/embeddings", models.EmbeddingRequest, models.EmbeddingResponse),
}


def problems(operation: str, path: str, body: dict) -> list[str]:
    """What is wrong with a request, one sentence each."""
    if operation not in TYPES:
        return []
    end, kind, _ = TYPES[operation]
    return ([f"{path} does not end in {end}"] if path and not path.endswith(end) else []) + mistakes(kind, body)


def answer_problems(operation: str, body: dict) -> list[str]:
    """What is wrong with a whole answer of status 200, one sentence each."""
    return mistakes(TYPES[operation][2], body) if operation in TYPES else []


def mistakes(kind: type[pydantic.BaseModel], value: dict) -> list[str]:
    try:
        read = kind.model_validate(value)
    except pydantic.ValidationError as error:
        return [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
    return lost(value, read.model_dump(mode="json", by_alias=True, exclude_unset=True), "body")


def lost(given, read, at: str) -> list[str]:
    """Fields that the types do not have: reading passes over them."""
    if isinstance(given, dict) and isinstance(read, dict):
        found = [f"{at}.{name} is unknown" for name in given if name not in read]
        return found + [one for name in given if name in read for one in lost(given[name], read[name], f"{at}.{name}")]
    if isinstance(given, list) and isinstance(read, list):
        return [one for index, pair in enumerate(zip(given, read)) for one in lost(*pair, f"{at}[{index}]")]
    return []
