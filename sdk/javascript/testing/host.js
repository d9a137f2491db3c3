// Fakes of the imports, in the form in which an engine gives them to the SDK: what tests run is what components run.

import { connect } from "../lib/host.js";
import { decode, encode } from "../lib/bytes.js";
import { KINDS } from "../lib/kinds/index.js";
import { candidatesOf } from "./candidates.js";

const DEFAULTS = {
  settings: {},
  request: {},
  operation: "chat-completions",
  seed: 1,
  startedMs: 0,
  promptTokens: undefined,
  attributes: {},
  parameters: {},
  credentials: [],
  responseHeaders: {},
  candidates: 0,
  columns: {},
  words: {},
  info: {},
  http: () => ({ error: "access-denied" }),
};

/** What the contract calls an error, as engines throw it. */
function failure(tag, val) {
  return Object.assign(new Error(tag), { payload: { tag, val } });
}

/**
 * Makes this the host of all plugins until the next call. Returns what the plugin left: `state`, `notes` (texts by key),
 * `published` (values by name), `logged` (`{ level, message }`) and `sent` (HTTP requests).
 */
export function installHost(options = {}, kinds = Object.keys(KINDS)) {
  const given = { ...DEFAULTS, ...options };
  const left = { state: new Map(), notes: new Map(), published: {}, logged: [], sent: [] };
  for (const name of ["state", "notes"]) {
    for (const [key, text] of Object.entries(options[name] ?? {})) left[name].set(key, encode(text));
  }
  const all = {
    settings: { get: () => JSON.stringify(given.settings) },
    log: { write: (level, message) => left.logged.push({ level, message }) },
    exchange: exchangeOf(given),
    deployment: deploymentOf(given),
    candidates: candidatesOf(given),
    state: stateOf(left.state),
    notes: notesOf(left),
    http: { send: (request) => send(given, left, request) },
  };
  const granted = new Set(kinds.flatMap((kind) => KINDS[kind].imports));
  connect(Object.fromEntries(Object.entries(all).filter(([name]) => granted.has(name))));
  return {
    published: left.published,
    logged: left.logged,
    sent: left.sent,
    get state() {
      return texts(left.state);
    },
    get notes() {
      return texts(left.notes);
    },
  };
}

const texts = (map) => Object.fromEntries([...map].map(([key, bytes]) => [key, decode(bytes)]));

function exchangeOf({ request, operation, attributes, promptTokens, startedMs, seed }) {
  const body = JSON.stringify(request);
  return {
    id: () => "test",
    operation: () => operation,
    modelGroup: () => request.model ?? "",
    isStreaming: () => request.stream === true,
    field: (name) => (Object.hasOwn(request, name) ? JSON.stringify(request[name]) : undefined),
    body: () => encode(body),
    promptTokens: () => promptTokens ?? Math.floor(body.length / 4),
    attribute: (name) => attributes[name],
    startedMs: () => startedMs,
    seed: () => seed,
  };
}

function deploymentOf({ parameters, credentials, responseHeaders }) {
  const headers = new Map(Object.entries(responseHeaders).map(([name, value]) => [name.toLowerCase(), value]));
  return {
    parameter: (name) => (Object.hasOwn(parameters, name) ? JSON.stringify(parameters[name]) : undefined),
    hasParameter: (name) => Object.hasOwn(parameters, name) || credentials.includes(name),
    responseHeader: (name) => headers.get(name.toLowerCase()),
  };
}

function stateOf(values) {
  return {
    get: (key) => values.get(key),
    set(key, value) {
      if (value.length > 64 << 10) throw failure("too-large");
      values.set(key, value);
    },
    increment(key, delta) {
      const sum = Number(values.has(key) ? decode(values.get(key)) : 0) + delta;
      values.set(key, encode(String(sum)));
      return sum;
    },
  };
}

function notesOf({ notes, published }) {
  return {
    get: (key) => notes.get(key),
    put: (key, value) => void notes.set(key, value),
    publish: (name, json) => void (published[name] = JSON.parse(json)),
  };
}

/** The test's `http` gets `{ method, url, headers, body }`, the body as text, and returns `{ status, headers, body }` or `{ error }`. */
function send({ http }, { sent }, { method, url, headers, body }) {
  const request = { method, url, headers: Object.fromEntries(headers.map(({ name, value }) => [name, value])), body: decode(body) };
  sent.push(request);
  const { error, detail = "", status = 200, headers: answered = {}, body: content = "" } = http(request);
  if (error) throw failure(error, ["unreachable", "invalid", "other"].includes(error) ? detail : undefined);
  return {
    status,
    headers: Object.entries(answered).map(([name, value]) => ({ name, value })),
    body: encode(typeof content === "string" ? content : JSON.stringify(content)),
  };
}
