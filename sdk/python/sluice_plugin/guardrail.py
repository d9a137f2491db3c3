"""What a guardrail is shown, and its verdict: `PASS`, `Rewrite`, `Hold` or `Block`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

#: `request`: the whole request. `response`: the whole answer. `stream-window`: what arrived of a stream and has not been
#: sent, one passage a choice; more will come. `stream-end`: the same, and nothing more will come.
Stage = Literal["request", "response", "stream-window", "stream-end"]


@dataclass(frozen=True, slots=True)
class Passage:
    #: `system`, `developer`, `user`, `assistant`, `tool`; `input` for embeddings and completions; or the word of a medium.
    role: str
    text: str
    #: On a stream: the end of what was sent already, at most 256 characters. It cannot be changed any more.
    before: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """On a stream: send `text` in place of all but the passage's last `hold` characters, and hand those back later."""

    text: str
    hold: int = 0


@dataclass(frozen=True, slots=True)
class Pass:
    """Nothing is changed. Use `PASS`."""


PASS = Pass()


@dataclass(frozen=True, slots=True)
class Rewrite:
    """An edit for each passage, in order and number the same. A text stands for `Edit(text)`."""

    edits: Sequence[Edit | str]


@dataclass(frozen=True, slots=True)
class Hold:
    """Stream only: each passage unchanged but for its last n characters, which may be the start of something."""

    counts: Sequence[int]


@dataclass(frozen=True, slots=True)
class Block:
    #: Short stable code, such as `pii.email`.
    code: str
    #: Sentence for the client. It should not repeat the text that offends.
    message: str
    #: JSON detail for the log.
    detail: Any = None


Verdict = Pass | Rewrite | Hold | Block
