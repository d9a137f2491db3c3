"""`about`: the manifest."""

import json

from wit_world.exports import about as wire

from . import bridge


def _manifest() -> wire.Manifest:
    said = bridge.plugin.manifest
    schema = "" if said.settings_schema is None else json.dumps(said.settings_schema, ensure_ascii=False)
    looks_at = [wire.types.Medium[word.upper()] for word in said.looks_at]
    return wire.Manifest(
        said.name, said.version, said.summary, schema, list(said.outbound), said.constrains, looks_at, bridge.pairs(said.extras)
    )


_MANIFEST = _manifest()


class About:
    def describe(self) -> wire.Manifest:
        return _MANIFEST
