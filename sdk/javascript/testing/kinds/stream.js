// Event streams of an adapter's case: framing, parsing, and what the adapter makes of them.

import { decode, encode } from "../../lib/bytes.js";
import { outcome } from "./simple.js";

const DONE = "data: [DONE]\n\n";

/** A text is taken as it is, such as `[DONE]`; any other value as JSON. */
const dataOf = (data) => (typeof data === "string" ? data : JSON.stringify(data));

export function framed(events) {
  return events.map(({ event, data }) => `${event ? `event: ${event}\n` : ""}data: ${dataOf(data)}\n\n`).join("");
}

/** The events that the host would hand over: without `[DONE]` and what follows. */
export function eventsOf({ events }, bytes, framing) {
  const all = events
    ? events.map(({ event = "", data }) => ({ name: event, data: dataOf(data) }))
    : framing === "json-lines"
      ? lines(decode(bytes))
      : parsed(decode(bytes));
  const end = all.findIndex(({ data }) => data === "[DONE]");
  return all.slice(0, end < 0 ? all.length : end).map(({ name, data }) => ({ name, data: encode(data) }));
}

const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean).map((data) => ({ name: "", data }));

function parsed(text) {
  const blocks = text.replaceAll("\r\n", "\n").split("\n\n").slice(0, -1);
  return blocks.flatMap((block) => {
    const fields = block.split("\n").map((line) => /^([^:]*):? ?(.*)$/.exec(line));
    const of = (name) => fields.filter(([, own]) => own === name).map(([, , value]) => value);
    return of("data").length > 0 ? [{ name: of("event").at(-1) ?? "", data: of("data").join("\n") }] : [];
  });
}

/** Hands batches over, then ends the stream. Chunks before a failure are kept. */
export function handOver(provider, batches) {
  let text = "";
  let failure;
  const take = (call) => {
    const { ok, error } = outcome(call);
    text += ok ? decode(ok) : "";
    failure ??= error;
  };
  for (const batch of batches) {
    take(() => provider.events(batch));
    if (failure || text.endsWith(DONE)) break;
  }
  if (!failure && !text.endsWith(DONE)) take(() => provider.finish());
  return { chunks: chunksOf(text), failure };
}

/** The host relies on this form: `data: <json>` and an empty line, and nothing else but `[DONE]` at the end. */
function chunksOf(text) {
  const chunks = text.endsWith(DONE) ? text.slice(0, -DONE.length) : text;
  if (chunks === "") return [];
  if (!chunks.endsWith("\n\n")) throw new Error("the last chunk has no empty line after it");
  return chunks
    .slice(0, -2)
    .split("\n\n")
    .map((chunk) => JSON.parse(/^data: (.*)$/.exec(chunk)?.[1] ?? fail(chunk)));
}

function fail(chunk) {
  throw new Error(`not a chunk: ${chunk}`);
}
