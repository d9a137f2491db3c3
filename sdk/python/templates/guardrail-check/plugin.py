"""Masks words in requests and answers, and blocks on others. Streams are the same however they are cut."""

from typing import Any

from sluice_plugin import PASS, BadSettings, Block, Edit, Guardrail, Hold, Manifest, Passage, Rewrite, Stage, Verdict, export
from words import Words


class MyGuardrail(Guardrail):
    manifest = Manifest(
        name="my-guardrail",
        version="0.1.0",
        summary="Masks words of one list and blocks on words of another.",
        settings_schema={
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "mask": {"type": "array", "items": {"type": "string"}, "maxItems": 1000},
                "block": {"type": "array", "items": {"type": "string"}, "maxItems": 1000},
                "mask_with": {"type": "string", "default": "***"},
            },
        },
    )

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__(settings)
        mask, block = settings.get("mask", []), settings.get("block", [])
        if not mask and not block:
            raise BadSettings("give words to `mask` or to `block`")
        self.mask_with = settings.get("mask_with", "***")
        self.words = Words([*mask, *block])
        self.blocked = {word.casefold() for word in block}

    def inspect(self, stage: Stage, passages: list[Passage]) -> Verdict:
        edits: list[Edit] = []
        for passage in passages:
            found, end = self.words.find(passage.before, passage.text, is_over=stage != "stream-window")
            if any(passage.text[begin:stop].casefold() in self.blocked for begin, stop in found):
                return Block("my-guardrail.word", "The text has a word that is not allowed here.")
            # What may be the start of a word waits for what arrives next.
            edits.append(Edit(self.masked(passage.text[:end], found), len(passage.text) - end))
        if all(edit.text == passage.text for edit, passage in zip(edits, passages, strict=True)):
            return PASS
        if all(edit.text == passage.text[: len(edit.text)] for edit, passage in zip(edits, passages, strict=True)):
            return Hold([edit.hold for edit in edits])
        return Rewrite(edits)

    def masked(self, text: str, found: list[tuple[int, int]]) -> str:
        parts, at = [], 0
        for begin, end in found:
            parts += [text[at:begin], self.mask_with]
            at = end
        return "".join([*parts, text[at:]])


export(MyGuardrail)
