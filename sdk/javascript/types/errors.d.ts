import type { Body } from "./imports.js";

/** The settings cannot be used. */
export class BadSettings extends Error {}

/** Something that the plugin needs is away, such as its service. */
export class Unavailable extends Error {}

/** Of a strategy: none of the candidates should be tried. */
export class NoneSuitable extends Error {}

/** Of a callback: try these records again later. */
export class Retry extends Error {}

/** Of a callback: drop these records. */
export class Reject extends Error {}

/** Thrown by imports. `code` is the case of the contract's error, such as `access-denied`, `timeout` or `too-large`. */
export class HostError extends Error {
  readonly code: string;
}

/** `wit/0.2.1/provider.wit` says what each means. */
export type Fault =
  | "bad-request"
  | "context-window-exceeded"
  | "content-filtered"
  | "authentication"
  | "permission-denied"
  | "not-found"
  | "rate-limited"
  | "quota-exhausted"
  | "overloaded"
  | "timeout"
  | "upstream-error"
  | "malformed-answer"
  | "unsupported";

/** Of an adapter: what went wrong. The message is for the client. */
export class Failure extends Error {
  constructor(fault: Fault, message: string, options?: { code?: string; parameter?: string; retryAfterMs?: number });
  readonly fault: Fault;
  readonly code?: string;
  readonly parameter?: string;
  readonly retryAfterMs?: number;
  /** A mistake of the client in this parameter of the request. */
  static badRequest(parameter: string, message: string): Failure;
  /** The provider cannot do what this parameter asks for. */
  static unsupported(parameter: string, message: string): Failure;
  /** The answer does not follow the provider's wire format. */
  static malformed(what: string): Failure;
  /** Reads `{"error": {"message", "type", "param", "code"}}`; a body that is not of this form is judged by its status alone. */
  static fromOpenAi(status: number, body: Body): Failure;
}
