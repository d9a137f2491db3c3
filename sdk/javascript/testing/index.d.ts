import type { PluginClass } from "../index.js";

export type Kind =
  | "routing-strategy"
  | "guardrail-check"
  | "logging-callback"
  | "request-hook"
  | "periodic-task"
  | "provider-adapter";

/** What the imports answer. Everything has a default. */
export interface HostOptions {
  settings?: object;
  /** The canonical request. */
  request?: Record<string, unknown>;
  operation?: string;
  attributes?: Record<string, string>;
  promptTokens?: number;
  seed?: number;
  startedMs?: number;
  /** Of the deployment, without credentials. */
  parameters?: Record<string, unknown>;
  /** Names of parameters that are set to credentials. */
  credentials?: string[];
  responseHeaders?: Record<string, string>;
  /** How many candidates there are. */
  candidates?: number;
  /** Columns of numbers by name; one that is not given is all 0. A number may be `"NaN"`, `"inf"` or `"-inf"`. */
  columns?: Record<string, (number | string)[]>;
  /** Columns of texts by name; `tags` as `a,b`. */
  words?: Record<string, string[]>;
  /** Attributes of `model_info` by name. */
  info?: Record<string, unknown[]>;
  /** Texts by key that are there already. */
  state?: Record<string, string>;
  notes?: Record<string, string>;
  /** Answers requests. Default: every host is denied. */
  http?: (request: SentRequest) => { status?: number; headers?: Record<string, string>; body?: unknown } | { error: string; detail?: string };
}

export interface SentRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string;
}

/** What the plugin left. */
export interface Left {
  readonly state: Record<string, string>;
  readonly notes: Record<string, string>;
  readonly published: Record<string, unknown>;
  readonly logged: { level: string; message: string }[];
  readonly sent: SentRequest[];
}

/** Makes this the host of all plugins until the next call. `kinds`: only what these kinds may import is there. */
export function installHost(options?: HostOptions, kinds?: Kind[]): Left;

/** Registers a test of `node --test` for each case of a file, or of all files of a folder. */
export function runCases(plugin: PluginClass, kind: Kind, place: URL | string): void;

/** The plugin of a module in JavaScript or TypeScript: its default export. TypeScript is bundled into `build/` first. */
export function load(place: URL | string): Promise<PluginClass>;

/** A module in JavaScript or TypeScript. */
export function loadModule(place: URL | string): Promise<any>;
