"""Amazon Bedrock's own service model (PyPI `botocore`), against which the requests and answers of the plugin's cases are
checked: types, required and unknown members, and, beyond what botocore checks itself, unions, enumerations and patterns.
What InvokeModel takes is a document of each model's own, of which the model says nothing: there only the path is checked.
"""

import base64
import re
from urllib.parse import unquote

import botocore.session
from botocore.validate import ParamValidator

# Cases that send or answer what Bedrock's types do not know, on purpose.
NOT_THEIRS = {
    "answer_without_a_message": "an answer that is none",
    "embed_answer_without_vectors": "an answer that is none",
    "sparse_answer": "of something in between that leaves fields out",
    "sparse_tool_call_without_name": "a broken call",
    "stop_reason_something_new": "a reason that the API may add",
}

MODEL = botocore.session.get_session().get_service_model("bedrock-runtime")
OPERATIONS = {"converse": "Converse", "converse-stream": "ConverseStream", "invoke": "InvokeModel"}
PATH = re.compile(r"/model/([^/]+)/(converse|converse-stream|invoke)")


def problems(operation: str, path: str, body: dict) -> list[str]:
    """What is wrong with a request, one sentence each."""
    match = PATH.fullmatch(path)
    if not match:
        return [f"{path} is no path of Bedrock's"]
    name = OPERATIONS[match[2]]
    if (operation == "embeddings") != (name == "InvokeModel"):
        return [f"{operation} do not go to {name}"]
    shape = MODEL.operation_model(name).input_shape
    if "modelId" in body:
        return ["`modelId` belongs to the path"]
    parameters = {"modelId": unquote(match[1])} | ({} if name == "InvokeModel" else body)
    return mistakes(shape, parameters)


def answer_problems(operation: str, body: dict) -> list[str]:
    """What is wrong with a whole answer of status 200, one sentence each."""
    if operation == "embeddings":
        vectors = [body.get("embedding"), body.get("embeddingsByType"), body.get("embeddings")]
        return [] if any(vectors) else ["there are no vectors"]
    return mistakes(MODEL.operation_model("Converse").output_shape, body)


def mistakes(shape, value) -> list[str]:
    """Where the value is not of the shape."""
    found = []
    decoded = decode(shape, value, "body", found)
    report = ParamValidator().validate(decoded, shape)
    if report.has_errors():
        found += report.generate_report().splitlines()
    return found


def decode(shape, value, at: str, found: list[str]):
    """The value as botocore's callers give it, with bytes for base64. Checks on the way what botocore leaves to the service."""
    if shape.type_name == "structure" and isinstance(value, dict) and not shape.is_document_type:
        if shape.is_tagged_union and len(value) != 1:
            found.append(f"{at} is a union and has the members {sorted(value)}")
        return {
            name: decode(shape.members[name], member, f"{at}.{name}", found) if name in shape.members else member
            for name, member in value.items()
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [decode(shape.member, item, f"{at}[{index}]", found) for index, item in enumerate(value)]
    if shape.type_name == "map" and isinstance(value, dict):
        return {key: decode(shape.value, item, f"{at}.{key}", found) for key, item in value.items()}
    if shape.type_name == "blob" and isinstance(value, str):
        try:
            return base64.b64decode(value, validate=True)
        except ValueError as error:
            found.append(f"{at}: {error}")
    if shape.type_name == "string" and isinstance(value, str):
        found += words(shape, value, at)
    if shape.type_name in ("float", "double") and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


def words(shape, value: str, at: str) -> list[str]:
    """What enumerations and patterns say of a string."""
    if shape.enum and value not in shape.enum:
        return [f"{at} is {value!r}, which is none of {shape.enum}"]
    pattern = shape.metadata.get("pattern")
    # Patterns are of the whole string, and of Java, whose character classes Python takes but for its doubts.
    if pattern and not re.fullmatch(pattern.replace("-:.]", r"\-:.]"), value):
        return [f"{at} is {value!r}, which does not fit {pattern}"]
    return []
