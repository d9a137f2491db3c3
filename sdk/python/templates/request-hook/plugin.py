"""Fills in a parameter, caps `max_tokens`, and refuses requests that do not say which team sends them."""

from sluice_plugin import Changes, Decision, Manifest, Refusal, RequestHook, exchange, export, notes, pointer


class MyHook(RequestHook):
    manifest = Manifest(
        name="my-hook",
        version="0.1.0",
        summary="Fills in a parameter, caps max_tokens, and refuses requests without a header.",
        settings_schema={
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "header": {"type": "string", "default": "x-team"},
                "defaults": {"type": "object", "default": {"temperature": 0.2}},
                "max_tokens": {"type": "integer", "minimum": 1, "default": 1000},
            },
        },
    )

    def prepare(self) -> Decision:
        header = self.settings.get("header", "x-team")
        team = exchange.header(header)
        if not team:
            return Refusal(403, "my-hook.header", f"Say which team you are with the header {header}.")
        # A fact for the record of the exchange, which callbacks get.
        notes.publish("team", team)
        changes = Changes()
        for name, value in self.settings.get("defaults", {"temperature": 0.2}).items():
            if exchange.field(name) is None:
                changes.set(pointer(name), value)
        self.cap(changes, self.settings.get("max_tokens", 1000))
        return changes.or_proceed()

    def cap(self, changes: Changes, most: int) -> None:
        """Caps the tokens of the answer, under both names; a request that says none gets the cap."""
        asked = {name: exchange.field(name) for name in ("max_tokens", "max_completion_tokens")}
        for name, value in asked.items():
            if isinstance(value, (int, float)) and value > most:
                changes.set(pointer(name), most)
        if all(value is None for value in asked.values()):
            changes.set("/max_tokens", most)


export(MyHook)
