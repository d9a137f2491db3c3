"""Sets what clients leave out, and caps what they ask for."""

try:
    from litellm.integrations.custom_logger import CustomLogger
except ImportError:
    from sluice_plugin.litellm import CustomLogger


class CapParameters(CustomLogger):
    defaults = {"temperature": 0.2}
    at_most = {"max_tokens": 500, "n": 2}

    async def async_pre_call_hook(self, user_api_key_dict, cache, data, call_type):
        for name, value in self.defaults.items():
            data.setdefault(name, value)
        for name, value in self.at_most.items():
            if data.get(name) is not None and data[name] > value:
                data[name] = value
        data.pop("logit_bias", None)
        return data


handler = CapParameters()
