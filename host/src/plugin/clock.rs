//! The clock that bounds guests. It ticks while guests are called and rests when none has been for a while, so that an idle
//! gateway does nothing.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use wasmtime::Engine;

use crate::worker;

/// How often it ticks. A limit is exact to one tick.
pub const TICK: Duration = Duration::from_millis(5);

/// Ticks without any call after which it rests: a second. To be woken costs the next call some microseconds.
const REST_AFTER: u32 = 200;

/// Resting, it looks this often whether its engine is still there.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// A time limit in ticks: rounded up, and one more for the tick under way.
#[must_use]
pub fn ticks(limit: Duration) -> u64 {
    let ticks = limit.as_nanos().div_ceil(TICK.as_nanos());
    u64::try_from(ticks).unwrap_or(u64::MAX - 1).saturating_add(1)
}

/// What a guest has had of the time that one call may take.
///
/// It is looked at with each tick that guest code meets. What counts is the time that the thread ran, as the system tells it:
/// a worker that was not scheduled for a while used nothing.
#[derive(Debug, Default)]
pub struct GuestTime {
    limit: Duration,
    had: Duration,
    /// The thread's time at the last tick of this call.
    last: Option<Duration>,
}

impl GuestTime {
    /// A call begins.
    pub fn begin(&mut self, limit: Duration) {
        *self = Self {
            limit,
            ..Self::default()
        };
    }

    /// The guest has waited: what its thread did meanwhile was others' work.
    pub fn waited(&mut self) {
        self.last = None;
    }

    /// A tick, when the thread had run for so long. Whether the guest may go on.
    pub fn may_go_on(&mut self, thread: Duration) -> bool {
        let last = self.last.replace(thread);
        // What a guest waited for may have let others run on its thread: a tick counts as one at most.
        self.had += last
            .map_or(Duration::ZERO, |last| thread.saturating_sub(last))
            .min(TICK);
        self.had < self.limit
    }
}

/// The time that this thread has run.
#[must_use]
pub fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

/// Calls of one worker, on a cache line of its own.
#[repr(align(64))]
struct Calls {
    begun: AtomicU64,
    ended: AtomicU64,
}

static CALLS: [Calls; worker::COUNT_MAX] = [const {
    Calls {
        begun: AtomicU64::new(0),
        ended: AtomicU64::new(0),
    }
}; worker::COUNT_MAX];

/// Clocks that rest: one a process, but for tests.
static RESTING: AtomicUsize = AtomicUsize::new(0);
static BED: Mutex<()> = Mutex::new(());
static BELL: Condvar = Condvar::new();

/// While one exists, the clock ticks. Held wherever a guest may run.
pub struct Ticking(());

impl Ticking {
    pub fn begin() -> Self {
        CALLS[worker::index()].begun.fetch_add(1, Ordering::SeqCst);
        if RESTING.load(Ordering::SeqCst) > 0 {
            let _bed = BED.lock();
            BELL.notify_all();
        }
        Self(())
    }
}

impl Drop for Ticking {
    fn drop(&mut self) {
        CALLS[worker::index()].ended.fetch_add(1, Ordering::SeqCst);
    }
}

/// Calls begun and calls ended, ever.
fn calls() -> (u64, u64) {
    // Ended first: a call that ends meanwhile must not hide one that has begun.
    let ended = CALLS.iter().map(|calls| calls.ended.load(Ordering::SeqCst)).sum();
    let begun = CALLS.iter().map(|calls| calls.begun.load(Ordering::SeqCst)).sum();
    (begun, ended)
}

/// Starts an engine's clock: one thread, which ends after its engine.
pub fn start(engine: &Engine) {
    let engine = engine.weak();
    let clock = std::thread::Builder::new().name("epoch".into());
    let spawned = clock.spawn(move || {
        let (mut seen, mut quiet) = (0, 0);
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            let (begun, ended) = calls();
            quiet = if begun == ended && begun == seen { quiet + 1 } else { 0 };
            seen = begun;
            if quiet < REST_AFTER {
                std::thread::sleep(TICK);
            } else {
                rest(seen);
            }
        }
    });
    // Without the clock no guest is bounded; a process that cannot start a thread cannot serve either.
    spawned.expect("a process can start one more thread");
}

/// Returns when a call has begun since `seen` of them had, or after a while.
fn rest(seen: u64) {
    let mut bed = BED.lock();
    RESTING.fetch_add(1, Ordering::SeqCst);
    // One that began before it could see that nobody ticks rings no bell.
    if calls().0 == seen {
        BELL.wait_for(&mut bed, LOOK_EVERY);
    }
    RESTING.fetch_sub(1, Ordering::SeqCst);
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_call_wakes_the_clock_that_rests() {
        let (rested, has_rested) = mpsc::channel();
        let seen = calls().0;
        std::thread::spawn(move || {
            rest(seen);
            rested.send(()).unwrap();
        });
        // Whether it rests by now or not: no call may find a clock that does not tick.
        let _ticking = Ticking::begin();
        has_rested.recv_timeout(LOOK_EVERY / 2).unwrap();
    }

    /// How many ticks a guest sees that has so much of each, in milliseconds.
    fn ticks_seen(limit: u64, had_of_each: u64) -> u64 {
        let mut time = GuestTime::default();
        time.begin(Duration::from_millis(limit));
        let mut ticks = (0..1_000).map(|tick| Duration::from_millis(7 + tick * had_of_each));
        ticks.position(|thread| !time.may_go_on(thread)).unwrap() as u64
    }

    #[test]
    fn only_the_time_that_the_thread_had_counts() {
        assert_eq!(ticks_seen(20, 5), 4);
        assert_eq!(ticks_seen(20, 1), 20);
        // Others ran on the thread while the guest waited.
        assert_eq!(ticks_seen(20, 500), 4);
    }

    #[test]
    fn the_threads_time_is_that_of_its_work() {
        let before = thread_time();
        let mut sum = 0_u64;
        while thread_time() - before < TICK {
            sum = sum.wrapping_add(1);
        }
        assert!(sum > 0);
    }

    #[test]
    fn a_limit_is_never_less_than_what_was_asked_for() {
        assert_eq!(ticks(Duration::ZERO), 1);
        assert_eq!(ticks(TICK), 2);
        assert_eq!(ticks(TICK + Duration::from_nanos(1)), 3);
        assert_eq!(ticks(Duration::MAX), u64::MAX);
    }
}
