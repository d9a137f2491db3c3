"""Protocols that the mock lacks: how a request is translated to one that it has, and how its answer is translated back.

A provider that is in none of the tables is asked as it stands.
"""

import base64
import json
import re
import struct
import zlib

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


#: Where the mock is asked in place of the provider's path, and how the request reads there.
ASKED = {
    # The mock has InvokeModel, but leaves out what stands around the events of its streams.
    "bedrock_invoke": ("/v1/messages", messages),
    "foundry_claude": ("/v1/messages", as_it_stands),
    "replicate": ("/v1/chat/completions", chat),
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
