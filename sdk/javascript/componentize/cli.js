#!/usr/bin/env node
// Builds a plugin's folder into a component. BUILD.md documents it.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

import { bundle } from "./bundle.js";
import { componentize } from "./componentize.js";
import { withWorld } from "./wit.js";

const USAGE = `usage: sluice-plugin-build --wit DIR --kinds KIND[,KIND…] --out FILE.wasm [FOLDER]
  --wit DIR      the contract, such as wit/0.2.1
  --kinds LIST   the kinds that the plugin is, as in plugin.yaml
  --out FILE     where the component goes
  --world NAME   a world of DIR with the imports and exports of these kinds; made when it is not given
  --entry FILE   the plugin's module; default: "main" of package.json, else src/index.ts or src/index.js
  --tools DIR    a folder whose node_modules has esbuild and the engine, if the plugin's folder has none
  --engine NAME  quickjs (default), quickjs-small or starlingmonkey`;

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      wit: { type: "string" },
      kinds: { type: "string" },
      out: { type: "string" },
      world: { type: "string" },
      entry: { type: "string" },
      tools: { type: "string" },
      engine: { type: "string", default: "quickjs" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help || !values.wit || !values.kinds || !values.out) {
    console.error(USAGE);
    process.exit(values.help ? 0 : 2);
  }
  const folder = resolve(positionals[0] ?? ".");
  const kinds = values.kinds.split(",").map((kind) => kind.trim());
  const tools = [folder, values.tools && resolve(values.tools)].filter(Boolean);
  await withWorld(resolve(values.wit), kinds, values.world, async (contract) => {
    const source = await bundle({ folder, entry: values.entry ?? entryOf(folder), kinds, contract, tools });
    const component = await componentize({ source, contract, engine: values.engine, tools });
    writeFileSync(values.out, component);
    console.error(`${values.out}: ${Math.round(component.length / 1000)} kB, ${kinds.join(", ")}, ${values.engine}`);
  });
}

function entryOf(folder) {
  const file = join(folder, "package.json");
  const main = existsSync(file) && JSON.parse(readFileSync(file, "utf8")).main;
  const found = main || ["src/index.ts", "src/index.js"].find((name) => existsSync(join(folder, name)));
  if (!found) throw new Error(`${folder} has neither src/index.ts nor src/index.js, and package.json names no "main"`);
  return found;
}

main().catch((error) => {
  console.error(`error: ${process.env.SLUICE_DEBUG ? error.stack : error.message}`);
  process.exit(1);
});
