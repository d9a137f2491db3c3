import { load, runCases } from "sluice-plugin/testing";

const MyTask = await load(new URL("../src/index.ts", import.meta.url));

runCases(MyTask, "periodic-task", new URL("../cases/rounds.json", import.meta.url));
runCases(MyTask, "routing-strategy", new URL("../cases/rankings.json", import.meta.url));
