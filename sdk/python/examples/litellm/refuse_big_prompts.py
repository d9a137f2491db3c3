"""Refuses prompts that are too big, with the status that says so."""

try:
    from fastapi import HTTPException
    from litellm.integrations.custom_logger import CustomLogger
except ImportError:
    from sluice_plugin.litellm import CustomLogger, HTTPException

CHARACTERS_MAX = 10_000


class RefuseBigPrompts(CustomLogger):
    async def async_pre_call_hook(self, user_api_key_dict, cache, data, call_type):
        length = sum(len(str(message.get("content") or "")) for message in data.get("messages", []))
        if length > CHARACTERS_MAX:
            raise HTTPException(status_code=413, detail=f"The prompt has {length} characters, of at most {CHARACTERS_MAX}.")


handler = RefuseBigPrompts()
