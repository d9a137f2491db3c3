// What guardrails and hooks answer, in the form of the contract.

import { stringify, toText, toU32 } from "./bytes.js";

/** Nothing to object to. */
export const pass = () => ({ tag: "pass" });

/** An edit for each passage: a text, or `{ text, hold }` on a stream. */
export function rewrite(edits) {
  const written = edits.map((edit) => (typeof edit === "string" ? { text: edit, hold: 0 } : { hold: 0, ...edit }));
  return {
    tag: "rewrite",
    val: written.map(({ text, hold }) => ({ text: toText(text, "the text of an edit"), hold: toU32(hold, "`hold`") })),
  };
}

/** Stream only: how many Unicode scalar values at the end of each passage wait for what comes next. */
export const hold = (counts) => ({ tag: "hold", val: counts.map((count) => toU32(count, "`hold`")) });

/** Refuses. `detail` is for the log. */
export const block = (code, message, detail) => ({
  tag: "block",
  val: {
    code: toText(code, "the code"),
    message: toText(message, "the message"),
    detail: detail === undefined ? "" : stringify(detail, "the detail"),
  },
});

/** The request goes on as it is. */
export const proceed = () => ({ tag: "proceed" });

/** The client gets this text as the answer, and no deployment is asked. */
export const answer = (text) => ({ tag: "answer", val: toText(text, "the answer") });

/** The client gets an error. */
export const refuse = (status, code, message, { retryAfterMs = 0 } = {}) => ({
  tag: "refuse",
  val: {
    status,
    code: toText(code, "the code"),
    message: toText(message, "the message"),
    retryAfterMs: toU32(retryAfterMs, "`retryAfterMs`"),
  },
});

/** Changes of a request, applied one after the other. A place is a JSON Pointer, such as `/messages/0/content`. */
export class Changes {
  #edits = [];
  #group;

  set(place, value) {
    return this.#add("set", [toText(place, "the place"), stringify(value, `the value at ${place}`)]);
  }

  insert(place, value) {
    return this.#add("insert", [toText(place, "the place"), stringify(value, `the value at ${place}`)]);
  }

  remove(place) {
    return this.#add("remove", toText(place, "the place"));
  }

  ask(group) {
    this.#group = toText(group, "the model group");
    return this;
  }

  get isEmpty() {
    return this.#edits.length === 0 && this.#group === undefined;
  }

  /** The decision of the contract: to proceed, if nothing is changed. */
  toDecision() {
    if (this.isEmpty) return proceed();
    return { tag: "change", val: { edits: this.#edits, modelGroup: this.#group } };
  }

  #add(tag, val) {
    this.#edits.push({ tag, val });
    return this;
  }
}

/** A JSON Pointer to these names, with `~` and `/` escaped. */
export const pointer = (...names) =>
  names.map((name) => `/${String(name).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
