"""What the plugin sends to SageMaker. An endpoint's body is a document of its model's own: of servers that speak OpenAI's API it
is checked against OpenAI's types, and of the others the path alone (PyPI `botocore` says which paths there are)."""

import re

import botocore.session

from wire import openai_chat

# Cases that send or answer what these types do not have, on purpose.
NOT_THEIRS = {
    "base_with_the_whole_path": "a base of the operator's has the rest of the path",
    "chat_extra_body": "`extra_body` adds a field of the client's",
    "chat_nova": "sends `top_k`, which Nova knows",
}

MODEL = botocore.session.get_session().get_service_model("sagemaker-runtime")
PATHS = [
    re.compile(MODEL.operation_model(name).http["requestUri"].replace("{EndpointName}", "[^/]+"))
    for name in ("InvokeEndpoint", "InvokeEndpointWithResponseStream")
]


def problems(operation: str, path: str, body: dict) -> list[str]:
    """What is wrong with a request, one sentence each."""
    if path and not any(known.fullmatch(path) for known in PATHS):
        return [f"{path} is no path of SageMaker's"]
    if operation != "chat-completions" or "messages" not in body:
        return []
    # Nova knows its model by the endpoint.
    return openai_chat.problems(operation, "", {"model": "m"} | body)


def answer_problems(operation: str, body: dict) -> list[str]:
    """What is wrong with a whole answer of status 200, one sentence each."""
    return openai_chat.answer_problems(operation, body) if body.get("object") == "chat.completion" else []
