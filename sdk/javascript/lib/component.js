// Makes a component's exports of a plugin. The entry module that the build writes calls it; authors do not.

// First: it makes the globals that the SDK's and the plugin's other modules may use while they load.
import { installConsole } from "./polyfills.js";
import { exportsOf } from "./component-exports.js";
import { connect } from "./host.js";
import { check } from "./manifest.js";

/**
 * @param Plugin the class
 * @param {string[]} kinds
 * @param imports the modules of the contract's interfaces by name
 */
export function component(Plugin, kinds, imports) {
  check(Plugin, kinds);
  connect(imports);
  installConsole();
  return exportsOf(Plugin, kinds);
}
