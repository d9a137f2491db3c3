"""`callback`."""

from componentize_py_types import Err
from wit_world.exports import callback as wire

from sluice_plugin.errors import PluginError, Reject
from sluice_plugin.kinds import Record

from . import guard
from .bridge import instance, told


class Callback:
    def deliver(self, records: list[str]) -> None:
        shown = [Record(text) for text in records]
        guard.clock_ms = lambda: int(shown[-1]["endTime"] * 1000)
        try:
            instance().deliver(shown)
        except Reject as error:
            raise Err(wire.DeliveryError_Reject(str(error))) from None
        except PluginError as error:
            raise Err(wire.DeliveryError_Retry(str(error))) from None
        except Exception as error:
            raise Err(wire.DeliveryError_Retry(told(error))) from None
