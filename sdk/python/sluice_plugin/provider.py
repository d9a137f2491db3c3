"""What a provider adapter says: its providers, what to send, and what went wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self

Fault = Literal[
    "bad-request", "context-window-exceeded", "content-filtered", "authentication", "permission-denied", "not-found",
    "rate-limited", "quota-exhausted", "overloaded", "timeout", "upstream-error", "malformed-answer", "unsupported",
]  # fmt: skip
#: `relay`: the answer is in the canonical form already. `whole`: give me the body. The others: give me the events as they
#: come, in this framing.
Reading = Literal["relay", "whole", "server-sent-events", "json-lines", "aws-event-stream"]


@dataclass(frozen=True, slots=True)
class Auth:
    """How the host proves who we are. `parameter` names a configuration parameter, never its value."""

    kind: str
    values: tuple[str, ...] = ()

    @classmethod
    def none(cls) -> Self:
        return cls("none")

    @classmethod
    def bearer(cls, parameter: str) -> Self:
        """`Authorization: Bearer <parameter>`."""
        return cls("bearer", (parameter,))

    @classmethod
    def header(cls, name: str, parameter: str) -> Self:
        return cls("header", (name, parameter))

    @classmethod
    def query(cls, name: str, parameter: str) -> Self:
        return cls("query", (name, parameter))

    @classmethod
    def aws_sigv4(cls, service: str) -> Self:
        """AWS Signature Version 4 for this service name."""
        return cls("aws-sigv4", (service,))

    @classmethod
    def google_oauth(cls, scope: str) -> Self:
        return cls("google-oauth", (scope,))

    @classmethod
    def other(cls, scheme: str, details: str) -> Self:
        return cls("other", (scheme, details))


@dataclass(frozen=True, slots=True)
class ProviderInfo:
    #: Prefix in `model: prefix/name`.
    name: str
    #: Where it lives unless the deployment's `api_base` says otherwise; `{parameter}` is filled in.
    api_base: str
    auth: Auth
    #: Environment variable by parameter, read when the configuration leaves the parameter out.
    environment: Mapping[str, str] = field(default_factory=dict)
    operations: Sequence[str] = ("chat-completions",)
    #: How the models go on with an answer that broke off.
    continuation: Literal["none", "instructed"] = "none"
    credential_is_optional: bool = False
    extras: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    #: The prefix, one of those that `providers` named.
    provider: str
    #: Model name without its prefix.
    model: str


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The canonical request, untouched. Use `UNCHANGED`."""


UNCHANGED = Unchanged()


@dataclass(frozen=True, slots=True)
class MergePatch:
    """The canonical request after this JSON Merge Patch (RFC 7396); the body never enters the component."""

    patch: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Upload:
    """Of a form: the content of the file of this field by itself."""

    field: str


@dataclass(frozen=True, slots=True)
class UpstreamRequest:
    #: Joined to the deployment's base; begins with `/`.
    path_and_query: str
    #: `None` sends none; a mapping is sent as JSON.
    body: Mapping[str, Any] | bytes | Unchanged | MergePatch | Upload | None
    reading: Reading = "whole"
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Replaces the provider's auth for this attempt.
    auth: Auth | None = None
    extras: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a streamed answer."""

    #: The `event` field, or the type of an AWS event; empty when the stream names none.
    name: str
    data: bytes

    def json(self) -> Any:
        """The data as JSON. Raises `Failure` with `malformed-answer` where it is none."""
        return parse(self.data)


@dataclass(eq=False)
class Failure(Exception):
    """The attempt failed. Raise it from `open`, `whole`, `events` and `finish`; return it from `refuse`."""

    fault: Fault
    #: Sentence for the client.
    message: str
    #: The provider's own error code.
    code: str | None = None
    #: The request parameter at fault.
    parameter: str | None = None
    #: How long the provider asks to be left alone. The host reads `Retry-After` itself.
    retry_after_ms: int | None = None

    def __str__(self) -> str:
        return f"{self.fault}: {self.message}"

    @classmethod
    def malformed(cls, what: object) -> Self:
        """An answer that does not follow the provider's wire format."""
        return cls("malformed-answer", f"the provider's answer cannot be read: {what}")

    @classmethod
    def of_status(cls, status: int, message: str | None = None, code: str | None = None) -> Self:
        """The fault that a status stands for, where the provider's error says no more."""
        fault = _FAULTS.get(status, "bad-request" if 400 <= status < 500 else "upstream-error")
        return cls(fault, message or f"the provider answered {status}", code)


_FAULTS: dict[int, Fault] = {
    401: "authentication",
    402: "quota-exhausted",
    403: "permission-denied",
    404: "not-found",
    408: "timeout",
    429: "rate-limited",
    503: "overloaded",
    504: "timeout",
    529: "overloaded",
}


def parse(body: bytes) -> Any:
    """Parses an answer. Raises `Failure` with `malformed-answer` where it is no JSON."""
    try:
        return json.loads(body)
    except ValueError as error:
        raise Failure.malformed(error) from None
