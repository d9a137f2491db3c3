"""Hooks of the answer, as verdicts on passages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator
from typing import Any

from .. import exchange
from .._coroutine import STEPS_MAX, Deadlock, run
from ..errors import PluginError
from ..guardrail import PASS, Edit, Passage, Rewrite, Verdict
from . import objects, request

#: Streams under way that an instance keeps; more than one only where the operator shares instances.
STREAMS_MAX = 256
#: What a guardrail is shown of what was sent, in characters.
_BEFORE_CHARS = 256


def success(hook: Any, passages: list[Passage]) -> Verdict:
    """`async_post_call_success_hook` on a whole answer."""
    texts = [passage.text for passage in passages]
    answer = objects.answer(texts, exchange.model_group())
    returned = run(hook.async_post_call_success_hook(request.data(), request.who(), answer))
    changed = returned if isinstance(returned, dict) and "choices" in returned else answer
    choices = changed["choices"]
    if len(choices) != len(texts):
        raise PluginError(f"async_post_call_success_hook made {len(choices)} choices of {len(texts)}")
    return rewritten(texts, [choice["message"].get("content") or "" for choice in choices])


def rewritten(old: list[str], new: list[str]) -> Verdict:
    return PASS if old == new else Rewrite([Edit(text) for text in new])


class _Pause:
    """What the source of chunks waits for until more text arrives."""

    def __await__(self) -> Generator[Any, None, None]:
        yield self


class _Source:
    """The chunks of one text of a stream."""

    def __init__(self) -> None:
        self.waiting: list[Any] = []
        self.is_over = False

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        while not self.waiting:
            if self.is_over:
                raise StopAsyncIteration
            await _Pause()
        return self.waiting.pop(0)


class _Stream:
    """A hook's generator over one text, taken up again at each window."""

    def __init__(self, hook: Any) -> None:
        self.source = _Source()
        data = request.data() | {"stream": True}
        self.generator = hook.async_post_call_streaming_iterator_hook(request.who(), self.source, data)
        #: The generator's step that waits for more text.
        self.step: Any = None
        #: The end of what was sent, by which the next window is known as this text's.
        self.sent = ""

    def push(self, text: str, is_last: bool) -> str:
        """Hands over text; returns what the generator yields until it waits for more."""
        model = exchange.model_group()
        if text:
            self.source.waiting.append(objects.chunk(text, model))
        if is_last:
            self.source.waiting.append(objects.chunk(None, model, "stop"))
            self.source.is_over = True
        told = "".join(_text(chunk) for chunk in self._yielded())
        self.sent = (self.sent + told)[-_BEFORE_CHARS:]
        return told

    def _yielded(self) -> list[Any]:
        chunks: list[Any] = []
        for _ in range(STEPS_MAX):
            step = self.step or self.generator.__anext__()
            self.step = None
            try:
                waits_for = step.send(None)
            except StopIteration as end:
                chunks.append(end.value)
            except StopAsyncIteration:
                return chunks
            else:
                self.step = step
                if isinstance(waits_for, _Pause):
                    return chunks
                if waits_for is not None:
                    raise Deadlock("a generator waits for a timer, a task or a socket, and a component has none of them")
        raise Deadlock(f"a generator did not end after {STEPS_MAX} steps")


def _text(chunk: Any) -> str:
    if isinstance(chunk, str):
        return chunk
    choices = chunk.get("choices") if isinstance(chunk, dict) else None
    delta = choices[0].get("delta") if choices else None
    return (delta.get("content") or "") if delta else ""


class Streams:
    """The generators of an instance's streams.

    The host keeps one instance of a guardrail for a whole stream, and shows with each passage the end of what was sent: by
    that a passage is known as the next part of a text.
    """

    def __init__(self) -> None:
        self.waiting: list[tuple[str, _Stream]] = []

    def inspect(self, hook: Any, passages: list[Passage], is_last: bool) -> Verdict:
        edits = [self._edit(hook, passage, is_last) for passage in passages]
        unchanged = all(
            edit.text == passage.text[: len(passage.text) - edit.hold] for edit, passage in zip(edits, passages)
        )
        return PASS if is_last and unchanged else Rewrite(edits)

    def _edit(self, hook: Any, passage: Passage, is_last: bool) -> Edit:
        stream = self._of(hook, passage)
        # One character waits, so that there is a call at the end, in which the generator gives what it still keeps.
        hold = 0 if is_last else 1
        told = stream.push(passage.text[: len(passage.text) - hold], is_last)
        if not is_last:
            self.waiting = [*self.waiting, (exchange.id(), stream)][-STREAMS_MAX:]
        return Edit(told, hold)

    def _of(self, hook: Any, passage: Passage) -> _Stream:
        for entry in self.waiting:
            if entry[0] == exchange.id() and entry[1].sent == passage.before:
                self.waiting.remove(entry)
                return entry[1]
        if passage.before:
            raise PluginError(
                "async_post_call_streaming_iterator_hook is not there from the beginning of this stream: it needs one "
                "instance a stream, so `isolation: call` cannot be used"
            )
        return _Stream(hook)
