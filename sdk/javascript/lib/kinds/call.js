// How an export calls the plugin.

import { log } from "../imports/log.js";
import { BadSettings } from "../errors.js";
import { wellFormed } from "../bytes.js";

/**
 * Calls a method on the instance's plugin and returns what it returned. What it throws is thrown on as the contract's variant:
 * a plain value, since both engines take that for the error of the result, and an `Error` for the end of the instance.
 *
 * @param instance returns the plugin, made at the first call
 * @param method what to call on it
 * @param toVariant the variant of a thrown error; `undefined` for a bug
 * @param ofBug the variant of a bug, from its sentence
 */
export function call(instance, method, toVariant, ofBug) {
  try {
    return settled(method(instance()));
  } catch (error) {
    const variant = error instanceof Error ? toVariant(error) : undefined;
    if (variant) throw variant;
    log.error(error);
    throw ofBug(sentence(error));
  }
}

/** What a method returned, if it is no promise. */
export function settled(result) {
  if (typeof result?.then === "function") throw new TypeError("a plugin's methods must not be async: imports answer at once");
  return result;
}

/** An array that a method returned. `Array.from` makes an empty one of almost anything. */
export function list(result, what) {
  if (Array.isArray(settled(result))) return result;
  throw new TypeError(`${what} must return an array`);
}

export const sentence = (error) => wellFormed(error instanceof Error ? `${error.name}: ${error.message}` : String(error));

export const message = (error) => wellFormed(error.message);

/** The variants that most kinds share. */
export function named(error, classes) {
  const found = classes.find(([Class]) => error instanceof Class);
  return found && { tag: found[1], val: message(error) };
}

/** Makes the plugin once. What its constructor throws is about the settings. */
export function onlyInstance(Plugin, readSettings) {
  let plugin;
  return () => {
    try {
      plugin ??= new Plugin(readSettings());
    } catch (error) {
      throw error instanceof BadSettings ? error : new BadSettings(error?.message ?? String(error));
    }
    return plugin;
  };
}
