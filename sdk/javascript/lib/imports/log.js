import { wellFormed } from "../bytes.js";
import { host } from "../host.js";

/** As `console.log` would show it, roughly: texts as they are, errors with their stack, the rest as JSON. */
function shown(part) {
  if (typeof part === "string") return part;
  if (part instanceof Error) return `${part.name}: ${part.message}${part.stack ? `\n${part.stack}` : ""}`;
  try {
    return JSON.stringify(part) ?? String(part);
  } catch {
    return String(part);
  }
}

const write = (level) => (...parts) => host("log").write(level, wellFormed(parts.map(shown).join(" ")));

export const log = { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
