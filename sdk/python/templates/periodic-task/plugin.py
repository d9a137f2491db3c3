"""Asks a service which region is best now, and prefers deployments there."""

from sluice_plugin import Manifest, PeriodicTask, PluginError, RoutingStrategy, candidates, export, http, state
from sluice_plugin.ranking import by


class MyTask(PeriodicTask, RoutingStrategy):
    manifest = Manifest(
        name="my-task",
        version="0.1.0",
        summary="Prefers the region that a service names.",
        settings_schema={
            "type": "object",
            "additionalProperties": False,
            "required": ["service"],
            "properties": {
                "service": {"type": "string", "format": "uri"},
                "every_seconds": {"type": "number", "minimum": 1, "maximum": 86400, "default": 300},
            },
        },
        outbound=["*"],
    )

    def tick(self) -> float:
        answer = http.get(self.settings["service"], timeout_ms=5_000)
        if not answer.is_ok:
            raise PluginError(f"the service answered {answer.status}")
        state.set("region", answer.text.strip())
        return self.settings.get("every_seconds", 300)

    def rank(self) -> list[int]:
        # A strategy has no `http`: it reads what the task has left.
        is_there = candidates.having("region", state.get_text("region") or "")
        return by(lambda index: not is_there[index])


export(MyTask)
