import { load, runCases } from "sluice-plugin/testing";

const MyGuardrail = await load(new URL("../src/index.ts", import.meta.url));

runCases(MyGuardrail, "guardrail-check", new URL("../cases/", import.meta.url));
