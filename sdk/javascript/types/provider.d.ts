import type { Failure } from "./errors.js";
import type { Body, Headers } from "./imports.js";

/** How the host proves who we are. The texts name parameters of the configuration, never their values. */
export type Auth =
  | "none"
  | { bearer: string }
  /** [name of the header, parameter] */
  | { header: [string, string] }
  /** [name in the query, parameter] */
  | { query: [string, string] }
  | { awsSigv4: string }
  | { googleOauth: string }
  | { other: [string, string] };

export interface ProviderInfo {
  /** Prefix in `model: prefix/name`. */
  name: string;
  /** Where it lives unless `api_base` says otherwise. Empty, the default, when the configuration must say. */
  apiBase?: string;
  auth?: Auth;
  /** Environment variables by parameter: `{ api_key: "ACME_API_KEY" }`. */
  environment?: Record<string, string>;
  /** Default: `chat-completions`. */
  operations?: string[];
  /** `instructed`: models go on with an answer that broke off, when they are shown it and asked to. */
  continuation?: "none" | "instructed";
  /** Whether a missing credential is no fault. */
  credentialIsOptional?: boolean;
  extras?: Record<string, string>;
}

export interface Target {
  provider: string;
  /** Without its prefix. */
  model: string;
}

export type RequestBody =
  | "empty"
  /** The canonical request, untouched. */
  | "unchanged"
  /** The same, after a JSON Merge Patch: the body never enters the component. */
  | { patch: unknown }
  | { json: unknown }
  | { bytes: Uint8Array }
  /** Of a form: the content of the file of this field. */
  | { upload: string };

/** `relay`: the answer is in the canonical form already. The last three are streams of events. */
export type Reading = "relay" | "whole" | "server-sent-events" | "json-lines" | "aws-event-stream";

export interface UpstreamRequest {
  /** Default: `POST`. */
  method?: string;
  /** Joined to the deployment's base; begins with `/`. */
  path: string;
  /** Without those that carry credentials. */
  headers?: Headers;
  /** Default: `empty`. */
  body?: RequestBody;
  reading: Reading;
  /** In place of the provider's, for this attempt. */
  auth?: Auth;
  extras?: Record<string, string>;
}

/** `name` is the event's type, empty when the stream names none. */
export interface Event extends Body {
  readonly name: string;
}

/** Yielded after the last chunk: the client's stream ends, and `finish` is not called. */
export const DONE: unique symbol;

export type Chunk = object | typeof DONE;

/** Speaks a provider's wire format, without I/O and without credentials. Every method may throw `Failure`. `provider-adapter` */
export interface ProviderAdapter {
  /** Called once when the plugin is loaded. */
  providers(): ProviderInfo[];
  /** Begins an attempt: what to send, and how to read the answer. It must reset what an earlier attempt left. Within 20 ms. */
  open(target: Target): UpstreamRequest;
  /** After `whole`: the canonical answer. Also for a stream that answers a whole document all the same. */
  whole?(body: Body): object | string | Uint8Array;
  /**
   * After a reading of events: the chunks for those that arrived in one read; a generator is the natural form. A failure after chunks of
   * the same batch does not lose them: the SDK tells it with the next call.
   */
  events?(batch: Event[]): Iterable<Chunk>;
  /** The upstream ended: chunks still owed. A stream that broke off before its own end is a failure. */
  finish?(): Iterable<Chunk>;
  /** A non-2xx answer, maybe on an instance that has not seen `open`. Default: `Failure.fromOpenAi`. */
  refuse?(target: Target, status: number, body: Body): Failure;
}

export interface Usage {
  promptTokens?: number;
  completionTokens?: number;
  [name: string]: unknown;
}

export type FinishReason = "stop" | "length" | "tool_calls" | "content_filter";

/** A whole chat completion with one choice. `id` and `created` default to the exchange's. */
export function chatCompletion(answer: {
  id?: string;
  created?: number;
  model: string;
  content?: string | null;
  toolCalls?: object[];
  finishReason?: FinishReason;
  usage?: Usage;
}): object;

/** Makes the chunks of one streamed chat completion. */
export class ChatChunks {
  constructor(answer: { id?: string; created?: number; model: string });
  /** The first chunk. */
  role(): object;
  content(text: string): object;
  /** Any other delta, such as `{ tool_calls: […] }`. */
  delta(delta: object, finishReason?: FinishReason | null): object;
  finish(reason: FinishReason): object;
  /** The last chunk. The host leaves it out where the client did not ask for usage. */
  usage(usage: Usage): object;
}

/** The text of a message's `content`; `undefined` if a part of it is no text. */
export function textOf(content: any): string | undefined;
