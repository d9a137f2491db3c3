import { load, runCases } from "sluice-plugin/testing";

const MyCallback = await load(new URL("../src/index.ts", import.meta.url));

runCases(MyCallback, "logging-callback", new URL("../cases/", import.meta.url));
