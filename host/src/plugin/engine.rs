//! The wasmtime engine: how instances are allocated. How code is compiled stands in [`codegen`].
//!
//! Each setting that differs from wasmtime's default has its reason beside it. There is one engine per process: an
//! engine keeps compiler memory for its whole life, and components of two engines must never meet.

use wasmtime::{Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::{clock, codegen};

/// Instances that may exist at once: idle ones, running calls, and open streams that hold one. They cost address space
/// (4 GiB each), no memory.
const INSTANCES_MAX: u32 = 4_000;

/// Those of one plugin, so that a plugin that waits or whose streams are long leaves room for the others.
pub(super) const INSTANCES_PER_PLUGIN_MAX: usize = INSTANCES_MAX as usize / 2;

/// Makes the engine and starts its clock.
///
/// # Errors
/// The machine cannot run wasmtime at all (no executable memory, no signal handlers).
pub fn start(pagemap_scan: bool) -> wasmtime::Result<Engine> {
    let mut config = codegen::config();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(pagemap_scan)));
    let engine = Engine::new(&config).or_else(|error| {
        // Some containers limit the address space. Instances then cost more, but everything works.
        tracing::warn!(%error, "no address space for the instance pool: instances are allocated one by one, which is slower");
        config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
        Engine::new(&config)
    })?;
    clock::start(&engine);
    Ok(engine)
}

/// The engine of a process that loads one component: it makes one instance.
///
/// # Errors
/// As [`start`].
pub fn start_small() -> wasmtime::Result<Engine> {
    let engine = Engine::new(&codegen::config())?;
    clock::start(&engine);
    Ok(engine)
}

fn pool(pagemap_scan: bool) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(INSTANCES_MAX)
        // A component has one to three core instances from Rust, more from Python.
        .total_core_instances(INSTANCES_MAX * 4)
        .total_memories(INSTANCES_MAX)
        .total_tables(INSTANCES_MAX * 2)
        // A call of a guardrail or a callback that waits has one.
        .total_stacks(INSTANCES_MAX)
        // With these limits, a hostile component is a load error and cannot exhaust the pool.
        .max_core_instances_per_component(64)
        .max_memories_per_component(4)
        .max_tables_per_component(16)
        .max_tables_per_module(4)
        .max_component_instance_size(10 << 20)
        .max_core_instance_size(10 << 20)
        .table_elements(100_000)
        // A fresh instance finds these pages resident, which halves its cost. Most guests touch less than this; the
        // rest of a larger one is returned to the system. The number of warm slots bounds the memory of idle slots.
        .linear_memory_keep_resident(512 << 10)
        .table_keep_resident(512 << 10)
        .max_unused_warm_slots(64)
        .pagemap_scan(if pagemap_scan { Enabled::Auto } else { Enabled::No });
    pool
}
