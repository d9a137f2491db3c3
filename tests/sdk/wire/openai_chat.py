"""What openai-compatible sends to OpenAI and Azure, and what its cases say that comes back, against the types of OpenAI's own
library."""

import pydantic
from openai.types import CreateEmbeddingResponse, Completion, chat, completion_create_params, embedding_create_params
from openai.types.chat import completion_create_params as chat_create_params

from typed import check

# Cases that send or answer what OpenAI's types do not have, on purpose.
NOT_THEIRS = {
    "drop-params-of-other-formats": "`top_k` is passed on, as an unknown parameter",
    "responses-answer-that-is-no-answer": "an answer that is none",
    "extra-body": "`extra_body` adds a field of the client's",
}

REQUESTS = {
    "chat-completions": ("/chat/completions", chat_create_params, "CompletionCreateParams"),
    "completions": ("/completions", completion_create_params, "CompletionCreateParams"),
    "embeddings": ("/embeddings", embedding_create_params, "EmbeddingCreateParams"),
}
ANSWERS = {
    "chat-completions": chat.ChatCompletion,
    "completions": Completion,
    "embeddings": CreateEmbeddingResponse,
}


def problems(operation: str, path: str, body: dict) -> list[str]:
    """What is wrong with a request, one sentence each."""
    if operation not in REQUESTS or is_of_the_responses_api(operation, body):
        return []
    end, module, name = REQUESTS[operation]
    if operation != "embeddings":
        name += "Streaming" if body.get("stream") is True else "NonStreaming"
    path = path.split("?")[0]
    found = [f"{path} does not end in {end}"] if path and not path.endswith(end) else []
    return found + check(getattr(module, name), body, "body")


def answer_problems(operation: str, body: dict) -> list[str]:
    """What is wrong with a whole answer of status 200, one sentence each."""
    if operation not in ANSWERS or is_of_the_responses_api(operation, body):
        return []
    try:
        pydantic.TypeAdapter(ANSWERS[operation]).validate_python(body)
    except pydantic.ValidationError as error:
        return [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
    return []


def is_of_the_responses_api(operation: str, body: dict) -> bool:
    """`openai_responses` checks these."""
    return operation == "chat-completions" and ("input" in body or "output" in body or body.get("object") == "response")
