"""Leaves only the tools that a team may use, and none where that is all."""

try:
    from litellm.integrations.custom_logger import CustomLogger
except ImportError:
    from sluice_plugin.litellm import CustomLogger

ALLOWED = {"blue": {"weather"}}


class StripTools(CustomLogger):
    async def async_pre_call_hook(self, user_api_key_dict, cache, data, call_type):
        if "tools" not in data:
            return data
        allowed = ALLOWED.get(user_api_key_dict.team_id, set())
        data["tools"] = [tool for tool in data["tools"] if tool.get("function", {}).get("name") in allowed]
        if not data["tools"]:
            del data["tools"]
            data.pop("tool_choice", None)
        return data


handler = StripTools()
