// One ES module of the plugin, the SDK and the glue between them. esbuild also strips TypeScript's types.

import { fileURLToPath } from "node:url";

import { KINDS } from "../lib/kinds/index.js";
import { tool } from "./tools.js";

const SDK = fileURLToPath(new URL("../index.js", import.meta.url));
const COMPONENT = fileURLToPath(new URL("../lib/component.js", import.meta.url));

export async function bundle({ folder, entry, kinds, contract, tools }) {
  const { build } = await tool("esbuild", tools);
  const result = await build({
    stdin: { contents: glue(entry, kinds, contract), resolveDir: folder, sourcefile: "component.js" },
    absWorkingDir: folder,
    // The SDK that builds is the SDK inside, even where node_modules has another copy: two copies would not share the imports.
    alias: { "sluice-plugin/component": COMPONENT, "sluice-plugin": SDK },
    bundle: true,
    external: ["sluice:*"],
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    target: "es2022",
    // Plugins are text to their reader: stack traces in the gateway's log name functions and lines.
    minify: false,
    charset: "utf8",
    legalComments: "none",
    write: false,
    logLevel: "silent",
  }).catch((error) => {
    throw new Error(error.errors?.map(described).join("\n") ?? error.message);
  });
  return result.outputFiles[0].text;
}

/** Imports exactly what the kinds may import: an import that the world lacks is an error of the engine's. */
function glue(entry, kinds, { version, imports }) {
  const path = entry.startsWith(".") || entry.startsWith("/") ? entry : `./${entry}`;
  const exported = ["about", ...kinds.map((kind) => KINDS[kind].interface)];
  return `
    import { component } from "sluice-plugin/component";
    ${imports.map((name) => `import * as ${name} from "sluice:plugin/${name}@${version}";`).join("\n")}
    import * as plugin from ${JSON.stringify(path)};
    const made = component(plugin.default, ${JSON.stringify(kinds)}, { ${imports.join(", ")} });
    ${exported.map((name) => `export const ${name} = made.${name};`).join("\n")}
  `;
}

function described({ text, location, notes = [] }) {
  const hint = /Could not resolve "(node:)?(fs|net|http|https|path|os|crypto|child_process|stream|url|util)/.test(text)
    ? " A component has no Node.js: use the SDK's `http`, `state`, `notes` and `log`."
    : "";
  const at = location ? `${location.file}:${location.line}:${location.column + 1}: ` : "";
  return [`${at}${text}.${hint}`, ...notes.map((note) => note.text)].join("\n  ");
}
