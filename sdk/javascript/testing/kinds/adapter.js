// The cases of adapters: sdk/rust/src/testing/cases.rs documents the format.

import { deepStrictEqual } from "node:assert";

import { decode, encode } from "../../lib/bytes.js";
import { exportsOf } from "../../lib/component-exports.js";
import { installHost } from "../host.js";
import { compare, merge } from "./compare.js";
import { eventsOf, framed, handOver } from "./stream.js";
import { outcome } from "./simple.js";

/** Parameters whose values an adapter never gets. */
const CREDENTIALS = [
  "api_key",
  "aws_access_key_id",
  "aws_secret_access_key",
  "aws_session_token",
  "azure_ad_token",
  "azure_password",
  "client_secret",
  "vertex_credentials",
];

const OF_MODEL_INFO = ["base_model", "max_output_tokens"];

export function runAdapter(Plugin, item) {
  const answer = item.upstream_answer;
  const { provider, opened } = open(Plugin, item);
  if (!answer) {
    if (!opened.error) throw new Error("`open` succeeded, and there is no upstream_answer");
    return compareOutcome(item.answer, { failure: opened.error });
  }
  if (opened.error) throw new Error(`\`open\` failed: ${JSON.stringify(opened.error)}`);
  checkSent(item, opened.ok);
  const { status = 200 } = answer;
  if (status < 200 || status > 299) return checkRefused(Plugin, item, provider);
  const { tag, val: framing } = opened.ok.reading;
  if (tag === "relay") return checkRelayed(item);
  if (tag === "events" && answer.body === undefined) return checkEvents(Plugin, item, framing);
  const { ok, error } = outcome(() => provider.whole(bytesOf(answer)));
  compareOutcome(item.answer, { body: ok && JSON.parse(decode(ok)), failure: error });
}

/** A new instance on a new host, after `open`. */
function open(Plugin, item) {
  const { deployment, model_info = {}, request, operation, upstream_answer } = item;
  const info = Object.entries(model_info).filter(([name]) => OF_MODEL_INFO.includes(name));
  const all = [...Object.entries(deployment), ...info];
  installHost(
    {
      request,
      operation: operation ?? "chat-completions",
      parameters: Object.fromEntries(all.filter(([name]) => !CREDENTIALS.includes(name))),
      credentials: all.map(([name]) => name).filter((name) => CREDENTIALS.includes(name)),
      responseHeaders: upstream_answer?.headers ?? {},
    },
    ["provider-adapter"],
  );
  const { provider } = exportsOf(Plugin, ["provider-adapter"]);
  return { provider, opened: outcome(() => provider.open(targetOf(deployment))) };
}

function targetOf({ model }) {
  const [provider, ...name] = model.split("/");
  return { provider, model: name.join("/") };
}

function checkSent({ upstream_request: expected, request }, sent) {
  if (!expected) throw new Error("`open` succeeded, and there is no upstream_request to compare with");
  const { method, path, headers = {}, body } = expected;
  deepStrictEqual({ method: method && sent.method, path: path && sent.pathAndQuery }, { method, path });
  for (const [name, value] of Object.entries(headers)) {
    deepStrictEqual(sent.headers.find((header) => header.name.toLowerCase() === name.toLowerCase())?.value, value, `header ${name}`);
  }
  if (body !== undefined) compare("upstream_request.body", body, sentBody(sent.body, request));
}

/** The body as the host would send it. */
function sentBody({ tag, val }, request) {
  if (tag === "empty") return null;
  if (tag === "unchanged") return request;
  if (tag === "merge-patch") return merge(request, JSON.parse(decode(val)));
  return tag === "upload" ? { upload: val } : JSON.parse(decode(val));
}

/** Calls `refuse` on an instance that has seen `open` and on one that has not: the host may use either. */
function checkRefused(Plugin, item, provider) {
  const { status } = item.upstream_answer;
  const refuse = (instance) => instance.refuse(targetOf(item.deployment), status, bytesOf(item.upstream_answer));
  const failure = refuse(provider);
  deepStrictEqual(refuse(exportsOf(Plugin, ["provider-adapter"]).provider), failure, "`refuse` depends on `open`");
  compareOutcome(item.answer, { failure });
}

function checkRelayed({ answer: expected, upstream_answer: answer }) {
  if (!expected) return;
  const chunks = expected.chunks && eventsOf(answer, bytesOf(answer), "server-sent-events").map(({ data }) => JSON.parse(decode(data)));
  compareOutcome(expected, { body: expected.body && JSON.parse(decode(bytesOf(answer))), chunks });
}

/** Twice: in one batch, and one event at a time. Only chunks of the batch that fails may be missing. */
function checkEvents(Plugin, item, framing) {
  const events = eventsOf(item.upstream_answer, bytesOf(item.upstream_answer), framing);
  const run = (batches) => handOver(open(Plugin, item).provider, batches);
  const oneByOne = run(events.map((event) => [event]));
  const atOnce = run([events]);
  compareOutcome(item.answer, oneByOne);
  if (!(atOnce.failure && oneByOne.failure)) deepStrictEqual(atOnce, oneByOne, "batches change what the stream says");
}

function compareOutcome(expected, { body, chunks, failure }) {
  if (!expected) throw new Error("the adapter does not relay, so the case needs an `answer`");
  if (!expected.error && failure) throw new Error(`the adapter failed: ${JSON.stringify(failure)}`);
  if (expected.error && !failure) throw new Error(`expected the failure ${JSON.stringify(expected.error)}, got none`);
  for (const [name, value] of Object.entries(expected.error ?? {})) {
    const field = name === "retry_after_ms" ? "retryAfterMs" : name;
    compare(`answer.error.${name}`, value, failure[field] ?? null);
  }
  if (expected.body !== undefined) compare("answer.body", expected.body, body);
  if (expected.chunks !== undefined) compare("answer.chunks", expected.chunks, chunks);
}

function bytesOf({ body, text, events }) {
  if (body !== undefined) return encode(JSON.stringify(body));
  return encode(text ?? (events ? framed(events) : ""));
}
