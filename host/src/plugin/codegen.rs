//! How components are compiled. The gateway, the processes that load components for it, and the build script, which
//! includes this file, must agree: code that was compiled otherwise does not load.

use wasmtime::{Config, OptLevel};

/// For the machine that this runs on.
pub fn config() -> Config {
    let mut config = Config::new();
    config
        .cranelift_opt_level(OptLevel::Speed)
        // The time limit of every guest; it costs about half as much as fuel.
        .epoch_interruption(true)
        // Interpreters (Python, JavaScript) recurse deeply.
        .max_wasm_stack(1 << 20)
        .async_stack_size(2 << 20)
        // Parsing debug information at each trap costs more than the trap.
        .wasm_backtrace_details(wasmtime::WasmBacktraceDetails::Disable)
        // These are half of the compiled code's size. They serve offsets in backtraces, and unwinders other than
        // wasmtime's.
        .generate_address_map(false)
        .native_unwind_info(false)
        // A smaller attack surface: no toolchain that plugin authors can use needs these. Several memories are needed: between
        // nested components (QuickJS), wasmtime's own code copies from one memory to the other.
        .wasm_memory64(false)
        .wasm_relaxed_simd(false);
    config
}
