import { BadSettings, Unavailable } from "../errors.js";
import { Changes, proceed } from "../verdicts.js";
import { call, named, settled } from "./call.js";

const toVariant = (error) => named(error, [[Unavailable, "unavailable"], [BadSettings, "bad-settings"]]);
const ofBug = (val) => ({ tag: "other", val });

export const hook = (instance) => ({
  prepare: () => call(instance, (plugin) => decision(settled(plugin.prepare())), toVariant, ofBug),
});

const TAGS = ["proceed", "change", "answer", "refuse"];

function decision(given) {
  if (given === undefined) return proceed();
  if (given instanceof Changes) return given.toDecision();
  if (!TAGS.includes(given?.tag)) throw new TypeError("`prepare` must return proceed(), Changes, answer(…) or refuse(…)");
  return given;
}
