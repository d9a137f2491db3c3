// The engines that run JavaScript in a component.

import { tool } from "./tools.js";

const ENGINES = { quickjs: quickjs(false), "quickjs-small": quickjs(true), starlingmonkey };

export async function componentize({ source, contract, engine, tools }) {
  if (!Object.hasOwn(ENGINES, engine)) throw new Error(`\`${engine}\` is no engine: ${Object.keys(ENGINES).join(", ")}`);
  try {
    return await ENGINES[engine](source, contract, tools);
  } catch (error) {
    throw new Error(sentence(error.message));
  }
}

function quickjs(optSize) {
  return async (jsSource, { path, world }, tools) => {
    const { componentize } = await tool("componentize-qjs", tools);
    // `sync`: the contract's functions are not async. No `stubWasi`: with it the clock, `Date.now()`, ends the call.
    const { component } = await componentize({ witPath: path, jsSource, world, sync: true, optSize });
    return component;
  };
}

async function starlingmonkey(source, { path, world }, tools) {
  const { componentize } = await tool("@bytecodealliance/componentize-js", tools);
  // Without `http` and `fetch-event`: a component that imports wasi:http is refused.
  const disableFeatures = ["random", "clocks", "http", "stdio", "fetch-event"];
  const { component } = await componentize(source, { witPath: path, worldName: world, disableFeatures });
  return component;
}

/** What the plugin's own code said, without the layers of the engine around it. */
function sentence(message) {
  return message.replace(/^(Error)?:? *(Failed to evaluate user JavaScript module: )?(Failed to finish JavaScript module evaluation: )?(Error: )?/, "").trim();
}
