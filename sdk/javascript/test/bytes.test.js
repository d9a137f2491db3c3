// UTF-8 as QuickJS does it, without TextEncoder and TextDecoder, held against Node's own.

import { deepStrictEqual, strictEqual } from "node:assert";
import { after, before, test } from "node:test";

import { decode, encode } from "../lib/bytes.js";

const native = { encoder: new TextEncoder(), decoder: new TextDecoder() };
const { TextEncoder: Encoder, TextDecoder: Decoder } = globalThis;

before(() => {
  delete globalThis.TextEncoder;
  delete globalThis.TextDecoder;
});

after(() => Object.assign(globalThis, { TextEncoder: Encoder, TextDecoder: Decoder }));

const TEXTS = ["", "plain", "é ß 漢字", "😀👩‍👩‍👧", "\0\x7f\x80\u07ff\u0800\uffff", "x".repeat(20_000) + "é".repeat(20_000)];

test("texts become the bytes that Node makes of them, and come back", () => {
  for (const text of TEXTS) {
    deepStrictEqual(encode(text), new Uint8Array(native.encoder.encode(text)));
    strictEqual(decode(encode(text)), text);
  }
});

test("halves of surrogate pairs become U+FFFD", () => {
  strictEqual(decode(encode("a\ud800b\udc00")), "a\ufffdb\ufffd");
});

test("a mark at the beginning is no text", () => {
  strictEqual(decode(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)), "a");
});

test("broken bytes cost themselves and not the text around them", () => {
  for (const bytes of [[0x61, 0xff, 0x62], [0xc3, 0x61], [0x61, 0xc3]]) {
    strictEqual(decode(Uint8Array.from(bytes)), native.decoder.decode(Uint8Array.from(bytes)));
  }
});
