import { parse, toText } from "../bytes.js";
import { host } from "../host.js";

const of = () => host("deployment");

export const deployment = {
  parameter: (name) => parse(of().parameter(toText(name, "the name"))),
  hasParameter: (name) => of().hasParameter(toText(name, "the name")),
  responseHeader: (name) => of().responseHeader(toText(name, "the name")) ?? undefined,
};
