"""Puts a system message before the client's, where the client has none."""

try:
    from litellm.integrations.custom_logger import CustomLogger
except ImportError:
    from sluice_plugin.litellm import CustomLogger

PROMPT = "Answer in two sentences. Say so where you do not know."


class AddSystemPrompt(CustomLogger):
    async def async_pre_call_hook(self, user_api_key_dict, cache, data, call_type):
        messages = data.get("messages")
        if isinstance(messages, list) and not any(message.get("role") == "system" for message in messages):
            data["messages"] = [{"role": "system", "content": PROMPT}, *messages]
        return data


handler = AddSystemPrompt()
