"""The class that a component exports."""

from __future__ import annotations

from typing import TypeVar

from .kinds import Plugin, kinds_of
from .manifest import Manifest

P = TypeVar("P", bound=Plugin)

_exported: type[Plugin] | None = None


def export(plugin: type[P]) -> type[P]:
    """Exports the class as the plugin of this component: `export(MyPlugin)`, or as a decorator.

    Raises `TypeError` where the class has no `manifest`, is of no kind, or lacks a method of its kinds.
    """
    global _exported
    if not isinstance(getattr(plugin, "manifest", None), Manifest):
        raise TypeError(f"{plugin.__name__} has no `manifest = Manifest(name, version, summary)`")
    if not kinds_of(plugin):
        raise TypeError(f"{plugin.__name__} is of no kind: inherit `RoutingStrategy`, `Guardrail` or another one")
    if missing := sorted(getattr(plugin, "__abstractmethods__", ())):
        raise TypeError(f"{plugin.__name__} lacks {', '.join(missing)}")
    _exported = plugin
    return plugin


def exported() -> type[Plugin]:
    """The exported class. Raises `LookupError` where nothing was exported."""
    if _exported is None:
        raise LookupError("`plugin.py` exports nothing: end it with `export(MyPlugin)`")
    return _exported


def forget() -> None:
    """Forgets the exported class, so that another folder can be loaded."""
    global _exported
    _exported = None
