import { parse } from "../bytes.js";
import { host } from "../host.js";

export const settings = {
  get: () => parse(host("settings").get()) ?? {},
};
