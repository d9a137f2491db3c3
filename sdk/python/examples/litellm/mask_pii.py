"""Takes mail addresses and phone numbers out of requests, and puts them back into answers, whole and streamed."""

import re

try:
    from litellm.integrations.custom_logger import CustomLogger
except ImportError:
    from sluice_plugin.litellm import CustomLogger

PII = {"MAIL": re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+\w"), "PHONE": re.compile(r"\+\d[\d ]{7,}\d")}
#: The longest mark, `<PHONE_99>`: so much of a stream may be the start of one.
MARK_CHARS_MAX = 10


class MaskPii(CustomLogger):
    async def async_pre_call_hook(self, user_api_key_dict, cache, data, call_type):
        # The map stays with the exchange: what is kept in `self` would be another request's too.
        found = data.setdefault("metadata", {}).setdefault("pii", {})
        for message in data.get("messages", []):
            if isinstance(message.get("content"), str):
                message["content"] = self.mask(message["content"], found)
        return data

    def mask(self, text, found):
        for kind, pattern in PII.items():
            for value in pattern.findall(text):
                mark = next((mark for mark, known in found.items() if known == value), None)
                if mark is None:
                    mark = f"<{kind}_{len(found) + 1}>"
                    found[mark] = value
                text = text.replace(value, mark)
        return text

    def unmask(self, text, found):
        for mark, value in found.items():
            text = text.replace(mark, value)
        return text

    async def async_post_call_success_hook(self, data, user_api_key_dict, response):
        found = (data.get("metadata") or {}).get("pii") or {}
        for choice in response.choices:
            if choice.message.content:
                choice.message.content = self.unmask(choice.message.content, found)
        return response

    async def async_post_call_streaming_iterator_hook(self, user_api_key_dict, response, request_data):
        found = (request_data.get("metadata") or {}).get("pii") or {}
        rest, last = "", None
        async for chunk in response:
            delta = chunk.choices[0].delta if chunk.choices else None
            if delta is None or not delta.content:
                if rest and last is not None and chunk.choices and chunk.choices[0].finish_reason:
                    last.choices[0].delta.content, rest = self.unmask(rest, found), ""
                    yield last
                yield chunk
                continue
            text = self.unmask(rest + delta.content, found)
            # What may be the start of a mark waits for the next chunk.
            start = text.rfind("<", -MARK_CHARS_MAX)
            cut = len(text) if start < 0 or ">" in text[start:] else start
            delta.content, rest, last = text[:cut], text[cut:], chunk.model_copy(deep=True)
            yield chunk
        if rest and last is not None:
            last.choices[0].delta.content = self.unmask(rest, found)
            yield last


handler = MaskPii()
