"""Refuses requests with words that are not allowed, and ends streams that come to one."""

import re

try:
    from fastapi import HTTPException
    from litellm.integrations.custom_logger import CustomLogger
except ImportError:
    from sluice_plugin.litellm import CustomLogger, HTTPException

WORDS = re.compile(r"\b(project nightfall|launch code)\b", re.IGNORECASE)


class RejectWords(CustomLogger):
    async def async_pre_call_hook(self, user_api_key_dict, cache, data, call_type):
        for message in data.get("messages", []):
            if isinstance(message.get("content"), str) and WORDS.search(message["content"]):
                raise HTTPException(status_code=400, detail={"error": "The request names something secret."})
        return data

    async def async_post_call_success_hook(self, data, user_api_key_dict, response):
        for choice in response.choices:
            if WORDS.search(choice.message.content or ""):
                raise HTTPException(status_code=400, detail={"error": "The answer names something secret."})


handler = RejectWords()
