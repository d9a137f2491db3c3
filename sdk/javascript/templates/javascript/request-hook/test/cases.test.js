import { runCases } from "sluice-plugin/testing";

import MyHook from "../src/index.js";

runCases(MyHook, "request-hook", new URL("../cases/", import.meta.url));
