import { toArray } from "../bytes.js";
import { BadSettings, Unavailable } from "../errors.js";
import { pass } from "../verdicts.js";
import { call, named, settled } from "./call.js";

const toVariant = (error) => named(error, [[Unavailable, "unavailable"], [BadSettings, "bad-settings"]]);
const ofBug = (val) => ({ tag: "other", val });

export const guardrail = (instance) => ({
  inspect: (stage, passages) =>
    call(instance, (plugin) => verdict(settled(plugin.inspect(stage, toArray(passages)))), toVariant, ofBug),
});

const TAGS = ["pass", "rewrite", "hold", "block"];

function verdict(given) {
  if (given === undefined) return pass();
  if (!TAGS.includes(given?.tag)) throw new TypeError("`inspect` must return pass(), rewrite(…), hold(…) or block(…)");
  return given;
}
