// The examples of the README load, and are plugins of their kinds.

import { strictEqual } from "node:assert";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

import { KINDS } from "../lib/kinds/index.js";
import { check } from "../lib/manifest.js";

const SDK = fileURLToPath(new URL("../", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "sluice-readme-"));
after(() => rmSync(scratch, { recursive: true }));
mkdirSync(join(scratch, "node_modules"));
symlinkSync(SDK, join(scratch, "node_modules/sluice-plugin"));

const blocks = [...readFileSync(join(SDK, "README.md"), "utf8").matchAll(/```js\n([^]*?)```/g)].map(([, code]) => code);
const plugins = blocks.filter((code) => code.includes("export default definePlugin"));

test("every kind has an example", async () => {
  const found = new Set();
  for (const [at, code] of plugins.entries()) {
    const file = join(scratch, `${at}.mjs`);
    writeFileSync(file, code);
    const { default: Plugin } = await import(pathToFileURL(file));
    const kinds = Object.keys(KINDS).filter((kind) => KINDS[kind].methods.every((method) => method in Plugin.prototype));
    check(Plugin, kinds);
    for (const kind of kinds) found.add(kind);
  }
  strictEqual(found.size, Object.keys(KINDS).length);
});
