import { toU32 } from "../bytes.js";
import { BadSettings, Unavailable } from "../errors.js";
import { call, message } from "./call.js";

const toVariant = (error) => (error instanceof Unavailable || error instanceof BadSettings ? message(error) : undefined);
const ofBug = (sentence) => sentence;

export const periodic = (instance) => ({
  tick: () => call(instance, (plugin) => toU32(plugin.tick(), "what `tick` returns"), toVariant, ofBug),
});
