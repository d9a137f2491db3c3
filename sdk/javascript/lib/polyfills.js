// Globals that libraries expect and QuickJS lacks. Loaded before the plugin, so that its modules find them.

import { decode, encode } from "./bytes.js";
import { log } from "./imports/log.js";

if (typeof globalThis.TextEncoder === "undefined") {
  globalThis.TextEncoder = class TextEncoder {
    static isNative = false;
    encoding = "utf-8";
    encode(text = "") {
      return encode(String(text));
    }
  };
}

if (typeof globalThis.TextDecoder === "undefined") {
  globalThis.TextDecoder = class TextDecoder {
    static isNative = false;
    encoding = "utf-8";
    decode(bytes = new Uint8Array()) {
      return decode(bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes.buffer ?? bytes));
    }
  };
}

/** In a component only: tests keep the console of Node.js. */
export function installConsole() {
  globalThis.console = { debug: log.debug, log: log.info, info: log.info, warn: log.warn, error: log.error, trace: log.debug };
}
