"""What a request hook decides: `PROCEED`, `Changes`, `Answer` or `Refusal`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Edit:
    """A change at one place: `set`, `insert` or `remove`. `Changes` makes them."""

    action: str
    place: str
    value: Any = None


@dataclass(slots=True)
class Changes:
    """Edits of the canonical request, applied one after the other, and the model group to ask.

    A place is a JSON Pointer (RFC 6901), such as `/messages/0/content`; `pointer` makes one of names and indexes. The
    operator grants what may be changed by `sluice.plugins.<name>.may_change`. At most 256 edits.
    """

    edits: list[Edit] = field(default_factory=list)
    #: The model group to ask in place of the client's.
    model_group: str | None = None

    def set(self, place: str, value: Any) -> Self:
        """Gives the member or the element at the place this value."""
        self.edits.append(Edit("set", place, value))
        return self

    def insert(self, place: str, value: Any) -> Self:
        """Puts the value into an array before the element at the place; `-` for its index means the end."""
        self.edits.append(Edit("insert", place, value))
        return self

    def remove(self, place: str) -> Self:
        """Removes what is at the place, if it is there."""
        self.edits.append(Edit("remove", place))
        return self

    def ask(self, model_group: str) -> Self:
        """Asks another model group; needs `may_change: [group]`."""
        self.model_group = model_group
        return self

    def or_proceed(self) -> Changes | Proceed:
        """`PROCEED` where nothing is changed."""
        return self if self.edits or self.model_group is not None else PROCEED


def pointer(*steps: str | int) -> str:
    """A JSON Pointer of names and indexes: `pointer("messages", 0, "content")`."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


@dataclass(frozen=True, slots=True)
class Proceed:
    """The request goes on as it is. Use `PROCEED`."""


PROCEED = Proceed()


@dataclass(frozen=True, slots=True)
class Answer:
    """The client gets this text as the answer, and no deployment is asked."""

    text: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """The client gets this error."""

    #: 400, 401, 402, 403, 404, 409, 413, 422, 429, 451 or 503. Another one counts as 400.
    status: int
    #: Short stable code, such as `quota.daily`.
    code: str
    #: Sentence for the client. It should not repeat the text that offends.
    message: str
    #: How long the client should wait; 0 says nothing.
    retry_after_ms: int = 0


Decision = Proceed | Changes | Answer | Refusal
