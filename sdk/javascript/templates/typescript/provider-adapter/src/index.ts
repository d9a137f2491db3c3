// Speaks the API of Acme, a provider that does not exist:
//
//     POST /v1/generate {"model", "prompt", "max_tokens", "temperature", "stream"}
//
//     whole     {"id": "…", "output": {"text": "…"}, "end": "stop", "tokens": {"in": 9, "out": 2}}
//     streamed  data: {"id": "…", "output": {"text": "He"}}    data: {"end": "stop", "tokens": {"in": 9, "out": 2}}
//     failed    {"error": {"kind": "busy", "message": "…"}}    with any status, or as an event

import { ChatChunks, chatCompletion, definePlugin, DONE, exchange, Failure } from "sluice-plugin";
import type { Body, Chunk, Event, Manifest, ProviderAdapter, ProviderInfo, Target, UpstreamRequest } from "sluice-plugin";

import { type Answer, failureOf, finishReasonOf, textOf, usageOf } from "./answer.ts";
import { translate } from "./request.ts";

class MyAdapter implements ProviderAdapter {
  static manifest: Manifest = {
    name: "my-adapter",
    version: "0.1.0",
    summary: "Speaks Acme's API.",
    outbound: ["api.acme.example"],
  };

  #model = "";
  #chunks: ChatChunks | undefined;
  #hasEnded = false;

  providers(): ProviderInfo[] {
    return [
      {
        name: "acme", // The prefix in `model: acme/large`.
        apiBase: "https://api.acme.example",
        auth: { bearer: "api_key" },
        environment: { api_key: "ACME_API_KEY" },
      },
    ];
  }

  open({ model }: Target): UpstreamRequest {
    // The instance may have served another attempt before.
    this.#model = model;
    this.#chunks = undefined;
    this.#hasEnded = false;
    const body = translate(exchange.body(), model);
    return { path: "/v1/generate", body: { json: body }, reading: body.stream ? "server-sent-events" : "whole" };
  }

  whole(body: Body): object {
    const answer = read(body);
    const content = textOf(answer);
    if (content === undefined) throw Failure.malformed("it has no `output.text`");
    const { id } = answer;
    return chatCompletion({ id, model: this.#model, content, finishReason: finishReasonOf(answer), usage: usageOf(answer) });
  }

  *events(batch: Event[]): Generator<Chunk> {
    for (const event of batch) {
      const said = read(event);
      if (!this.#chunks) {
        this.#chunks = new ChatChunks({ id: said.id, model: this.#model });
        yield this.#chunks.role();
      }
      const text = textOf(said);
      if (text) yield this.#chunks.content(text);
      if (said.end === undefined) continue;
      this.#hasEnded = true;
      yield this.#chunks.finish(finishReasonOf(said));
      const usage = usageOf(said);
      if (usage) yield this.#chunks.usage(usage);
      yield DONE;
    }
  }

  finish(): Chunk[] {
    if (!this.#hasEnded) throw Failure.malformed("the stream broke off before its `end`");
    return [];
  }

  refuse(target: Target, status: number, body: Body): Failure {
    return failureOf(body) ?? Failure.fromOpenAi(status, body);
  }
}

/** An answer or an event. Throws the failure that it reports. */
function read(body: Body): Answer {
  const failure = failureOf(body);
  if (failure) throw failure;
  try {
    return Object(body.json());
  } catch {
    throw Failure.malformed("it is no JSON");
  }
}

export default definePlugin(MyAdapter);
