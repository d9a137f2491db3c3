import { runCases } from "sluice-plugin/testing";

import MyTask from "../src/index.js";

runCases(MyTask, "periodic-task", new URL("../cases/rounds.json", import.meta.url));
runCases(MyTask, "routing-strategy", new URL("../cases/rankings.json", import.meta.url));
