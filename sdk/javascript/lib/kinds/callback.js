import { toArray } from "../bytes.js";
import { BadSettings, Reject, Retry } from "../errors.js";
import { call, named } from "./call.js";

const toVariant = (error) => named(error, [[Retry, "retry"], [Reject, "reject"], [BadSettings, "reject"]]);
// The gateway does the same after a trap: it tries again, a bounded number of times.
const ofBug = (val) => ({ tag: "retry", val });

export const callback = (instance) => ({
  deliver(records) {
    call(instance, (plugin) => plugin.deliver(toArray(records)), toVariant, ofBug);
  },
});
