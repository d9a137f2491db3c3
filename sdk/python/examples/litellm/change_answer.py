"""Adds a sentence to each answer, whole and streamed."""

try:
    from litellm.integrations.custom_logger import CustomLogger
except ImportError:
    from sluice_plugin.litellm import CustomLogger

SENTENCE = "\n\nThis was written by a machine."


class ChangeAnswer(CustomLogger):
    async def async_post_call_success_hook(self, data, user_api_key_dict, response):
        for choice in response.choices:
            choice.message.content = (choice.message.content or "") + SENTENCE
        return response

    async def async_post_call_streaming_iterator_hook(self, user_api_key_dict, response, request_data):
        async for chunk in response:
            if chunk.choices and chunk.choices[0].finish_reason:
                chunk.choices[0].delta.content = (chunk.choices[0].delta.content or "") + SENTENCE
            yield chunk


handler = ChangeAnswer()
