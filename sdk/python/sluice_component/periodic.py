"""`periodic`."""

from componentize_py_types import Err

from sluice_plugin.errors import PluginError

from .bridge import instance, told


class Periodic:
    def tick(self) -> int:
        try:
            return min(int(instance().tick() * 1000), 0xFFFF_FFFF)
        except PluginError as error:
            raise Err(str(error)) from None
        except Exception as error:
            raise Err(told(error)) from None
