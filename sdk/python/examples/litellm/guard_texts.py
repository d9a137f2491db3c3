"""A guardrail by `apply_guardrail`: masks card numbers, and blocks on a word."""

import re

try:
    from fastapi import HTTPException
    from litellm.integrations.custom_guardrail import CustomGuardrail
except ImportError:
    from sluice_plugin.litellm import CustomGuardrail, HTTPException

CARD = re.compile(r"\b\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}\b")


class GuardTexts(CustomGuardrail):
    async def apply_guardrail(self, inputs, request_data, input_type, logging_obj=None):
        texts = inputs.get("texts", [])
        if any("contraband" in text for text in texts):
            raise HTTPException(status_code=400, detail={"error": f"The {input_type} is not allowed."})
        inputs["texts"] = [CARD.sub("[card]", text) for text in texts]
        return inputs


handler = GuardTexts(guardrail_name="guard-texts", event_hook=["pre_call", "post_call"], default_on=True)
