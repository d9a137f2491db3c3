"""Tags requests by the application that sends them, for the reports of spend."""

try:
    from litellm.integrations.custom_logger import CustomLogger
except ImportError:
    from sluice_plugin.litellm import CustomLogger


class TagRequests(CustomLogger):
    async def async_pre_call_hook(self, user_api_key_dict, cache, data, call_type):
        headers = (data.get("proxy_server_request") or {}).get("headers") or {}
        metadata = data.setdefault("metadata", {})
        tags = list(metadata.get("tags") or [])
        tags.append(f"app:{headers.get('x-app', 'unknown')}")
        if user_api_key_dict.team_id:
            tags.append(f"team:{user_api_key_dict.team_id}")
        metadata["tags"] = tags
        return data


handler = TagRequests()
