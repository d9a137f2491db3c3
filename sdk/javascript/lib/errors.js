// Errors that a plugin throws to give the host a result. Anything else that is thrown is a bug of the plugin: it is logged with
// its stack, and the host gets the kind's own word for that.

class PluginError extends Error {
  constructor(message) {
    super(message);
    this.name = new.target.name;
  }
}

/** The settings cannot be used. What the constructor of a plugin throws counts as this. */
export class BadSettings extends PluginError {}

/** Something that the plugin needs is away, such as its service. */
export class Unavailable extends PluginError {}

/** Of a strategy: none of the candidates should be tried. */
export class NoneSuitable extends PluginError {}

/** Of a callback: try these records again later. */
export class Retry extends PluginError {}

/** Of a callback: drop these records. */
export class Reject extends PluginError {}

/** Of an adapter: what went wrong, for the client and for the choice of what to do next. */
export class Failure extends PluginError {
  constructor(fault, message, { code, parameter, retryAfterMs } = {}) {
    super(message);
    this.fault = fault;
    this.code = code;
    this.parameter = parameter;
    this.retryAfterMs = retryAfterMs;
  }

  static badRequest(parameter, message) {
    return new Failure("bad-request", message, { parameter });
  }

  static unsupported(parameter, message) {
    return new Failure("unsupported", message, { parameter });
  }

  static malformed(what) {
    return new Failure("malformed-answer", `the provider's answer cannot be read: ${what}`);
  }

  /** Reads `{"error": {"message", "type", "param", "code"}}`, or judges by the status alone. */
  static fromOpenAi(status, body) {
    const { message = `the provider answered ${status}`, type, param, code } = detailOf(body);
    const word = code ?? type;
    return new Failure(faultOf(status, word, message), message, { code: word, parameter: param });
  }
}

function detailOf(body) {
  let document;
  try {
    document = body.json();
  } catch {
    return {};
  }
  const error = document?.error ?? document;
  if (typeof error === "string") return { message: error };
  const texts = Object.entries(error ?? {}).filter(([, value]) => typeof value === "string" || typeof value === "number");
  return Object.fromEntries(texts.map(([name, value]) => [name, String(value)]));
}

// Codes come before statuses, since providers use codes more consistently.
const FAULT_OF_CODE = {
  context_length_exceeded: "context-window-exceeded",
  content_filter: "content-filtered",
  content_policy_violation: "content-filtered",
  insufficient_quota: "quota-exhausted",
  invalid_api_key: "authentication",
};

const FAULT_OF_STATUS = {
  401: "authentication",
  402: "quota-exhausted",
  403: "permission-denied",
  404: "not-found",
  408: "timeout",
  429: "rate-limited",
  503: "overloaded",
  504: "timeout",
  529: "overloaded",
};

function faultOf(status, code, message) {
  if (Object.hasOwn(FAULT_OF_CODE, code ?? "")) return FAULT_OF_CODE[code];
  const isTooLong = /context (length|window)|prompt is too long|too many tokens|input is too long/i.test(message);
  if (isTooLong && [400, 413, 422].includes(status)) return "context-window-exceeded";
  return FAULT_OF_STATUS[status] ?? (status >= 400 && status < 500 ? "bad-request" : "upstream-error");
}
