"""What the mock lacks: protocols, whose requests are translated to one that it has and whose answers are translated back, and
parts of answers, which are completed.

A provider that is in none of the tables is asked, and answers, as it stands.
"""

import base64
import json
import re
import struct
import zlib

from conversing import CONVERSATIONS
from wire import watsonx

#: Who says what, where a conversation is written down as one text.
SPEAKERS = {"User": "user", "Assistant": "assistant"}


def chat(asked, _path):
    """The chat that a prediction's input stands for."""
    given = asked["input"]
    messages = [{"role": "system", "content": given["system_prompt"]}] if "system_prompt" in given else []
    turns = re.split(r"(?:^|\n\n)(User|Assistant):", given["prompt"])
    if len(turns) == 1:
        messages.append({"role": "user", "content": turns[0]})
    for speaker, text in zip(turns[1::2], turns[2::2]):
        # The last turn is the model's own, and still empty.
        if text.strip():
            messages.append({"role": SPEAKERS[speaker], "content": text.strip()})
    return {"model": "m", "messages": messages}


def prediction(status, answer):
    """A status and a prediction, or what went wrong (RFC 9457)."""
    answer = json.loads(answer)
    if status != 200:
        return status, {"title": "Error", "detail": answer["error"]["message"], "status": status}
    usage = answer["usage"]
    return 201, {
        "id": "gm3qorzdhgbfurvjtvhg6dckhu",
        "model": "meta/meta-llama-3-70b-instruct",
        "version": "dp-cf04fe09351e25db628e8b6181276547",
        "status": "succeeded",
        "input": {},
        "output": [answer["choices"][0]["message"]["content"]],
        "logs": "",
        "error": None,
        "metrics": {"input_token_count": usage["prompt_tokens"], "output_token_count": usage["completion_tokens"]},
        "created_at": "2026-11-20T14:13:43.416Z",
        "urls": {"get": "https://api.replicate.com/v1/predictions/gm3qorzdhgbfurvjtvhg6dckhu"},
    }


def messages(asked, path):
    """A request of Claude's as one of Anthropic's own API, where all of it stands in the body."""
    body = {name: value for name, value in asked.items() if name not in ("anthropic_version", "anthropic_beta")}
    if path.endswith("/invoke-with-response-stream"):
        body["stream"] = True
    return body | {"model": "claude-sonnet-4-5"}


def as_it_stands(asked, _path):
    return asked


def event_of_aws(kind, content_type, payload):
    """<https://smithy.io/2.0/aws/amazon-eventstream.html>"""
    headers = b""
    values = {":message-type": "event", ":event-type": kind, ":content-type": content_type}
    for name, value in values.items():
        headers += struct.pack("!B", len(name)) + name.encode() + b"\x07" + struct.pack("!H", len(value)) + value.encode()
    prelude = struct.pack("!II", 16 + len(headers) + len(payload), len(headers))
    message = prelude + struct.pack("!I", zlib.crc32(prelude)) + headers + payload
    return message + struct.pack("!I", zlib.crc32(message))


def payload_parts(pieces):
    """A model's own stream, as SageMaker hands it on."""
    for piece in pieces:
        yield event_of_aws("PayloadPart", "application/octet-stream", piece)


def chunks(pieces):
    """Anthropic's events, as Bedrock's InvokeModelWithResponseStream hands them on."""
    rest = b""
    for piece in pieces:
        *events, rest = (rest + piece).split(b"\n\n")
        for event in events:
            data = b"".join(line[len(b"data: ") :] for line in event.split(b"\n") if line.startswith(b"data: "))
            yield event_of_aws("chunk", "application/json", json.dumps({"bytes": base64.b64encode(data).decode()}).encode())


def scripted(asked):
    """What the conversation has the mock answer to this request."""
    said = json.dumps(asked, ensure_ascii=False)
    turns = next(conversation["turns"] for name, conversation in CONVERSATIONS.items() if f"[{name}]" in said)
    return turns[sum(message["role"] == "assistant" for message in asked["messages"])]["mock"]


def completed(pieces, provider, asked):
    """A whole answer, or a stream whose documents each stand on a line, with what the mock leaves out."""
    answer = scripted(asked)
    lines = b"".join(pieces).split(b"\n")
    yield b"\n".join(COMPLETED[provider](line, answer) for line in lines)


def document_of_each(complete):
    """Of a function of a document, one of a line: `data: ` may stand before the document."""

    def of_line(line, answer):
        before, brace, rest = line.partition(b"{")
        if before not in (b"", b"data: ") or not brace:
            return line
        document = json.loads(brace + rest)
        complete(document, answer)
        return before + json.dumps(document).encode()

    return of_line


def counted_unasked(chunk, answer):
    """The last chunk counts, unasked."""
    if "usage" in answer and chunk.get("object") == "chat.completion.chunk" and chunk["choices"][0]["finish_reason"]:
        chunk["usage"] = answer["usage"]


def of_cohere(document, answer):
    """The first block has the thoughts. The mock gives them as text."""
    if "reasoning" not in answer:
        return
    if "message" in document:
        document["message"]["content"][0] = {"type": "thinking", "thinking": answer["reasoning"]}
    elif document["type"] in ("content-start", "content-delta") and document["index"] == 0:
        message = document["delta"]["message"]
        message["content"] = {"type": "thinking", "thinking": message["content"].get("text", "")}


def of_ollama(line, answer):
    """Thoughts have another name, and the last line says why it is the last, and counts."""
    message = line.get("message", {})
    if "reasoning_content" in message:
        message["thinking"] = message.pop("reasoning_content")
    if line.get("done"):
        usage = answer.get("usage", {"prompt_tokens": 1, "completion_tokens": 1})
        line["done_reason"] = answer.get("finishReason", "stop")
        line["prompt_eval_count"], line["eval_count"] = usage["prompt_tokens"], usage["completion_tokens"]


#: What a line of the mock's answer becomes.
COMPLETED = {
    "cohere": document_of_each(of_cohere),
    "databricks": document_of_each(counted_unasked),
    "mistral": document_of_each(counted_unasked),
    "ollama": document_of_each(of_ollama),
    "watsonx": document_of_each(counted_unasked),
}

#: Where the mock is asked in place of the provider's path, and how the request reads there.
ASKED = {
    # The mock has InvokeModel, but leaves out what stands around the events of its streams.
    "bedrock_invoke": ("/v1/messages", messages),
    "foundry_claude": ("/v1/messages", as_it_stands),
    "replicate": ("/v1/chat/completions", chat),
    "huggingface": ("/v1/chat/completions", as_it_stands),
    "databricks": ("/v1/chat/completions", as_it_stands),
    "cloudflare": ("/v1/chat/completions", as_it_stands),
    "github_copilot": ("/v1/chat/completions", as_it_stands),
    "watsonx": ("/v1/chat/completions", lambda asked, path: watsonx.as_openai_has_it(path, asked)),
    "snowflake": ("/v1/chat/completions", as_it_stands),
    "sagemaker": ("/v1/chat/completions", as_it_stands),
    "vertex_claude": ("/v1/messages", messages),
}

#: What a whole answer becomes: a status and a body.
ANSWERED = {"replicate": prediction}

#: What the pieces of a stream become, and its type, by how the provider's path ends.
FRAMED = {
    "/invocations-response-stream": (payload_parts, "application/vnd.amazon.eventstream"),
    "/invoke-with-response-stream": (chunks, "application/vnd.amazon.eventstream"),
}
