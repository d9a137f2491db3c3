"""`routing`."""

from componentize_py_types import Err
from wit_world.exports import routing as wire

from sluice_plugin.errors import BadSettings, NoneSuitable, PluginError

from .bridge import seeded, told


class Routing:
    def rank(self) -> list[int]:
        try:
            return list(seeded().rank())
        except NoneSuitable as error:
            raise Err(wire.Error_NoneSuitable(str(error))) from None
        except BadSettings as error:
            raise Err(wire.Error_BadSettings(str(error))) from None
        except PluginError as error:
            raise Err(wire.Error_Other(str(error))) from None
        except Exception as error:
            raise Err(wire.Error_Other(told(error))) from None
