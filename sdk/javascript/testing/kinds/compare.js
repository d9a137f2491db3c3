// Comparison of JSON documents, in which `<any>` matches every value, and JSON Merge Patch.

import { deepStrictEqual } from "node:assert";

const ANY = "<any>";

export function compare(what, expected, got) {
  deepStrictEqual(withAny(expected, got), expected, what);
}

/** What was got, with `<any>` where the expected document has it. */
function withAny(expected, got) {
  if (expected === ANY) return got === undefined ? undefined : ANY;
  if (isObject(expected) && isObject(got)) {
    return Object.fromEntries(Object.entries(got).map(([name, value]) => [name, withAny(expected[name], value)]));
  }
  return Array.isArray(expected) && Array.isArray(got) ? got.map((value, at) => withAny(expected[at], value)) : got;
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** JSON Merge Patch (RFC 7396 §2). */
export function merge(target, patch) {
  if (!isObject(patch)) return patch;
  const merged = isObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = merge(merged[name], value);
  }
  return merged;
}
