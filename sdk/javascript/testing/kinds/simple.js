// The cases of every kind but adapters. A runner calls the exports of a new component and writes what they answer as cases do.

import { deepStrictEqual } from "node:assert";

import { parse } from "../../lib/bytes.js";
import { exportsOf } from "../../lib/component-exports.js";
import { KINDS } from "../../lib/kinds/index.js";
import { installHost } from "../host.js";

/** A new instance with this host. `left` is what it leaves there. */
function begin(Plugin, kind, options) {
  const left = installHost(options, [kind]);
  return { exported: exportsOf(Plugin, [kind])[KINDS[kind].interface], left };
}

/** Calls; an error of the contract is a value here. What is thrown else fails the test with its stack. */
export function outcome(call) {
  try {
    return { ok: call() };
  } catch (error) {
    if (error instanceof Error) throw error;
    return { error };
  }
}

function unwrapped({ ok, error }, left) {
  if (error === undefined) return ok;
  const logged = left.logged.map(({ message }) => message).join("\n");
  throw new Error(`it failed: ${JSON.stringify(error)}\n${logged}`);
}

export function runStrategy(Plugin, { settings, request = {}, attributes, started_ms: startedMs = 0, columns, words, candidates, seed = 0, rank, error }) {
  const options = { settings, request, attributes, startedMs, columns, words, candidates, seed };
  const { exported } = begin(Plugin, "routing-strategy", given(options));
  const got = outcome(() => exported.rank());
  if (got.error) return deepStrictEqual({ error: saidBy(got.error) }, { error });
  deepStrictEqual({ rank: got.ok }, { rank: rank ?? [] });
}

const saidBy = ({ tag, val }) => (tag === "none-suitable" ? `none suitable: ${val}` : val);

/** Without what is not given, so that defaults apply. */
const given = (options) => Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

export function runGuardrail(Plugin, { settings, stage, passages, request, attributes, notes, verdict }) {
  const { exported, left } = begin(Plugin, "guardrail-check", given({ settings, request, attributes, notes }));
  const shown = passages.map((passage) => ({ before: "", ...passage }));
  const got = unwrapped(outcome(() => exported.inspect(stage, shown)), left);
  const written = writtenVerdict(got);
  // A case may leave the message out.
  if (verdict.block && verdict.message === undefined) delete written.message;
  deepStrictEqual(written, verdict);
}

function writtenVerdict({ tag, val }) {
  if (tag === "pass") return "pass";
  if (tag === "hold") return { hold: val };
  if (tag === "block") return { block: val.code, message: val.message };
  return { rewrite: val.map(({ text, hold }) => (hold === 0 ? text : [text, hold])) };
}

export function runHook(Plugin, { settings, operation, request, attributes, decision, notes = {} }) {
  const { exported, left } = begin(Plugin, "request-hook", given({ settings, operation, request, attributes }));
  const got = unwrapped(outcome(() => exported.prepare()), left);
  deepStrictEqual({ decision: writtenDecision(got), notes: left.published }, { decision, notes });
}

function writtenDecision({ tag, val }) {
  if (tag === "proceed") return "proceed";
  if (tag === "answer") return { answer: val };
  if (tag === "refuse") return { refuse: [val.status, val.code, val.message, val.retryAfterMs] };
  const edits = val.edits.map(({ tag, val }) => {
    if (tag === "remove") return { remove: val };
    return { [tag]: val[0], [tag === "set" ? "to" : "value"]: parse(val[1]) };
  });
  return { change: edits, ...(val.modelGroup !== undefined && { ask: val.modelGroup }) };
}

export function runCallback(Plugin, { settings, records, http = [], outcome: expected }) {
  const { exported, left } = begin(Plugin, "logging-callback", given({ settings, http: script(http) }));
  const { error } = outcome(() => exported.deliver(records.map((record) => JSON.stringify(record))));
  deepStrictEqual(error ? { [error.tag]: error.val } : "ok", expected);
  deepStrictEqual(left.sent.length, http.length, `${left.sent.length} requests were sent, of ${http.length}`);
}

export function runPeriodic(Plugin, { settings, state = {}, http = [], wait_ms, state_before, error: expected }) {
  const options = given({ settings, http: script(http), state: state_before });
  const { exported, left } = begin(Plugin, "periodic-task", options);
  const { ok, error } = outcome(() => exported.tick());
  deepStrictEqual({ wait_ms: ok, error, state: left.state }, { wait_ms, error: expected, state });
}

/** Answers requests in the order of the case, each only if it is the one that the case expects. */
function script(steps) {
  let at = 0;
  return (request) => {
    const step = steps[at++];
    if (!step) throw new Error(`a request that the case does not expect: ${request.method} ${request.url}`);
    const { method, url, body } = step.request;
    const sent = typeof body === "string" || body === undefined ? request.body : JSON.parse(request.body);
    deepStrictEqual({ method: request.method, url: request.url, body: body && sent }, { method, url, body });
    return step.response;
  };
}

