"""What the fake host answers of candidates."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import Host

_OF_FACT = {"id": "ids", "provider": "providers", "model": "models"}


def texts(host: Host, column: str) -> list[str]:
    if column in host.words:
        return list(host.words[column])
    return [f"deployment-{index}" if column == "ids" else "" for index in range(host.candidates)]


def tags(host: Host) -> list[list[str]]:
    listed = host.words.get("tags", [""] * host.candidates)
    return [[tag for tag in text.split(",") if tag] for text in listed]


def having(host: Host, fact: str, word: str) -> list[bool]:
    if fact == "region":
        return [_is_in(region, word) for region in texts(host, "regions")]
    if fact == "tag":
        return [any(_matches(tag, word) for tag in of_one) for of_one in tags(host)]
    return [_matches(text, word) for text in texts(host, _OF_FACT[fact])]


def _matches(text: str, word: str) -> bool:
    return text.startswith(word[:-1]) if word.endswith("*") else text == word


def _is_in(region: str, word: str) -> bool:
    """`eu` and `us` mean any region there. The host knows the names of every cloud; here their beginning decides."""
    return bool(region) and (region == word or (word in ("eu", "us") and region.startswith((word, "europe" if word == "eu" else word))))


def exhausted(host: Host, prompt_tokens: int) -> list[bool]:
    def column(name: str) -> list[float]:
        return list(host.columns.get(name, [0.0] * host.candidates))

    return [
        bool((rpm and asked + 1 > rpm) or (tpm and spent + prompt_tokens > tpm))
        for rpm, asked, tpm, spent in zip(
            column("request-limits"),
            column("requests-this-minute"),
            column("token-limits"),
            column("tokens-this-minute"),
            strict=True,
        )
    ]
