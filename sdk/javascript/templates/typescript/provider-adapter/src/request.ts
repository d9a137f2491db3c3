// Translates a chat completion's request to Acme's. What Acme cannot do is refused by name, and never dropped silently.

import { deployment, Failure, textOf } from "sluice-plugin";

interface Message {
  role?: string;
  content?: unknown;
}

/** A chat completion's request, of which an adapter reads what it knows. */
interface ChatRequest {
  messages?: Message[];
  [name: string]: unknown;
}

interface AcmeRequest {
  model: string;
  prompt: string;
  stream?: boolean;
  [name: string]: unknown;
}

const SENT = ["max_tokens", "temperature"];

/** Fields that are for the gateway, or that change nothing for this provider. */
const KNOWN = ["model", "messages", "stream", "stream_options", "user", "metadata", "max_completion_tokens", "drop_params", ...SENT];

export function translate(request: ChatRequest, model: string): AcmeRequest {
  if (!Array.isArray(request.messages)) throw Failure.badRequest("messages", "`messages` is no list");
  const drops = deployment.parameter("drop_params") === true || request.drop_params === true;
  if (!drops) refuseUnknown(request);
  const body: AcmeRequest = { model, prompt: promptOf(request.messages) };
  const asked: ChatRequest = { ...request, max_tokens: request.max_completion_tokens ?? request.max_tokens };
  for (const name of SENT) {
    if ((asked[name] ?? null) !== null) body[name] = asked[name];
  }
  if (request.stream) body.stream = true;
  return body;
}

function refuseUnknown(request: ChatRequest): void {
  for (const [name, value] of Object.entries(request)) {
    const changesNothing = value === null || (name === "n" && value === 1);
    if (!KNOWN.includes(name) && !changesNothing) throw Failure.unsupported(name, `Acme has no word for \`${name}\``);
  }
}

/** One line a message, and the beginning of the answer. */
function promptOf(messages: Message[]): string {
  return [...messages.map((message, index) => `${roleOf(message, index)}: ${contentOf(message, index)}`), "assistant:"].join("\n");
}

const ROLES: Record<string, string> = { system: "system", developer: "system", user: "user", assistant: "assistant" };

function roleOf({ role = "" }: Message, index: number): string {
  const place = `messages[${index}].role`;
  if (!Object.hasOwn(ROLES, role)) throw Failure.badRequest(place, `${place} is none that Acme knows`);
  return ROLES[role];
}

function contentOf({ content }: Message, index: number): string {
  const text = textOf(content);
  if (text !== undefined) return text;
  const place = `messages[${index}].content[${(content as { type?: string }[]).findIndex(({ type }) => type !== "text")}]`;
  throw Failure.badRequest(place, `${place} is no text, and Acme takes nothing else`);
}
