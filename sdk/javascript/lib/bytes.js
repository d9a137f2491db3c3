// UTF-8 without TextEncoder, which QuickJS lacks. What loops over characters here is native code, since an interpreted loop
// over a megabyte would take longer than a call may.

/** How many bytes become one text at a time: `apply` puts each on the stack. */
const PIECE = 8192;

/**
 * Text without halves of surrogate pairs, which have no UTF-8: the engine would end the call at one. JavaScript makes halves when it
 * cuts a text within an emoji.
 */
export function wellFormed(text) {
  return text.isWellFormed() ? text : text.toWellFormed();
}

export function encode(text) {
  if (typeof TextEncoder !== "undefined" && TextEncoder.isNative !== false) return new TextEncoder().encode(text);
  const binary = unescape(encodeURIComponent(wellFormed(text)));
  return Uint8Array.fromBase64 ? Uint8Array.fromBase64(btoa(binary)) : Uint8Array.from(binary, (unit) => unit.charCodeAt(0));
}

/** Bytes that are not UTF-8 become U+FFFD. */
export function decode(bytes) {
  if (typeof TextDecoder !== "undefined" && TextDecoder.isNative !== false) return new TextDecoder().decode(bytes);
  let binary = "";
  for (let at = 0; at < bytes.length; at += PIECE) {
    binary += String.fromCharCode.apply(null, bytes.subarray(at, at + PIECE));
  }
  // eslint-disable-next-line no-control-regex -- The question is whether all of it is ASCII.
  if (/^[\0-\x7f]*$/.test(binary)) return binary;
  try {
    const text = decodeURIComponent(escape(binary));
    return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  } catch {
    return decodeBroken(bytes);
  }
}

/** Reads sequence by sequence, so that a broken one costs one U+FFFD and not the whole text. */
function decodeBroken(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const length = bytes[at] < 0x80 ? 1 : bytes[at] < 0xe0 ? 2 : bytes[at] < 0xf0 ? 3 : 4;
    const sequence = bytes.subarray(at, at + length);
    try {
      text += decodeURIComponent(escape(String.fromCharCode.apply(null, sequence)));
      at += length;
    } catch {
      text += "\ufffd";
      at += 1;
    }
  }
  return text;
}

/** What a plugin gives for bytes: bytes, or a text. */
export function toBytes(value, what) {
  if (value instanceof Uint8Array) return value;
  if (typeof value === "string") return encode(value);
  throw new TypeError(`${what} must be a string or a Uint8Array, not ${typeof value}`);
}

/** A text for the host. Another type would end the call without a word. */
export function toText(value, what) {
  if (typeof value !== "string") throw new TypeError(`${what} must be a string, not ${value === null ? "null" : typeof value}`);
  return wellFormed(value);
}

/**
 * A whole number from 0 to 2^32 - 1, as the engine hands it on. QuickJS makes 2^31 - 1 of what is larger, unless it is written as the
 * negative number of the same bits. StarlingMonkey makes anything of what is larger, so that it gets 2^31 - 1: of a time to live in
 * milliseconds these are 24 days.
 */
export function toU32(value, what) {
  if (typeof value !== "number" || Number.isNaN(value)) throw new TypeError(`${what} must be a number, not ${String(value)}`);
  const isQuickJs = "__cqjs" in globalThis;
  const max = isQuickJs || "process" in globalThis ? 0xffffffff : 0x7fffffff;
  const whole = Math.min(Math.max(Math.round(value), 0), max);
  return isQuickJs ? whole | 0 : whole;
}

/** A number of the contract's type u32. QuickJS gives those from 2^31 as negative ones. */
export const ofU32 = (value) => value >>> 0;

/** An array, whatever the engine makes of lists: StarlingMonkey gives typed arrays for numbers. */
export function toArray(list) {
  return Array.isArray(list) ? list : Array.from(list);
}

/** JSON text, or `undefined` where the host has none. Of the engines one says `null`, the other `undefined`. */
export function parse(json) {
  return json === undefined || json === null || json === "" ? undefined : JSON.parse(json);
}

/**
 * JSON text of a value. `JSON.stringify(undefined)` is no text, and it writes half of a surrogate pair as an escape, which readers in
 * other languages refuse.
 */
export function stringify(value, what) {
  const json = JSON.stringify(value);
  if (json === undefined) throw new TypeError(`${what} cannot be written as JSON`);
  if (!json.includes("\\ud")) return json;
  return json.replace(/\\\\|\\ud[89a-f][0-9a-f]{2}/g, (escape) => (escape === "\\\\" ? escape : "\ufffd"));
}

/** Number of Unicode scalar values, in which guardrails count. `length` counts an emoji twice. */
export function countScalars(text) {
  const pairs = text.match(/[\ud800-\udbff][\udc00-\udfff]/g);
  return text.length - (pairs ? pairs.length : 0);
}

/** A body with the methods of `Response`, but at once. */
export class Body {
  constructor(bytes) {
    /** @type {Uint8Array} */
    this.bytes = bytes;
  }

  text() {
    return decode(this.bytes);
  }

  json() {
    return JSON.parse(this.text());
  }
}
