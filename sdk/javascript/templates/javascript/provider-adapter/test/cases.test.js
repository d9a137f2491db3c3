import { runCases } from "sluice-plugin/testing";

import MyAdapter from "../src/index.js";

runCases(MyAdapter, "provider-adapter", new URL("../cases/", import.meta.url));
