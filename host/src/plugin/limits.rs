//! Resource limits of an instance, by kind, the limiter that enforces those on memory, and the count of what a call asks.

use std::time::Duration;

use wasmtime::ResourceLimiter;

use super::Kind;
use crate::config::settings;

/// Limits of one instance and of one call. Each is a setting under `sluice.plugins.<name>`, or a constant with its
/// reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Limits {
    /// CPU time of one call, without what is added for its input ([`Self::time_for`]).
    pub time: Duration,
    /// Memory of one instance in bytes, without what is added for its input: all its linear memories and tables
    /// together.
    pub memory_bytes: usize,
    /// Bytes that a guest may pass to the host in one call. This limits what a guest can make the host allocate.
    pub output_bytes: usize,
    /// Calls that an instance serves before it is replaced. This limits how far a leak in a guest can grow.
    pub calls_max: u32,
}

const MIB: usize = 1 << 20;

/// Additional time per byte of input. An image of 5 MB is read, decoded and written; this gives a quarter of a second
/// for it.
const TIME_PER_BYTE: Duration = Duration::from_nanos(50);

/// Additional memory per byte of input: for the bytes that are read, those that are written, and growth of both.
const MEMORY_PER_BYTE: usize = 6;

/// A table's element is a pointer of the host.
const ELEMENT_BYTES: usize = 8;

impl Limits {
    /// By time, and by MiB of memory and of an answer.
    pub(super) const fn new(time_ms: u64, memory_mib: usize, output_mib: usize) -> Self {
        Self {
            time: Duration::from_millis(time_ms),
            memory_bytes: memory_mib * MIB,
            output_bytes: output_mib * MIB,
            calls_max: 10_000,
        }
    }

    /// Defaults by kind.
    #[must_use]
    pub fn of(kind: Kind) -> Self {
        kind.row().limits
    }

    /// CPU time of a call with `bytes` bytes of input.
    #[must_use]
    pub fn time_for(&self, bytes: usize) -> Duration {
        let more = TIME_PER_BYTE.saturating_mul(u32::try_from(bytes).unwrap_or(u32::MAX));
        self.time.saturating_add(more)
    }

    /// The kind's defaults, replaced by the operator's settings if there are any.
    #[must_use]
    pub fn with(self, operator: &settings::Plugin) -> Self {
        Self {
            time: operator.time_limit.unwrap_or(self.time),
            memory_bytes: operator
                .memory_limit
                .map_or(self.memory_bytes, |limit| usize::try_from(limit).unwrap_or(usize::MAX)),
            calls_max: operator.calls_max.unwrap_or(self.calls_max),
            ..self
        }
    }
}

/// Enforces the memory limit of an instance. wasmtime limits each memory and each table alone, so this limiter counts
/// their sum.
#[derive(Debug)]
pub struct Limiter {
    memory_bytes_max: usize,
    /// Additional memory for the largest input that a call has had.
    room: usize,
    memory_bytes: usize,
    /// Whether growth was refused. If so, a guest's "out of memory" trap is reported as this limit.
    pub refused_growth: bool,
}

impl Limiter {
    pub fn new(memory_bytes_max: usize) -> Self {
        Self {
            memory_bytes_max,
            room: 0,
            memory_bytes: 0,
            refused_growth: false,
        }
    }

    /// Allows more memory for a call with `bytes` bytes of input.
    pub fn make_room(&mut self, bytes: usize) {
        self.room = self.room.max(bytes.saturating_mul(MEMORY_PER_BYTE));
    }

    /// Memory in use, all memories and tables together.
    pub fn memory_bytes(&self) -> usize {
        self.memory_bytes
    }

    fn grow(&mut self, bytes: usize) -> bool {
        let grown = self.memory_bytes.saturating_add(bytes);
        let is_allowed = grown <= self.memory_bytes_max.saturating_add(self.room);
        if is_allowed {
            self.memory_bytes = grown;
        } else {
            self.refused_growth = true;
        }
        is_allowed
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.grow(desired.saturating_sub(current)))
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.grow(desired.saturating_sub(current).saturating_mul(ELEMENT_BYTES)))
    }
}

/// Calls of the host in one call of a guest. Growth of memory counts too. A strategy makes some ten calls, an
/// interpreter that starts some thousand.
pub(super) const HOST_CALLS_MAX: u32 = 100_000;

/// HTTP requests in one call of a guest. Each request that waits gives the guest up to one tick of additional time;
/// without this limit, the time of a call would not be limited either.
pub(super) const REQUESTS_MAX: u32 = 64;

/// What a guest has asked of the host in one call.
#[derive(Debug, Default)]
pub(super) struct Asks {
    calls: u32,
    requests: u32,
}

impl Asks {
    /// Counts an HTTP request, and returns whether it may be sent.
    pub(super) fn may_send(&mut self) -> bool {
        self.requests += 1;
        self.requests <= REQUESTS_MAX
    }

    /// Counts a call of the host, and returns whether it may be made.
    pub(super) fn may_call(&mut self) -> bool {
        self.calls += 1;
        self.calls <= HOST_CALLS_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_are_summed() {
        let mut limiter = Limiter::new(100);
        assert!(limiter.memory_growing(0, 60, None).unwrap());
        assert!(
            !limiter.memory_growing(0, 60, None).unwrap(),
            "a second memory counts with the first"
        );
        assert!(limiter.memory_growing(60, 100, None).unwrap());
        assert!(limiter.refused_growth);
    }

    #[test]
    fn a_call_that_is_handed_much_has_time_and_room_for_it() {
        let limits = Limits::of(Kind::Adapter);
        assert_eq!(limits.time_for(0), limits.time);
        assert_eq!(limits.time_for(5_000_000), limits.time + Duration::from_millis(250));
        let mut limiter = Limiter::new(100);
        limiter.make_room(10);
        assert!(limiter.memory_growing(0, 160, None).unwrap());
        assert!(!limiter.memory_growing(160, 161, None).unwrap());
    }

    #[test]
    fn tables_count_as_memory() {
        let mut limiter = Limiter::new(100);
        assert!(limiter.table_growing(0, 10, None).unwrap());
        assert_eq!(limiter.memory_bytes(), 80);
        assert!(!limiter.refused_growth);
        assert!(
            !limiter.table_growing(0, 3, None).unwrap(),
            "a second table counts with the first"
        );
        assert!(
            !limiter.memory_growing(0, 21, None).unwrap(),
            "memories and tables are one sum"
        );
        assert!(limiter.refused_growth);
    }
}
