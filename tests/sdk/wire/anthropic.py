"""What the plugin sends to Anthropic's Messages API, and what its cases say that comes back, against the types of Anthropic's
own client (PyPI `anthropic`)."""

import pydantic
from anthropic.types import beta

from typed import check

# Cases that send or answer what Anthropic's types do not have, on purpose.
NOT_THEIRS = {
    "answer_that_is_an_error": "an answer that is none",
    "answer_that_is_an_error_in_words": "an answer that is none",
    "answer_without_a_message": "an answer that is none",
    "deployment_allows_by_name": "sends `seed`, since the operator says that it is taken",
    "effort_is_a_word_on_newer_models": "sends a field of the client's in `output_config`",
    "extra_body": "`extra_body` adds fields of the client's",
    "server_tools_are_not_the_clients": "answers with less of citations than Anthropic does",
    "sparse_answer": "of a server that imitates the API",
    "sparse_answer_with_nulls": "of a server that imitates the API",
    "sparse_content_as_text": "of a server that imitates the API",
    "sparse_tool_call_without_name": "a broken call",
    "sparse_tool_calls": "of a server that imitates the API",
    "sparse_usage": "of a server that imitates the API",
    "stop_reason_something_new": "a reason that the API may add",
    "usage_counts_the_cache": "answers with less of `server_tool_use` than Anthropic does",
    "usage_sums_iterations": "answers with less of each iteration than Anthropic does",
}

# The newest models take none of these, so that the client's types have left them out; older models do
# (https://docs.claude.com/en/api/messages).
OLDER = {"temperature": (int, float), "top_p": (int, float), "top_k": int}


def problems(operation: str, path: str, body: dict) -> list[str]:
    """What is wrong with a request, one sentence each."""
    if operation != "chat-completions":
        return [f"Anthropic does not serve {operation}"]
    found = [] if path.split("?")[0].endswith("/messages") else [f"{path} is no path of Anthropic's"]
    found += [f"body.{name} is no number" for name, kind in OLDER.items() if not isinstance(body.get(name, 1), kind)]
    body = {name: value for name, value in body.items() if name not in OLDER}
    streaming = body.get("stream") is True
    # What is in beta has types of its own; they hold what is not as well.
    module = beta.message_create_params
    kind = module.MessageCreateParamsStreaming if streaming else module.MessageCreateParamsNonStreaming
    return found + check(kind, body, "body")


def answer_problems(operation: str, body: dict) -> list[str]:
    """What is wrong with a whole answer of status 200, one sentence each."""
    try:
        pydantic.TypeAdapter(beta.BetaMessage).validate_python(body)
    except pydantic.ValidationError as error:
        return [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
    return []
