"""The table of parts names every field of the SDK's types, so that it was decided of each whether it holds text.

`parts.json` is the table as the gateway has it; the gateway's tests keep it up to date.
"""

import copy
import json
import typing
from pathlib import Path

import openai.types as types
import openai.types.audio as audio
import openai.types.chat as chat
import pytest
import typing_extensions
from openai.types.chat import chat_completion, chat_completion_chunk
from openai.types.chat.completion_create_params import CompletionCreateParams as ChatParams

TABLE = json.loads(Path(__file__).with_name("parts.json").read_text())
# The fields of a form are those of a request; its file is beside them.
TABLE["form"] = TABLE["request"] | {"file": "upload"}


def variants(annotation):
    """What stands in a union, without wrappers such as `Required` and `Annotated`."""
    origin = typing.get_origin(annotation)
    arguments = typing.get_args(annotation)
    if origin in (typing.Annotated, typing_extensions.Required, typing_extensions.NotRequired):
        return variants(arguments[0])
    if origin is typing.Union or type(annotation).__name__ == "UnionType":
        return [variant for argument in arguments for variant in variants(argument)]
    return [annotation]


def fields(variant):
    """Names and types of a model's or a typed dictionary's fields; none of anything else."""
    if hasattr(variant, "model_fields"):
        return {name: field.annotation for name, field in variant.model_fields.items()}
    if typing_extensions.is_typeddict(variant):
        return typing_extensions.get_type_hints(variant, include_extras=True)
    return {}


def elements(variant):
    """The types of a list's elements."""
    return typing.get_args(variant) if typing.get_origin(variant) is not dict else ()


def forgotten(annotation, table, path):
    """Paths that the SDK's type has and the table has not."""
    found = []
    for variant in variants(annotation):
        if isinstance(table, dict):
            for name, inside in fields(variant).items():
                if name in table:
                    found += forgotten(inside, table[name], f"{path}.{name}")
                else:
                    found.append(f"{path}.{name}")
        elif isinstance(table, list):
            for element in elements(variant):
                found += forgotten(element, table[0], f"{path}[]")
        elif table == "content":
            for element in elements(variant):
                found += forgotten(element, TABLE["part"], f"{path}[]")
    return found


@pytest.mark.parametrize(
    "annotation, table",
    [
        (ChatParams, "request"),
        (types.CompletionCreateParams, "request"),
        (types.EmbeddingCreateParams, "request"),
        (audio.SpeechCreateParams, "request"),
        (audio.TranscriptionCreateParams, "form"),
        (audio.TranslationCreateParams, "form"),
        (chat.ChatCompletionMessageParam, "message"),
        (chat.ChatCompletionMessage, "message"),
        (chat_completion_chunk.ChoiceDelta, "message"),
        (chat_completion.Choice, "choice"),
        (chat_completion_chunk.Choice, "choice"),
        (types.CompletionChoice, "choice"),
        (chat.ChatCompletion, "answer"),
        (chat.ChatCompletionChunk, "answer"),
        (types.Completion, "answer"),
        (types.CreateEmbeddingResponse, "answer"),
        (audio.Transcription, "answer"),
        (audio.TranscriptionVerbose, "answer"),
        (audio.TranscriptionDiarized, "answer"),
    ],
)
def test_every_field_of_the_sdk_is_in_the_table(annotation, table):
    assert forgotten(annotation, TABLE[table], table) == []


@pytest.mark.parametrize(
    "annotation, path",
    [
        (chat.ChatCompletionMessage, ["message", "refusal"]),
        (chat.ChatCompletionMessageParam, ["message", "tool_calls", 0, "function", "arguments"]),
        (chat.ChatCompletionMessageParam, ["part", "image_url"]),
        (ChatParams, ["request", "prediction"]),
    ],
)
def test_a_field_that_is_not_in_the_table_is_found(annotation, path, monkeypatch):
    without = copy.deepcopy(TABLE)
    place = without
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    monkeypatch.setitem(globals(), "TABLE", without)
    table = "request" if annotation is ChatParams else "message"
    found = forgotten(annotation, without[table], table)
    assert found and all(missing.endswith(f".{path[-1]}") for missing in found), found
