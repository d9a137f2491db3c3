/**
 * Tests plugins with `node --test`, without a gateway: fakes of every import, and cases that are data.
 */

export { installHost } from "./host.js";
export { runCases } from "./cases.js";
export { load, loadModule } from "./load.js";
