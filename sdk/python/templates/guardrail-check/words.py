"""Finds words in text that may arrive in pieces."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence


class Words:
    """Words without regard to case. A word counts where it stands by itself: `cat` is not in `concatenate`."""

    def __init__(self, words: Sequence[str]) -> None:
        # Longest first: of `foo` and `foo bar` the longer one counts.
        ordered = sorted({word for word in words if word}, key=lambda word: (-len(word), word))
        self._whole = _any(f"{_left(word)}{re.escape(word)}{_right(word)}" for word in ordered)
        self._begun = _any(f"{_left(word)}{_prefix(word)}\\Z" for word in ordered)

    def find(self, before: str, text: str, is_over: bool) -> tuple[list[tuple[int, int]], int]:
        """Where words stand in `text`, as (begin, end), and where the end begins that may be the start of another.

        `before` is what was sent already: it tells whether a word begins. `is_over` says that nothing follows `text`, so
        that there is no such end.
        """
        shown, found = before + text, []
        at = len(before)
        while True:
            word = self._whole.search(shown, at)
            begun = None if is_over else self._begun.search(shown, at)
            if begun and not (word and word.start() < begun.start()):
                return found, begun.start() - len(before)
            if not word:
                return found, len(text)
            found.append((word.start() - len(before), word.end() - len(before)))
            at = word.end()


def _any(patterns: Iterator[str]) -> re.Pattern[str]:
    return re.compile("|".join(patterns) or r"(?!)", re.IGNORECASE)


def _left(word: str) -> str:
    return r"(?<!\w)" if re.match(r"\w", word) else ""


def _right(word: str) -> str:
    return r"(?!\w)" if re.search(r"\w\Z", word) else ""


def _prefix(word: str) -> str:
    """A pattern of all beginnings of the word: of `abc` it is `a(?:b(?:c)?)?`."""
    first, *rest = word
    return re.escape(first) + "".join(f"(?:{re.escape(letter)}" for letter in rest) + ")?" * len(rest)
