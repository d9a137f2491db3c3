import { Body, stringify, toArray, toBytes, toText, toU32 } from "../bytes.js";
import { attempt, host, HostError } from "../host.js";

/** (name, value) pairs, from an object or from pairs. */
export function headerList(headers = {}) {
  const pairs = Array.isArray(headers) ? headers : Object.entries(headers);
  return pairs.map(([name, value]) => ({ name: toText(name, "a header's name"), value: toText(String(value), "a header") }));
}

class Response extends Body {
  constructor({ status, headers, body }) {
    super(body);
    this.status = status;
    this.ok = status >= 200 && status < 300;
    this.headers = toArray(headers).map(({ name, value }) => [name.toLowerCase(), value]);
  }

  header(name) {
    return this.headers.find(([own]) => own === name.toLowerCase())?.[1];
  }
}

function contentOf({ body, json }) {
  if (json !== undefined) return toBytes(stringify(json, "`json`"), "`json`");
  return body === undefined || body === null ? new Uint8Array() : toBytes(body, "`body`");
}

export const http = {
  send(request) {
    const headers = headerList(request.headers);
    const isJson = request.json !== undefined && !headers.some(({ name }) => name.toLowerCase() === "content-type");
    if (isJson) headers.push({ name: "content-type", value: "application/json" });
    const body = contentOf(request);
    const sent = {
      method: (request.method ?? (body.length > 0 ? "POST" : "GET")).toUpperCase(),
      url: toText(request.url, "`url`"),
      headers,
      body,
      timeoutMs: toU32(request.timeoutMs ?? 0, "`timeoutMs`"),
    };
    return new Response(
      attempt(
        () => host("http").send(sent),
        (code, detail) => new HostError("HttpError", code, detail),
      ),
    );
  },
};
