// Loads a plugin that is written in TypeScript, on every version of Node.js that has `node --test`.

import { existsSync, mkdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { tool } from "../componentize/tools.js";

/** The plugin of a module: its default export. */
export async function load(place) {
  return (await loadModule(place)).default;
}

/** A module. TypeScript is bundled into `build/` of the plugin's folder first. */
export async function loadModule(place) {
  const file = place instanceof URL ? fileURLToPath(place) : place;
  if (!file.endsWith(".ts")) return import(pathToFileURL(file));
  const folder = folderOf(file);
  const { build } = await tool("esbuild", [folder]);
  const outfile = join(folder, "build", `${basename(file, ".ts")}.test.mjs`);
  mkdirSync(dirname(outfile), { recursive: true });
  // The SDK stays outside, so that the plugin's imports are the ones that `installHost` replaces.
  await build({ entryPoints: [file], outfile, bundle: true, packages: "external", format: "esm", platform: "node", sourcemap: "inline", logLevel: "silent" });
  return import(pathToFileURL(outfile));
}

/** The nearest folder with a package.json: what is written there finds the same packages as the plugin. */
function folderOf(file) {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return folder;
  }
  throw new Error(`${file} is in no folder with a package.json`);
}
