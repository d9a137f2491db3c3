"""What a plugin says of itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Medium = Literal["image", "audio", "video", "file", "tokens"]


@dataclass(frozen=True, slots=True)
class Manifest:
    """Set it as `manifest` of the class."""

    #: Kebab-case name that the configuration refers to.
    name: str
    #: Semantic version of the plugin itself.
    version: str
    #: One sentence for listings.
    summary: str
    #: JSON Schema (draft 2020-12) of the settings; `None` when the plugin takes none.
    settings_schema: Mapping[str, Any] | None = None
    #: Hosts that it asks to reach: `host`, `host:port`, `*.domain`, or `*` for whatever the operator names.
    outbound: Sequence[str] = ()
    #: Of a routing strategy: what it leaves out must not be tried.
    constrains: bool = False
    #: Of a guardrail: what it is shown beside text.
    looks_at: Sequence[Medium] = ()
    #: (name, value) pairs; a host ignores names that it does not know.
    extras: Mapping[str, str] = field(default_factory=dict)
