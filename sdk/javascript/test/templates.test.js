// The templates as an author has them: copied, with the SDK in node_modules. Their cases always run. If SLUICE_PLUGIN_TOOLS names a folder
// whose node_modules has esbuild and componentize-qjs, TypeScript's cases run too, and every template is built.

import { ok, strictEqual } from "node:assert";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const SDK = fileURLToPath(new URL("../", import.meta.url));
const CONTRACT = join(SDK, "../../wit/0.2.1");
const TOOLS = process.env.SLUICE_PLUGIN_TOOLS;
/** More than three times what a template has today, and far from the gateway's own limit. */
const COMPONENT_BYTES_MAX = 6_000_000;

const scratch = mkdtempSync(join(tmpdir(), "sluice-templates-"));
after(() => rmSync(scratch, { recursive: true }));

function copied(language, kind) {
  const folder = join(scratch, language, kind);
  cpSync(join(SDK, "templates", language, kind), folder, { recursive: true });
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(SDK, join(folder, "node_modules/sluice-plugin"));
  for (const name of TOOLS ? ["esbuild", "@esbuild"] : []) link(join(TOOLS, "node_modules", name), join(folder, "node_modules", name));
  return folder;
}

const link = (from, to) => existsSync(from) && symlinkSync(from, to);

function run(folder, ...args) {
  // A test of `node --test` that runs another one must not pass on that it is a test.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8", env });
  strictEqual(status, 0, `${stdout}\n${stderr}`);
}

for (const language of ["javascript", "typescript"]) {
  for (const kind of readdirSync(join(SDK, "templates", language))) {
    const options = { skip: language === "typescript" && !TOOLS && "SLUICE_PLUGIN_TOOLS is not set" };
    test(`${language}/${kind}`, options, () => {
      const folder = copied(language, kind);
      const [, kinds] = /^kinds: \[(.*)\]$/m.exec(readFileSync(join(folder, "plugin.yaml"), "utf8"));
      ok(kinds.split(", ").includes(kind), "plugin.yaml names the kind of the folder");
      run(folder, "--test", "test/");
      if (!TOOLS) return;
      const out = join(folder, "plugin.wasm");
      run(folder, join(SDK, "componentize/cli.js"), "--wit", CONTRACT, "--kinds", kinds, "--tools", TOOLS, "--out", out);
      ok(statSync(out).size < COMPONENT_BYTES_MAX);
    });
  }
}
