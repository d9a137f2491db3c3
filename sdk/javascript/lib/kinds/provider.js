import { Body, encode, stringify, toArray, toBytes } from "../bytes.js";
import { BadSettings, Failure } from "../errors.js";
import { failureOf, providerInfo, upstreamRequest } from "./upstream.js";
import { call, list, message, settled } from "./call.js";

/** Of `events` and `finish`: the answer is over, and the client's stream ends. */
export const DONE = Symbol("data: [DONE]");

class Event extends Body {
  constructor({ name, data }) {
    super(data);
    this.name = name;
  }
}

function toVariant(error) {
  if (error instanceof Failure) return failureOf(error);
  if (error instanceof BadSettings) return failureOf(new Failure("unsupported", message(error)));
  return undefined;
}

/**
 * The client gets no word of the plugin's insides. They are in the log. In what reads an answer, a bug is `malformed-answer`: what is no
 * JSON, or lacks a field, came from the provider more often than not.
 */
const bug = (fault) => () => failureOf(new Failure(fault, "the provider's adapter failed"));

export function provider(instance) {
  /** A failure that came after chunks of the same batch; the next call tells it, so that the chunks are not lost. */
  let kept;

  const tellKept = () => {
    const failure = kept;
    kept = undefined;
    if (failure) throw failure;
  };

  const collect = (chunks) => {
    let text = "";
    try {
      for (const chunk of chunks ?? []) text += chunk === DONE ? "data: [DONE]\n\n" : `data: ${stringify(chunk, "a chunk")}\n\n`;
    } catch (error) {
      if (text === "") throw error;
      kept = error;
    }
    return encode(text);
  };

  return {
    providers: () => call(instance, (plugin) => list(plugin.providers(), "`providers`").map(providerInfo), () => undefined, (said) => new Error(said)),
    open: (target) =>
      call(
        instance,
        (plugin) => {
          kept = undefined;
          return upstreamRequest(settled(plugin.open(target)));
        },
        toVariant,
        bug("upstream-error"),
      ),
    whole: (body) => call(instance, (plugin) => whole(plugin, body), toVariant, bug("malformed-answer")),
    events: (batch) =>
      call(
        instance,
        (plugin) => {
          tellKept();
          return collect(need(plugin, "events").call(plugin, toArray(batch).map((event) => new Event(event))));
        },
        toVariant,
        bug("malformed-answer"),
      ),
    finish: () =>
      call(
        instance,
        (plugin) => {
          tellKept();
          return collect(plugin.finish?.());
        },
        toVariant,
        bug("malformed-answer"),
      ),
    refuse(target, status, body) {
      // The contract has no error here: what is thrown is the answer as well.
      try {
        return call(instance, (plugin) => failureOf(refuse(plugin, target, status, new Body(body))), toVariant, bug("upstream-error"));
      } catch (failure) {
        return failure;
      }
    },
  };
}

function need(plugin, method) {
  if (typeof plugin[method] === "function") return plugin[method];
  throw new Failure("unsupported", `the adapter has no method \`${method}\`, which its \`reading\` asks for`);
}

function whole(plugin, body) {
  const answer = settled(need(plugin, "whole").call(plugin, new Body(body)));
  if (answer instanceof Uint8Array || typeof answer === "string") return toBytes(answer, "the answer");
  return encode(stringify(answer, "the answer"));
}

function refuse(plugin, target, status, body) {
  const failure = plugin.refuse ? plugin.refuse(target, status, body) : Failure.fromOpenAi(status, body);
  if (!(failure instanceof Failure)) throw new TypeError("`refuse` must return a Failure");
  return failure;
}

