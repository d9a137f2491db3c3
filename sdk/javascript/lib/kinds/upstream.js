// An adapter's records, from the short form that authors write to the form of the contract.

import { encode, stringify, toText, toU32, wellFormed } from "../bytes.js";
import { headerList } from "../imports/http.js";

export function providerInfo({
  name,
  apiBase = "",
  auth = "none",
  environment = {},
  operations = ["chat-completions"],
  continuation = "none",
  credentialIsOptional = false,
  extras = {},
}) {
  return {
    name: toText(name, "a provider's name"),
    apiBase,
    auth: authOf(auth),
    environment: Object.entries(environment),
    operations,
    continuation,
    credentialIsOptional,
    extras: Object.entries(extras),
  };
}

const AUTHS = {
  bearer: "bearer",
  header: "header",
  query: "query",
  awsSigv4: "aws-sigv4",
  googleOauth: "google-oauth",
  other: "other",
};

function authOf(auth) {
  if (auth === "none") return { tag: "none" };
  const [[name, val] = []] = Object.entries(auth ?? {});
  if (!Object.hasOwn(AUTHS, name ?? "")) throw new TypeError(`\`auth\` must be "none" or have one of ${Object.keys(AUTHS).join(", ")}`);
  return { tag: AUTHS[name], val };
}

export function upstreamRequest(request) {
  const { method = "POST", path, headers, body = "empty", reading, auth, extras = {} } = request;
  return {
    method,
    pathAndQuery: toText(path, "`path`"),
    headers: headerList(headers),
    body: bodyOf(body),
    reading: readingOf(reading),
    auth: auth === undefined ? undefined : authOf(auth),
    extras: Object.entries(extras),
  };
}

function bodyOf(body) {
  if (body === "empty" || body === "unchanged") return { tag: body };
  if (body.json !== undefined) return { tag: "bytes", val: encode(stringify(body.json, "`body.json`")) };
  if (body.patch !== undefined) return { tag: "merge-patch", val: encode(stringify(body.patch, "`body.patch`")) };
  if (body.bytes instanceof Uint8Array) return { tag: "bytes", val: body.bytes };
  if (typeof body.upload === "string") return { tag: "upload", val: body.upload };
  throw new TypeError('`body` must be "empty", "unchanged", { json }, { patch }, { bytes } or { upload }');
}

const FRAMINGS = ["server-sent-events", "json-lines", "aws-event-stream"];

function readingOf(reading) {
  if (reading === "relay" || reading === "whole") return { tag: reading };
  if (FRAMINGS.includes(reading)) return { tag: "events", val: reading };
  throw new TypeError(`\`reading\` must be one of relay, whole, ${FRAMINGS.join(", ")}`);
}

export function failureOf({ fault, message, code, parameter, retryAfterMs }) {
  return {
    fault,
    message: wellFormed(message),
    code,
    parameter,
    retryAfterMs: retryAfterMs === undefined ? undefined : toU32(retryAfterMs, "`retryAfterMs`"),
  };
}
