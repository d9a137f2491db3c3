// Chat completions as adapters write them.

import { exchange } from "./imports/exchange.js";

/** The fields that all chunks of one answer, or a whole one, begin with. */
function head(object, { id, created, model }) {
  return {
    id: id ?? `chatcmpl-${exchange.id()}`,
    object,
    // When the exchange began: the provider gives no time, and a replay makes the same answer.
    created: created ?? Math.floor(exchange.startedMs() / 1000),
    model,
  };
}

export const usageOf = ({ promptTokens = 0, completionTokens = 0, ...rest }) => ({
  prompt_tokens: promptTokens,
  completion_tokens: completionTokens,
  total_tokens: promptTokens + completionTokens,
  ...rest,
});

/** A whole answer with one choice. */
export function chatCompletion({ id, created, model, content = null, toolCalls, finishReason = "stop", usage }) {
  const message = { role: "assistant", content, ...(toolCalls?.length > 0 && { tool_calls: toolCalls }) };
  return {
    ...head("chat.completion", { id, created, model }),
    choices: [{ index: 0, message, finish_reason: finishReason }],
    ...(usage && { usage: usageOf(usage) }),
  };
}

/** Makes the chunks of one streamed answer. */
export class ChatChunks {
  #head;

  constructor({ id, created, model }) {
    this.#head = head("chat.completion.chunk", { id, created, model });
  }

  delta(delta, finishReason = null) {
    return { ...this.#head, choices: [{ index: 0, delta, finish_reason: finishReason }] };
  }

  role() {
    return this.delta({ role: "assistant" });
  }

  content(text) {
    return this.delta({ content: text });
  }

  finish(reason) {
    return this.delta({}, reason);
  }

  usage(usage) {
    return { ...this.#head, choices: [], usage: usageOf(usage) };
  }
}

/** The text of a message's content: a text, or parts that are texts. `undefined` where another part is. */
export function textOf(content) {
  if (content === undefined || content === null) return "";
  if (typeof content === "string") return content;
  return content.every(({ type }) => type === "text") ? content.map(({ text }) => text).join("") : undefined;
}
