"""Counts the tokens of each user."""

try:
    from litellm.caching.caching import DualCache
    from litellm.integrations.custom_logger import CustomLogger
except ImportError:
    from sluice_plugin.litellm import CustomLogger, DualCache


class CountTokens(CustomLogger):
    def __init__(self):
        super().__init__()
        self.cache = DualCache()

    async def async_log_success_event(self, kwargs, response_obj, start_time, end_time):
        record = kwargs["standard_logging_object"]
        user = record["end_user"] or "nobody"
        await self.cache.async_increment_cache(key=f"tokens:{user}", value=record["total_tokens"])


handler = CountTokens()
