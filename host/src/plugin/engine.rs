//! The one wasmtime engine: how code is compiled and where instances live.
//!
//! Each setting that is not wasmtime's default says why. There is one engine a process: an engine keeps compiler memory
//! for its whole life, and components of two engines must never meet.

use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig};

use super::clock;

/// Instances that may exist at once: idle ones, calls under way and open streams that hold one. Costs address space
/// (4 GiB a slot), no memory.
const INSTANCES_MAX: u32 = 4_000;

/// Makes the engine and starts its clock.
///
/// # Errors
/// The machine cannot run wasmtime at all (no executable memory, no signal handlers).
pub fn start(pagemap_scan: bool) -> wasmtime::Result<Engine> {
    let mut config = base();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(pagemap_scan)));
    let engine = Engine::new(&config).or_else(|error| {
        // Some containers bound address space; instances then cost more, but everything works.
        tracing::warn!(%error, "no address space for the instance pool: instances are allocated one by one, which is slower");
        config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
        Engine::new(&config)
    })?;
    clock::start(&engine);
    Ok(engine)
}

fn base() -> Config {
    let mut config = Config::new();
    config
        .cranelift_opt_level(OptLevel::Speed)
        // Bounds every guest; about half the cost of fuel.
        .epoch_interruption(true)
        // Interpreters (Python, JavaScript) recurse deeply.
        .max_wasm_stack(1 << 20)
        .async_stack_size(2 << 20)
        // Parsing debug information at each trap costs more than the trap.
        .wasm_backtrace_details(wasmtime::WasmBacktraceDetails::Disable)
        // Half of the compiled code's size, for offsets in backtraces and for unwinders that are not wasmtime's.
        .generate_address_map(false)
        .native_unwind_info(false)
        // Smaller surface: no toolchain in reach of plugin authors needs these.
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_relaxed_simd(false);
    config
}

fn pool(pagemap_scan: bool) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(INSTANCES_MAX)
        // A component has one to three core instances from Rust, more from Python.
        .total_core_instances(INSTANCES_MAX * 4)
        .total_memories(INSTANCES_MAX)
        .total_tables(INSTANCES_MAX * 2)
        .total_stacks(1_000)
        // A hostile component becomes a load error instead of an empty pool.
        .max_core_instances_per_component(64)
        .max_memories_per_component(4)
        .max_tables_per_component(16)
        .max_tables_per_module(4)
        .max_component_instance_size(10 << 20)
        .max_core_instance_size(10 << 20)
        .table_elements(100_000)
        // A fresh instance finds its pages there: half the cost of one. Most guests touch less than this; of a larger one
        // the rest goes back to the system. Idle slots are bounded by the warm ones.
        .linear_memory_keep_resident(512 << 10)
        .table_keep_resident(512 << 10)
        .max_unused_warm_slots(64)
        .pagemap_scan(if pagemap_scan { Enabled::Auto } else { Enabled::No });
    pool
}
