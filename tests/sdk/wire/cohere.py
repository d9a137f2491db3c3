"""What the adapter `cohere` sends, and what its cases say that Cohere answers, against the types that Cohere publishes in
its package `cohere`.

Its models are built unchecked, so that the types are walked here: every field must be one of theirs, of their kind, and
every field that they need must be there. Words of theirs are `Union[Literal[…], Any]`; here the words are meant.
"""

import typing

import typing_extensions
from cohere.core.unchecked_base_model import UnionMetadata
from cohere.types.embed_floats_response import EmbedFloatsResponse
from cohere.types.embed_by_type_response import EmbedByTypeResponse
from cohere.v2.client import V2Client
from cohere.v2.types.v2chat_response import V2ChatResponse
from pydantic import BaseModel

# Cases that hold on purpose what is not Cohere's.
NOT_THEIRS = {
    "unknown_parameters_are_passed_on": "a parameter that Cohere may add",
    "unknown_parts_are_passed_on": "a kind of part that Cohere may add",
    "deployment_allows_by_name": "the operator says that Cohere takes it",
    "unknown_fields_of_tools_are_passed_on": "fields that Cohere may add",
    "answer_with_citations": "an address of a source, which LiteLLM reads",
    "extra_body": "a parameter beside the published ones",
    "embed_unknown_parameters_are_passed_on": "a parameter that Cohere may add",
    "sparse_answer": "an answer of a server that imitates the API",
    "sparse_answer_with_nulls": "an answer of a server that imitates the API",
    "sparse_tool_calls": "an answer of a server that imitates the API",
    "answer_that_is_an_error": "an error in place of an answer",
    "answer_without_a_message": "an answer of another API",
    "finish_reason_error_toxic": "a word of the older API",
    "finish_reason_error_limit": "a word of the older API",
    "finish_reason_something_new": "a word that Cohere may add",
    "embed_answer_without_embeddings": "an answer of another API",
    "embed_answer_that_is_an_error": "an error in place of an answer",
}

SCALARS = {str: str, int: int, float: (int, float), bool: bool}
# The package's client chooses the method by it, so that it is no parameter there.
BESIDE_PARAMETERS = {"stream": bool}


def problems(operation: str, path: str, body: dict) -> list[str]:
    """What is wrong with a request, one sentence a problem."""
    is_chat = operation == "chat-completions"
    method, segment = (V2Client.chat, "/chat") if is_chat else (V2Client.embed, "/embed")
    found = [] if path.endswith(segment) else [f"`{path}` is no path of `{operation}`"]
    parameters = typing_extensions.get_type_hints(method, include_extras=True)
    parameters = {name: hint for name, hint in parameters.items() if name not in ("return", "request_options")}
    if is_chat:
        parameters |= BESIDE_PARAMETERS
    needed = {name for name, hint in parameters.items() if not is_optional(hint) and name not in BESIDE_PARAMETERS}
    return found + fields(parameters, needed, body, "the request")


def answer_problems(operation: str, body: dict) -> list[str]:
    """What is wrong with a whole answer of status 200, one sentence a problem."""
    if operation == "chat-completions":
        return check(V2ChatResponse, body, "the answer")
    is_by_type = isinstance(body.get("embeddings"), dict)
    return check(EmbedByTypeResponse if is_by_type else EmbedFloatsResponse, body, "the answer")


def fields(types: dict, needed: set, value: dict, path: str) -> list[str]:
    """Problems of an object's fields."""
    found = [f"{path} lacks `{name}`" for name in sorted(needed - value.keys())]
    for name, inside in value.items():
        if name in types:
            found += check(types[name], inside, f"{path}: {name}")
        else:
            found.append(f"{path} has no field `{name}`")
    return found


def check(annotation, value, path: str) -> list[str]:
    """Problems of a value where this type is expected."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        discriminants = [it.discriminant for it in arguments[1:] if isinstance(it, UnionMetadata)]
        return union(arguments[0], value, path, discriminants) if discriminants else check(arguments[0], value, path)
    if origin is typing.Union:
        return union(annotation, value, path, [])
    if origin is typing.Literal:
        return [] if value in arguments else [f"{path}: {value!r} is none of {arguments}"]
    if annotation is typing.Any:
        return []
    if annotation is type(None):
        return [] if value is None else [f"{path}: {value!r} is not null"]
    if annotation in SCALARS:
        is_bool = isinstance(value, bool) and annotation is not bool
        is_of = isinstance(value, SCALARS[annotation]) and not is_bool
        return [] if is_of else [f"{path}: {value!r} is no {annotation.__name__}"]
    if origin is dict:
        return [] if isinstance(value, dict) else [f"{path}: {value!r} is no object"]
    if origin is not None:
        if not isinstance(value, list):
            return [f"{path}: {value!r} is no list"]
        return [it for index, item in enumerate(value) for it in check(arguments[0], item, f"{path}[{index}]")]
    return model(annotation, value, path)


def model(annotation, value, path: str) -> list[str]:
    """Problems of an object where this model is expected."""
    assert issubclass(annotation, BaseModel), annotation
    if not isinstance(value, dict):
        return [f"{path}: {value!r} is no object"]
    hints = typing_extensions.get_type_hints(annotation, include_extras=True)
    types, needed = {}, set()
    for name, field in annotation.model_fields.items():
        types[field.alias or name] = hints[name]
        if field.is_required():
            needed.add(field.alias or name)
    return fields(types, needed, value, path)


def union(annotation, value, path: str, discriminants: list[str]) -> list[str]:
    """Problems of a value where one of several types is expected: none, or those of the one that fits best."""
    variants = typing.get_args(annotation)
    if any(typing.get_origin(variant) is typing.Literal for variant in variants):
        variants = [variant for variant in variants if variant is not typing.Any]
    if value is not None:
        variants = [variant for variant in variants if variant is not type(None)]
    for discriminant in discriminants:
        word = value.get(discriminant) if isinstance(value, dict) else None
        named = [it for it in variants if word in typing.get_args(typing_extensions.get_type_hints(it)[discriminant])]
        if not named:
            return [f"{path}: {discriminant} {word!r} is unknown"]
        variants = named
    return min((check(variant, value, path) for variant in variants), key=len)


def is_optional(annotation) -> bool:
    """Whether it may be left out: those that may are `Optional`."""
    return type(None) in typing.get_args(annotation)
