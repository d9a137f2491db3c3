// What the plugin's imports lead to: the interfaces of the component, or a test's fakes.

let interfaces = {};

/** Connects the imports. A component does it once; a test does it for each fake host. */
export function connect(to) {
  interfaces = to;
}

/** An interface by its name in the contract. */
export function host(name) {
  const found = interfaces[name];
  if (!found) throw new Error(`\`${name}\` is not there: ${why(name)}`);
  return found;
}

function why(name) {
  return Object.keys(interfaces).length === 0
    ? "call imports from the plugin's methods, not while its modules load; in tests, call `installHost` first"
    : `the plugin's kinds may not import it (see wit/README.md), among ${Object.keys(interfaces).join(", ")}`;
}

/**
 * Calls a host function whose result may be an error. Both engines throw an error whose `payload` is the contract's variant;
 * `make` turns that into the error that the plugin gets.
 */
export function attempt(call, make) {
  try {
    return call();
  } catch (error) {
    const payload = error?.payload ?? error;
    if (typeof payload?.tag === "string") throw make(payload.tag, payload.val);
    throw error;
  }
}

/** An error of the host: `code` is the case in the contract, such as `access-denied`. */
export class HostError extends Error {
  constructor(name, code, detail) {
    super(typeof detail === "string" ? `${code}: ${detail}` : code);
    this.name = name;
    this.code = code;
  }
}
