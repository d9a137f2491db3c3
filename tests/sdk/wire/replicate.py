"""What the adapter `replicate` sends, and what its cases say that Replicate answers, against Replicate's package
`replicate`: the request is the one that its client would build, and a prediction must be one that its model reads.

Inputs are each model's own, so that only their place is checked.
"""

import re

from replicate.prediction import Prediction, _create_prediction_body, _create_prediction_headers

# Cases that hold on purpose what is not Replicate's.
NOT_THEIRS = {
    "sparse_prediction": "an answer of a server that imitates the API",
    "answer_that_is_no_prediction": "an answer of another API",
}

PATHS = (
    re.compile(r"(/v1)?/models/[\w.-]+/[\w.-]+/predictions"),
    re.compile(r"(/v1)?/deployments/[\w.-]+/[\w.-]+/predictions"),
)
VERSIONS = re.compile(r"(/v1)?/predictions")
# What the host reads of a prediction that its package's model needs.
NEEDED = {name for name, field in Prediction.__fields__.items() if field.required}


def problems(operation: str, path: str, body: dict) -> list[str]:
    """What is wrong with a request, one sentence a problem."""
    found = [] if operation == "chat-completions" else [f"`{operation}` is not served"]
    is_version = VERSIONS.fullmatch(path) is not None
    if not is_version and not any(pattern.fullmatch(path) for pattern in PATHS):
        found.append(f"`{path}` is no path of predictions")
    if is_version != ("version" in body):
        found.append("a version stands in the body where the path names no model, and only there")
    expected = _create_prediction_body(body.get("version"), body.get("input"))
    if body != expected:
        found.append(f"Replicate's client would send {expected!r}")
    if not isinstance(body.get("input"), dict):
        found.append("`input` is no object")
    return found


def answer_problems(operation: str, body: dict) -> list[str]:
    """What is wrong with a prediction, one sentence a problem."""
    found = [f"the prediction lacks `{name}`" for name in sorted(NEEDED - body.keys())]
    found += [f"a prediction has no field `{name}`" for name in body if name not in Prediction.__fields__]
    for name, field in Prediction.__fields__.items():
        if name in body and body[name] is not None:
            _, errors = field.validate(body[name], {}, loc=name)
            found += [f"`{name}`: {body[name]!r} is not of its kind"] if errors else []
    return found


def wait_header() -> dict:
    """The header by which Replicate's client asks to wait."""
    return _create_prediction_headers(wait=True)
