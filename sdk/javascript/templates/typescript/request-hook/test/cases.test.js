import { load, runCases } from "sluice-plugin/testing";

const MyHook = await load(new URL("../src/index.ts", import.meta.url));

runCases(MyHook, "request-hook", new URL("../cases/", import.meta.url));
