// The exported interfaces of a plugin by name, for components and for tests.

import { settings } from "./imports/settings.js";
import { onlyInstance } from "./kinds/call.js";
import { KINDS } from "./kinds/index.js";
import { manifestOf } from "./manifest.js";

export function exportsOf(Plugin, kinds) {
  const instance = onlyInstance(Plugin, settings.get);
  const about = { describe: () => manifestOf(Plugin) };
  const exported = kinds.map((kind) => [KINDS[kind].interface, KINDS[kind].exported(instance)]);
  return { about, ...Object.fromEntries(exported) };
}
