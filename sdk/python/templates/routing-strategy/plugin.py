"""Prefers the cheapest deployment that has room, and of equals the one with the fewest attempts under way."""

from sluice_plugin import Manifest, RoutingStrategy, candidates, export
from sluice_plugin.ranking import by


class MyStrategy(RoutingStrategy):
    manifest = Manifest(
        name="my-strategy",
        version="0.1.0",
        summary="Prefers the lowest price among deployments that have room, then the fewest attempts under way.",
    )

    def rank(self) -> list[int]:
        exhausted = candidates.exhausted()
        inputs, outputs = candidates.numbers("input-prices"), candidates.numbers("output-prices")
        load = candidates.numbers("in-flight")
        # Those without room come last: the upstream may take the request all the same.
        return by(
            lambda index: exhausted[index],
            lambda index: inputs[index] + outputs[index],  # NaN, if one of them is not known; NaN comes last.
            lambda index: load[index],
        )


export(MyStrategy)
