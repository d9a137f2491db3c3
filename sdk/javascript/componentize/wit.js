// The contract's folder, with a world for the plugin's kinds.

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The world that is made when none is given. */
const WORLD = "this-plugin";

/**
 * Calls `use` with `{ path, world, version, imports }`, where `imports` are the interfaces that the kinds may import.
 */
export async function withWorld(wit, kinds, world, use) {
  const { version, worlds } = read(wit);
  for (const kind of kinds) {
    if (!worlds.has(kind)) throw new Error(`\`${kind}\` is no kind of contract ${version}; kinds are ${[...worlds.keys()].join(", ")}`);
  }
  const imports = [...new Set(kinds.flatMap((kind) => worlds.get(kind)))];
  if (world) return use({ path: wit, world, version, imports });
  // Beside the contract and not in it, because a published version does not change.
  const path = mkdtempSync(join(tmpdir(), "sluice-wit-"));
  try {
    cpSync(wit, path, { recursive: true });
    const includes = kinds.map((kind) => `  include ${kind};\n`).join("");
    writeFileSync(join(path, `${WORLD}.wit`), `package sluice:plugin@${version};\n\nworld ${WORLD} {\n${includes}}\n`);
    return await use({ path, world: WORLD, version, imports });
  } finally {
    rmSync(path, { recursive: true });
  }
}

/** The version of the contract, and the imports of each kind's world. */
function read(wit) {
  const text = readdirSync(wit)
    .filter((name) => name.endsWith(".wit"))
    .map((name) => readFileSync(join(wit, name), "utf8").replace(/\/\/.*$/gm, ""))
    .join("\n");
  const version = /package sluice:plugin@([^;\s]+);/.exec(text)?.[1];
  if (!version) throw new Error(`${wit} has no package sluice:plugin`);
  const found = text.matchAll(/\bworld\s+([\w-]+)\s*\{([^}]*)\}/g);
  const imports = (body) => [...body.matchAll(/\bimport\s+([\w-]+)\s*;/g)].map(([, name]) => name);
  return { version, worlds: new Map([...found].map(([, name, body]) => [name, imports(body)])) };
}
