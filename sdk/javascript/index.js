/**
 * Write Sluice plugins in JavaScript or TypeScript. A plugin is a class: `static manifest` describes it, its constructor takes the
 * settings, and a method for each kind does the work. `export default definePlugin(MyPlugin)` exports it.
 */

export { definePlugin } from "./lib/manifest.js";
export { BadSettings, Failure, NoneSuitable, Reject, Retry, Unavailable } from "./lib/errors.js";
export { answer, block, Changes, hold, pass, pointer, proceed, refuse, rewrite } from "./lib/verdicts.js";
export { HostError } from "./lib/host.js";
export { countScalars } from "./lib/bytes.js";
export { randomNumbers } from "./lib/random.js";

export { candidates } from "./lib/imports/candidates.js";
export { deployment } from "./lib/imports/deployment.js";
export { exchange } from "./lib/imports/exchange.js";
export { http } from "./lib/imports/http.js";
export { log } from "./lib/imports/log.js";
export { settings } from "./lib/imports/settings.js";
export { notes, state } from "./lib/imports/stores.js";

export { ChatChunks, chatCompletion, textOf } from "./lib/chat.js";
export { DONE } from "./lib/kinds/provider.js";
