/**
 * Write Sluice plugins in JavaScript or TypeScript. A plugin is a class: `static manifest` describes it, its constructor takes the
 * settings, and a method for each kind does the work. `export default definePlugin(MyPlugin)` exports it.
 */

export * from "./types/errors.js";
export * from "./types/imports.js";
export * from "./types/plugin.js";
export * from "./types/provider.js";
export * from "./types/results.js";
