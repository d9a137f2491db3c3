// What a plugin says of itself: checked once, at build time and in tests, so that the gateway has nothing to object to.

import { KINDS } from "./kinds/index.js";

const FIELDS = ["name", "version", "summary", "settingsSchema", "outbound", "constrains", "looksAt", "extras"];

/** The manifest in the form of the contract. */
export function manifestOf(Plugin) {
  const { name, version, summary, settingsSchema, outbound = [], constrains = false, looksAt = [], extras = {} } = Plugin.manifest;
  return {
    name,
    version,
    summary,
    settingsSchema: settingsSchema === undefined ? "" : JSON.stringify(settingsSchema),
    outbound,
    constrains,
    looksAt,
    extras: Object.entries(extras),
  };
}

/**
 * Throws a sentence for the author if the class is no plugin of these kinds.
 * @param {Function} Plugin
 * @param {string[]} kinds
 */
export function check(Plugin, kinds) {
  const wrong = [...problems(Plugin, kinds)];
  if (wrong.length > 0) throw new TypeError(wrong.join("\n"));
}

function* problems(Plugin, kinds) {
  if (typeof Plugin !== "function") {
    yield "the plugin's module has no class as its default export: end it with `export default definePlugin(MyPlugin);`";
    return;
  }
  yield* problemsOfManifest(Plugin.manifest, Plugin.name);
  for (const kind of kinds) {
    if (!Object.hasOwn(KINDS, kind)) {
      yield `\`${kind}\` is no kind; kinds are ${Object.keys(KINDS).join(", ")}`;
      continue;
    }
    for (const method of KINDS[kind].methods) {
      if (typeof Plugin.prototype[method] !== "function") yield `a ${kind} has a method \`${method}\`, and ${Plugin.name} has none`;
      else if (isAsync(Plugin.prototype[method])) yield `\`${method}\` must not be async: imports answer at once, without \`await\``;
    }
  }
}

function* problemsOfManifest(manifest, className) {
  if (typeof manifest !== "object" || manifest === null) {
    yield `${className} has no \`static manifest = { name, version, summary }\``;
    return;
  }
  for (const field of ["name", "version", "summary"]) {
    if (typeof manifest[field] !== "string" || manifest[field] === "") yield `the manifest needs a text \`${field}\``;
  }
  for (const field of Object.keys(manifest)) {
    if (!FIELDS.includes(field)) yield `the manifest has \`${field}\`, which is none of ${FIELDS.join(", ")}`;
  }
}

const isAsync = (method) => method.constructor.name.startsWith("Async");

/** Marks a class as the plugin of its module, and checks its manifest. */
export function definePlugin(Plugin) {
  check(Plugin, []);
  return Plugin;
}
