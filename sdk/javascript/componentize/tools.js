// Finds the tools in the plugin's own folder or in one that serves many plugins, so that the SDK itself depends on none.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The versions that BUILD.md says were tested. */
export const TOOLS = { esbuild: "0.28.2", "componentize-qjs": "0.4.5", "@bytecodealliance/componentize-js": "0.23.0" };

export async function tool(name, folders) {
  for (const from of [...folders, dirname(fileURLToPath(import.meta.url))]) {
    const folder = packageAbove(from, name);
    if (!folder) continue;
    const module = await import(pathToFileURL(join(folder, entryOf(folder))));
    return { ...module.default, ...module };
  }
  throw new Error(`\`${name}\` is not installed in ${folders.join(" or ")}: npm install --save-dev ${name}@${TOOLS[name]}`);
}

/** The package's folder in the nearest node_modules. `require.resolve` does not find packages that have ES modules only. */
function packageAbove(from, name) {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = join(folder, "node_modules", name);
    if (existsSync(join(found, "package.json"))) return found;
    if (folder === dirname(folder)) return undefined;
  }
}

function entryOf(folder) {
  const { exports, main } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const entry = exports?.["."] ?? exports;
  return (typeof entry === "object" ? (entry.import ?? entry.default) : entry) ?? main ?? "index.js";
}
