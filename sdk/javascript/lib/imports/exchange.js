import { Body, decode, ofU32, parse } from "../bytes.js";
import { host } from "../host.js";

const of = () => host("exchange");

export const exchange = {
  id: () => of().id(),
  operation: () => of().operation(),
  modelGroup: () => of().modelGroup(),
  isStreaming: () => of().isStreaming(),
  field: (name) => parse(of().field(name)),
  /** A request that is no JSON cannot be here: the host has parsed it. */
  body: () => JSON.parse(decode(of().body())),
  rawBody: () => new Body(of().body()),
  promptTokens: () => ofU32(of().promptTokens()),
  attribute: (name) => of().attribute(name) ?? undefined,
  header: (name) => of().attribute(`header.${name.toLowerCase()}`) ?? undefined,
  tags() {
    const tags = [];
    for (let tag; (tag = of().attribute(`tag.${tags.length}`) ?? undefined) !== undefined; ) tags.push(tag);
    return tags;
  },
  // A BigInt in one engine, a number in the other; exact until the year 287396.
  startedMs: () => Number(of().startedMs()),
  seed: () => ofU32(of().seed()),
};
