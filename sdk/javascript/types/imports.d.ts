/** Bytes with the methods of `Response`, but at once. */
export interface Body {
  readonly bytes: Uint8Array;
  text(): string;
  /** Throws `SyntaxError` if it is no JSON. */
  json(): any;
}

/** The operator's settings. The constructor gets the same. */
export const settings: { get(): any };

/** Log lines, tagged by the host. Lines over 4 KiB are cut, lines over 64 in one call are dropped. `console` writes here too. */
export const log: Record<"debug" | "info" | "warn" | "error", (...parts: unknown[]) => void>;

/**
 * The exchange being worked on. Neutral: `id`, `operation`, `modelGroup`, `isStreaming`, `promptTokens`, `startedMs`, `seed`; `field` of
 * booleans, null, numbers and `model`. An instance that has read anything else serves no other exchange.
 */
export const exchange: {
  id(): string;
  operation(): string;
  modelGroup(): string;
  isStreaming(): boolean;
  /** One top-level field of the canonical request; `undefined` when it is absent. */
  field(name: string): any;
  /** The canonical request. */
  body(): any;
  rawBody(): Body;
  promptTokens(): number;
  /** `wit/0.2.1/exchange.wit` lists the names. */
  attribute(name: string): string | undefined;
  header(name: string): string | undefined;
  tags(): string[];
  startedMs(): number;
  /** The seed of `randomNumbers`. */
  seed(): number;
};

interface Store {
  get(key: string): Uint8Array | undefined;
  text(key: string): string | undefined;
  json(key: string): any;
}

/**
 * A small shared store that outlives exchanges. An instance that has read content may not write to it (`access-denied`), except in
 * callbacks. Methods throw `HostError`.
 */
export const state: Store & {
  /** `ttlMs` 0 keeps the value until it is replaced or evicted. */
  set(key: string, value: string | Uint8Array, ttlMs?: number): void;
  setJson(key: string, value: unknown, ttlMs?: number): void;
  /** Adds and returns the sum. `ttlMs` applies when the key is made. */
  increment(key: string, delta?: number, ttlMs?: number): number;
};

/** Notes of one exchange: what one call leaves, a later one finds, of whatever kind. Not for callbacks, tasks and adapters. */
export const notes: Store & {
  put(key: string, value: string | Uint8Array): void;
  putJson(key: string, value: unknown): void;
  /** Adds a fact to the record of the exchange, which callbacks get. */
  publish(name: string, value: unknown): void;
};

export type Headers = Record<string, string | number> | [string, string][];

export interface HttpRequest {
  /** Absolute. The host must be asked for in the manifest and allowed by the operator. */
  url: string;
  /** Default: `POST` if there is a body, else `GET`. */
  method?: string;
  headers?: Headers;
  body?: string | Uint8Array;
  /** In place of `body`: sent as JSON, with its content type. */
  json?: unknown;
  /** From the call to the last byte of the answer. 0, the default, is the host's limit. */
  timeoutMs?: number;
}

export interface HttpResponse extends Body {
  readonly status: number;
  /** Whether the status is 2xx. */
  readonly ok: boolean;
  /** (name in lower case, value) pairs. */
  readonly headers: [string, string][];
  header(name: string): string | undefined;
}

/** Outbound HTTP. Not for strategies and adapters. Any status is an answer; redirects are not followed. Throws `HostError`. */
export const http: { send(request: HttpRequest): HttpResponse };

export type NumberColumn =
  | "weights"
  | "orders"
  | "in-flight"
  | "latency-seconds"
  | "first-token-seconds"
  | "tokens-per-second"
  | "sample-ages"
  | "failure-rates"
  | "requests-this-minute"
  | "tokens-this-minute"
  | "request-limits"
  | "token-limits"
  | "input-prices"
  | "output-prices";

export type TextColumn = "ids" | "providers" | "models" | "regions";

/** The deployments that a strategy may choose among, as columns: entry i of each is candidate i. All of it is neutral. */
export const candidates: {
  count(): number;
  /** 0 to `count()` - 1. */
  indexes(): number[];
  /** NaN where a number is not known. `wit/0.2.1/candidates.wit` says what each column is. */
  numbers(column: NumberColumn): number[];
  /** A column by its name, such as `context-windows`; `undefined` if the host does not have it. */
  measured(name: string): number[] | undefined;
  texts(column: TextColumn): string[];
  tags(): string[][];
  /** One attribute of each deployment's `model_info`; `undefined` where it has none. */
  info(name: string): any[];
  /** Which candidates are such. A word may end in `*`, but for a region. */
  having(fact: "id" | "provider" | "model" | "tag" | "region", word: string): boolean[];
  /** Which candidates have no room for this exchange in this minute. */
  exhausted(): boolean[];
  /** All indexes, ordered by these columns, lowest first: by the second where the first says equal, and so on. NaN is last. */
  by(...columns: (number[] | boolean[] | string[])[]): number[];
};

/** Of an adapter: the deployment being attempted. */
export const deployment: {
  /** One parameter of `litellm_params`; `undefined` when it is absent or a credential. */
  parameter(name: string): any;
  /** Whether a parameter is given, credentials included. */
  hasParameter(name: string): boolean;
  /** A header of the upstream's answer. */
  responseHeader(name: string): string | undefined;
};
