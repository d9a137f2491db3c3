//! The allocator of what is shipped, chosen by the benchmark: an exchange is some hundred small allocations.

#[global_allocator]
static JEMALLOC: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Where jemalloc looks for its settings (<https://jemalloc.net/jemalloc.3.html#tuning>): what is free for half a second goes back
/// to the system, also when nothing is allocated any more.
#[allow(unsafe_code, reason = "a name that another library reads")]
// SAFETY: jemalloc reads a pointer to a string that ends with a zero, and no other library has this name.
#[unsafe(export_name = "_rjem_malloc_conf")]
pub static SETTINGS: &[u8; 59] = b"background_thread:true,dirty_decay_ms:500,muzzy_decay_ms:0\0";
