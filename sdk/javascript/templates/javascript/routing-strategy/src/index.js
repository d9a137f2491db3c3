import { candidates, definePlugin } from "sluice-plugin";

/** Prefers the lowest price among the deployments that have room in this minute; of equals, the one with fewest attempts under way. */
class MyStrategy {
  static manifest = {
    name: "my-strategy",
    version: "0.1.0",
    summary: "Prefers the cheapest deployment that has room.",
    settingsSchema: { type: "object", additionalProperties: false },
  };

  rank() {
    const output = candidates.numbers("output-prices");
    // A price that is not known is NaN, and so is the sum: `by` puts it last.
    const prices = candidates.numbers("input-prices").map((input, index) => input + output[index]);
    // What has no room comes last and is not left out, in case nothing else answers. `false` is before `true`.
    return candidates.by(candidates.exhausted(), prices, candidates.numbers("in-flight"));
  }
}

export default definePlugin(MyStrategy);
