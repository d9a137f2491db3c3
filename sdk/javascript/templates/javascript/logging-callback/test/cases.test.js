import { runCases } from "sluice-plugin/testing";

import MyCallback from "../src/index.js";

runCases(MyCallback, "logging-callback", new URL("../cases/", import.meta.url));
