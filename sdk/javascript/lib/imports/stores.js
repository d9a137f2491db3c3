import { decode, stringify, toBytes, toText, toU32 } from "../bytes.js";
import { attempt, host, HostError } from "../host.js";

const failed = (name) => (code, detail) => new HostError(name, code, detail);
const call = (name, of) => attempt(of, failed(name));

function read(bytes) {
  return bytes === undefined || bytes === null ? undefined : bytes;
}

/** The readers that `state` and `notes` share. */
function readers(get) {
  const text = (key) => {
    const bytes = get(key);
    return bytes && decode(bytes);
  };
  const json = (key) => {
    const found = text(key);
    return found === undefined ? undefined : JSON.parse(found);
  };
  return { get, text, json };
}

export const state = {
  ...readers((key) => call("StateError", () => read(host("state").get(toText(key, "the key"))))),
  set(key, value, ttlMs = 0) {
    const bytes = toBytes(value, "a value of `state`");
    call("StateError", () => host("state").set(toText(key, "the key"), bytes, toU32(ttlMs, "`ttlMs`")));
  },
  setJson(key, value, ttlMs = 0) {
    state.set(key, stringify(value, "a value of `state`"), ttlMs);
  },
  increment(key, delta = 1, ttlMs = 0) {
    return call("StateError", () => host("state").increment(toText(key, "the key"), Number(delta), toU32(ttlMs, "`ttlMs`")));
  },
};

export const notes = {
  ...readers((key) => read(host("notes").get(toText(key, "the key")))),
  put(key, value) {
    const bytes = toBytes(value, "a note");
    call("NotesError", () => host("notes").put(toText(key, "the key"), bytes));
  },
  putJson(key, value) {
    notes.put(key, stringify(value, "a note"));
  },
  publish(name, value) {
    const json = stringify(value, `\`${name}\``);
    call("NotesError", () => host("notes").publish(toText(name, "the name"), json));
  },
};
