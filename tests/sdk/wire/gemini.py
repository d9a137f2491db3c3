"""What the adapter `gemini` sends, and what its cases say that Google answers, against the types that Google publishes in
its package `google-genai`.

The package's models refuse fields that they do not know, and take the API's own names. Its parameters, though, are flat
where the API nests them, so that the request is taken apart here: contents, tools and the like are checked against the
types of the same name, and the fields of Vertex AI alone against the place.
"""

from google.genai import types
from pydantic import TypeAdapter, ValidationError

# Cases that hold on purpose what is not Google's.
NOT_THEIRS = {
    "unknown_fields_are_passed_on": "a field that Google may add",
    "deployment_allows_by_name": "the operator says that Google takes it",
    "finish_something_new": "a word that Google may add",
    "service_tier_flex": "the tier that served, which the package has for live sessions only",
    "answer_that_is_an_error": "an error in place of an answer",
    "embeddings_without_vectors": "an answer of another API",
}

# Fields of `generationConfig` that the package has among its parameters only.
GENERATION_BESIDE = {"imageConfig": types.ImageConfig}

# What a request holds beside `contents`, and of what type.
REQUEST = {
    "contents": list[types.Content],
    "systemInstruction": types.Content,
    "tools": list[types.Tool],
    "toolConfig": types.ToolConfig,
    "safetySettings": list[types.SafetySetting],
    "generationConfig": types.GenerationConfig,
    "cachedContent": str,
    "serviceTier": types.ServiceTier,
}
VERTEX_ONLY = {"labels": dict[str, str]}

# `EmbedContentRequest` of AI Studio (https://ai.google.dev/api/embeddings), and what `predict` takes on Vertex AI: the
# package has these as parameters, not as types.
EMBED = {
    "model": str,
    "content": types.Content,
    "taskType": str,
    "title": str,
    "outputDimensionality": int,
    "autoTruncate": bool,
}
INSTANCE = {"content": str, "task_type": str, "title": str}
PARAMETERS = {"autoTruncate": bool, "outputDimensionality": int}


def problems(operation: str, path: str, body: dict) -> list[str]:
    """What is wrong with a request, one sentence a problem."""
    method = path.split("?")[0].rpartition(":")[2]
    is_vertex = "/publishers/google/" in path or "/endpoints/" in path
    if operation == "embeddings":
        return embedding_problems(method, body)
    wanted = {"generateContent": path, "streamGenerateContent": path.partition("?")[0] + "?alt=sse"}
    found = [] if wanted.get(method) == path else [f"`{path}` is no path of `{operation}`"]
    if not body.get("contents"):
        found.append("the request has no `contents`")
    body = body | {"generationConfig": dict(body.get("generationConfig", {}))}
    for name, kind in GENERATION_BESIDE.items():
        if name in body["generationConfig"]:
            found += check(kind, body["generationConfig"].pop(name), f"generationConfig.{name}")
    found += fields(REQUEST | (VERTEX_ONLY if is_vertex else {}), body, "")
    return found + conversation_problems(body.get("contents", []))


def conversation_problems(contents: list) -> list[str]:
    """What the types do not say: who may have a turn, and that each part is of one kind."""
    found = []
    kinds = {"text", "inlineData", "fileData", "functionCall", "functionResponse", "toolCall", "toolResponse"}
    for number, content in enumerate(contents):
        if content.get("role") not in ("user", "model"):
            found.append(f"contents[{number}] has the role `{content.get('role')}`")
        if not content.get("parts"):
            found.append(f"contents[{number}] has no part")
        for part in content.get("parts", []):
            if len(kinds & part.keys()) != 1:
                found.append(f"contents[{number}] has a part that is not of one kind: {sorted(part)}")
            if part.get("text") == "":
                found.append(f"contents[{number}] has an empty text")
    return found


def embedding_problems(method: str, body: dict) -> list[str]:
    """What is wrong with a request for embeddings."""
    if method == "batchEmbedContents":
        requests = body.get("requests", [])
        found = fields({"requests": list}, body, "") + ([] if requests else ["there are no `requests`"])
        for number, request in enumerate(requests):
            found += fields(EMBED, request, f"requests[{number}].")
            found += [f"requests[{number}] lacks `{name}`" for name in ("model", "content") if name not in request]
        return found
    if method == "embedContent":
        return fields({name: kind for name, kind in EMBED.items() if name != "model"}, body, "")
    if method == "predict":
        found = fields({"instances": list, "parameters": dict}, body, "")
        for number, instance in enumerate(body.get("instances", [])):
            found += fields(INSTANCE, instance, f"instances[{number}].")
        return found + fields(PARAMETERS, body.get("parameters", {}), "parameters.")
    return [f"`{method}` is no method of embeddings"]


def answer_problems(operation: str, body: dict) -> list[str]:
    """What is wrong with a whole answer of status 200, one sentence a problem."""
    if operation == "chat-completions":
        return check(types.GenerateContentResponse, body, "the answer")
    if "predictions" in body:
        vectors = [prediction.get("embeddings") for prediction in body["predictions"]]
        return check(list[types.ContentEmbedding], [in_camel_case(vector) for vector in vectors], "predictions")
    # `batchEmbedContents` answers a list, `embedContent` one; what was counted stands beside them, and in no type.
    vectors = body.get("embeddings", [body.get("embedding")])
    return check(list[types.ContentEmbedding], vectors, "embeddings")


def in_camel_case(vector: dict) -> dict:
    """`statistics` of `predict`, as the package reads it."""
    statistics = vector.get("statistics", {})
    renamed = {"tokenCount": statistics.get("token_count"), "truncated": statistics.get("truncated")}
    return vector | {"statistics": renamed}


def fields(known: dict, value: dict, at: str) -> list[str]:
    """Problems of an object's fields."""
    found = []
    for name, inside in value.items():
        if name in known:
            found += check(known[name], inside, at + name)
        else:
            found.append(f"there is no field `{at}{name}`")
    return found


def check(kind, value, at: str) -> list[str]:
    """Problems of a value where this type is expected."""
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        return [
            f"{at}{''.join(f'.{step}' for step in mistake['loc'])}: {mistake['msg']}" for mistake in error.errors()
        ]
    return []
