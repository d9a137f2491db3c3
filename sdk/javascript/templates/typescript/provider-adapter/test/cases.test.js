import { load, runCases } from "sluice-plugin/testing";

const MyAdapter = await load(new URL("../src/index.ts", import.meta.url));

runCases(MyAdapter, "provider-adapter", new URL("../cases/", import.meta.url));
