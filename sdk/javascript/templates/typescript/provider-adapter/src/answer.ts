// Reads Acme's answers and errors. Servers that imitate a provider leave fields out: what is of another type counts as missing.

import { Failure } from "sluice-plugin";
import type { Body, Fault, FinishReason, Usage } from "sluice-plugin";

/** An answer or an event: nothing is sure to be there. */
export interface Answer {
  id?: string;
  output?: { text?: unknown } | null;
  end?: unknown;
  tokens?: { in?: unknown; out?: unknown } | null;
}

export function textOf({ output }: Answer): string | undefined {
  return typeof output?.text === "string" ? output.text : undefined;
}

const REASONS = new Map<unknown, FinishReason>([
  ["limit", "length"],
  ["withheld", "content_filter"],
]);

export function finishReasonOf({ end }: Answer): FinishReason {
  return REASONS.get(end) ?? "stop";
}

export function usageOf({ tokens }: Answer): Usage | undefined {
  if (typeof tokens !== "object" || tokens === null) return undefined;
  const count = (value: unknown) => (typeof value === "number" && Number.isInteger(value) ? value : 0);
  return { promptTokens: count(tokens.in), completionTokens: count(tokens.out) };
}

/** Which fault each of Acme's errors is. The fault decides whether another deployment is tried. */
const FAULTS = new Map<unknown, Fault>([
  ["key", "authentication"],
  ["busy", "rate-limited"],
  ["long", "context-window-exceeded"],
  ["words", "content-filtered"],
  ["request", "bad-request"],
  ["model", "not-found"],
]);

/** The failure that a body reports, if it is one of Acme's and not, for example, a proxy's error page. */
export function failureOf(body: Body): Failure | undefined {
  let error: { kind?: unknown; message?: unknown } | null | undefined;
  try {
    error = body.json()?.error;
  } catch {
    return undefined;
  }
  if (typeof error !== "object" || error === null) return undefined;
  const code = typeof error.kind === "string" ? error.kind : undefined;
  const message = typeof error.message === "string" ? error.message : "Acme failed, and does not say why";
  return new Failure(FAULTS.get(code) ?? "upstream-error", message, { code });
}
