import { runCases } from "sluice-plugin/testing";

import MyGuardrail from "../src/index.js";

runCases(MyGuardrail, "guardrail-check", new URL("../cases/", import.meta.url));
