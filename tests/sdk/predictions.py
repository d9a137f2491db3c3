"""Replicate before the mock: a prediction is asked of the mock as a chat, and its answer is a prediction's output."""

import json
import re

#: Who says what, where a conversation is written down as one text.
SPEAKERS = {"User": "user", "Assistant": "assistant"}


def chat(asked):
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
