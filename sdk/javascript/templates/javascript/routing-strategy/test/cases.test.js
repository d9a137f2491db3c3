import { runCases } from "sluice-plugin/testing";

import MyStrategy from "../src/index.js";

runCases(MyStrategy, "routing-strategy", new URL("../cases/", import.meta.url));
