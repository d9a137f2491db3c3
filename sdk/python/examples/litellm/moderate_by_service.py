"""Asks a service whether a request may be answered."""

try:
    from fastapi import HTTPException
    from litellm.integrations.custom_logger import CustomLogger
    from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler
except ImportError:
    from sluice_plugin.litellm import AsyncHTTPHandler, CustomLogger, HTTPException


class ModerateByService(CustomLogger):
    def __init__(self, endpoint="http://moderation.example/check"):
        super().__init__()
        self.endpoint = endpoint

    async def async_moderation_hook(self, data, user_api_key_dict, call_type):
        texts = [message["content"] for message in data.get("messages", []) if isinstance(message.get("content"), str)]
        answer = await AsyncHTTPHandler(timeout=5.0).post(self.endpoint, json={"texts": texts})
        verdict = answer.json()
        if verdict.get("flagged"):
            raise HTTPException(status_code=400, detail={"error": f"Refused as {verdict['category']}."})


handler = ModerateByService
