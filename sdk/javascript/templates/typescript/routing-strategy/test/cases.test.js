import { load, runCases } from "sluice-plugin/testing";

const MyStrategy = await load(new URL("../src/index.ts", import.meta.url));

runCases(MyStrategy, "routing-strategy", new URL("../cases/", import.meta.url));
