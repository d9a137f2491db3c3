"""Sends a line for each exchange to a collector."""

try:
    from litellm.integrations.custom_logger import CustomLogger
    from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler
except ImportError:
    from sluice_plugin.litellm import AsyncHTTPHandler, CustomLogger


class LogToHttp(CustomLogger):
    def __init__(self, endpoint="http://collector.example/lines"):
        super().__init__()
        self.endpoint = endpoint

    async def async_log_success_event(self, kwargs, response_obj, start_time, end_time):
        await self.send(kwargs, "success")

    async def async_log_failure_event(self, kwargs, response_obj, start_time, end_time):
        await self.send(kwargs, "failure")

    async def send(self, kwargs, status):
        record = kwargs["standard_logging_object"]
        line = {
            "status": status,
            "group": record["model_group"] or kwargs["model"],
            "prompt_tokens": record["prompt_tokens"],
            "completion_tokens": record["completion_tokens"],
        }
        await AsyncHTTPHandler(timeout=5.0).post(self.endpoint, json=line, headers={"x-from": "hook"})


handler = LogToHttp
