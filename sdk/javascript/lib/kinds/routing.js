import { toU32 } from "../bytes.js";
import { BadSettings, NoneSuitable } from "../errors.js";
import { call, list, named } from "./call.js";

const toVariant = (error) => named(error, [[NoneSuitable, "none-suitable"], [BadSettings, "bad-settings"]]);
const ofBug = (val) => ({ tag: "other", val });

export const routing = (instance) => ({
  rank: () => call(instance, (plugin) => list(plugin.rank(), "`rank`").map((index) => toU32(index, "an index")), toVariant, ofBug),
});
