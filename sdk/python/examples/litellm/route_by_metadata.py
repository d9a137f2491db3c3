"""Sends requests of the free plan to a smaller model, and long ones to a larger."""

try:
    from litellm.integrations.custom_logger import CustomLogger
except ImportError:
    from sluice_plugin.litellm import CustomLogger


class RouteByMetadata(CustomLogger):
    async def async_pre_call_hook(self, user_api_key_dict, cache, data, call_type):
        length = sum(len(message.get("content") or "") for message in data.get("messages", []))
        if (data.get("metadata") or {}).get("plan") == "free":
            data["model"] = "small"
        elif length > 2_000:
            data["model"] = "large"
        return data


handler = RouteByMetadata()
