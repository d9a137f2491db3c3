"""The module that `componentize-py` makes a component of: it loads the author's `plugin.py` and exports its class.

All of this runs at build time but for the methods of the classes at the end: `componentize-py` keeps a snapshot of memory.
"""

import gc
import sys

# The author's folder stays as it is.
sys.dont_write_bytecode = True

from . import guard  # noqa: E402

guard.before()

import plugin as _author  # noqa: E402, F401 - the author's module; the guard comes first
from wit_world import exports as _world  # noqa: E402

from sluice_plugin import _export, _host  # noqa: E402
from sluice_plugin.kinds import kinds_of  # noqa: E402

from . import bridge, host  # noqa: E402

_host.use(host.Gateway())
_plugin = _export.exported()
bridge.plugin = _plugin

_BY_KIND = {
    "routing-strategy": "Routing",
    "request-hook": "Hook",
    "guardrail-check": "Guardrail",
    "logging-callback": "Callback",
    "periodic-task": "Periodic",
    "provider-adapter": "Provider",
}
_kinds = kinds_of(_plugin)
_wanted = {kind for kind, name in _BY_KIND.items() if hasattr(_world, name)}
if _kinds != _wanted:
    raise SystemExit(
        f"plugin.yaml says kinds: {sorted(_wanted)}, and {_plugin.__name__} in plugin.py is {sorted(_kinds)}: "
        "make them the same"
    )

# What `componentize-py` looks up, by the names of the contract's interfaces: those of this plugin's kinds alone, since the
# types of the others are not part of its world.
from .about import About  # noqa: E402, F401

if "routing-strategy" in _kinds:
    from .routing import Routing  # noqa: F401
if "request-hook" in _kinds:
    from .hook import Hook  # noqa: F401
if "guardrail-check" in _kinds:
    from .guardrail import Guardrail  # noqa: F401
if "logging-callback" in _kinds:
    from .callback import Callback  # noqa: F401
if "periodic-task" in _kinds:
    from .periodic import Periodic  # noqa: F401
if "provider-adapter" in _kinds:
    from .provider import Provider  # noqa: F401

# What the snapshot holds never dies: a collection that walks it would touch, and so copy, most of an instance's memory.
gc.collect()
gc.freeze()
