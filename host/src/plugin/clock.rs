//! The clock for the time limits of guests. It ticks while guests are called and stops when no guest has been called
//! for a while, so that an idle gateway does nothing.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use wasmtime::Engine;

use crate::worker;

/// The interval between ticks. Time limits are exact to one tick.
pub const TICK: Duration = Duration::from_millis(5);

/// Ticks without any call after which the clock stops: one second. Waking it costs the next call some microseconds.
const REST_AFTER: u32 = 200;

/// While the clock is stopped, it checks at this interval whether its engine still exists.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// The CPU time that a guest has used in one call, the host's work for it included, and its limit.
///
/// It is looked at after each tick of the clock: while guest code runs, and where the guest calls the host. It is the
/// CPU time of the thread according to the system, so that a guest does not lose time while its worker is not scheduled.
#[derive(Debug, Default)]
pub struct GuestTime {
    limit: Duration,
    had: Duration,
    /// The thread's CPU time at the last look of this call.
    last: Option<Duration>,
    /// The clock's tick at the last look.
    tick: u64,
    /// The guest waits or has yielded: the thread's time is not its own.
    is_away: bool,
}

impl GuestTime {
    /// Starts the time of a call.
    pub fn begin(&mut self, limit: Duration) {
        *self = Self {
            limit,
            tick: TICKS.load(Ordering::Relaxed),
            ..Self::default()
        };
    }

    /// The guest gives its thread to others until the host function that it is in returns.
    pub fn leave(&mut self) {
        self.is_away = true;
    }

    /// Looks at the time, if the clock has ticked since the last look. Returns whether the guest may continue.
    pub fn may_cross(&mut self) -> bool {
        let tick = TICKS.load(Ordering::Relaxed);
        if tick == self.tick && !self.is_away {
            return true;
        }
        self.tick = tick;
        self.may_go_on(thread_time())
    }

    /// Looks at the time when the thread has used this CPU time. Returns whether the guest may continue.
    fn may_go_on(&mut self, thread: Duration) -> bool {
        let last = self.last.replace(thread).filter(|_| !self.is_away);
        self.is_away = false;
        self.had += last.map_or(Duration::ZERO, |last| thread.saturating_sub(last));
        self.had < self.limit
    }
}

/// The CPU time that this thread has used.
#[must_use]
fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

/// The number of calls of one worker, in a cache line of its own.
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

/// Ticks of all clocks since the start.
static TICKS: AtomicU64 = AtomicU64::new(0);

/// Clocks that are stopped. There is one clock per process, except in tests.
static RESTING: AtomicUsize = AtomicUsize::new(0);
static BED: Mutex<()> = Mutex::new(());
static BELL: Condvar = Condvar::new();

/// While one exists, the clock ticks. Every caller of guest code must hold one.
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

/// The number of calls begun and of calls ended, since the start.
fn calls() -> (u64, u64) {
    // The order matters: a call that ends meanwhile must not hide one that has begun.
    let ended = CALLS.iter().map(|calls| calls.ended.load(Ordering::SeqCst)).sum();
    let begun = CALLS.iter().map(|calls| calls.begun.load(Ordering::SeqCst)).sum();
    (begun, ended)
}

/// Starts an engine's clock: one thread, which ends after the engine is dropped.
pub fn start(engine: &Engine) {
    let engine = engine.weak();
    let clock = std::thread::Builder::new().name("epoch".into());
    let spawned = clock.spawn(move || {
        let (mut seen, mut quiet) = (0, 0);
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            TICKS.fetch_add(1, Ordering::Relaxed);
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
    // Without the clock, guests would have no time limit. A process that cannot start a thread cannot serve either.
    spawned.expect("a process can start one more thread");
}

/// Returns when more calls have begun than `seen`, or after [`LOOK_EVERY`].
fn rest(seen: u64) {
    let mut bed = BED.lock();
    RESTING.fetch_add(1, Ordering::SeqCst);
    // A call that began before `RESTING` was raised did not notify the condition variable.
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
        // This holds whether the thread is stopped by now or not: no call may find a clock that does not tick.
        let _ticking = Ticking::begin();
        has_rested.recv_timeout(LOOK_EVERY / 2).unwrap();
    }

    /// The tick at which a guest reaches `limit`, if its thread uses `used` of each tick; both in milliseconds.
    fn ticks_seen(limit: u64, used: u64, leaves: bool) -> Option<u64> {
        let mut time = GuestTime::default();
        time.begin(Duration::from_millis(limit));
        (0..100).find(|tick| {
            if leaves {
                time.leave();
            }
            !time.may_go_on(Duration::from_millis(7 + tick * used))
        })
    }

    #[test]
    fn only_the_time_that_the_thread_had_counts() {
        assert_eq!(ticks_seen(20, 5, false), Some(4));
        assert_eq!(ticks_seen(20, 1, false), Some(20));
        // One long call of the host.
        assert_eq!(ticks_seen(20, 500, false), Some(1));
    }

    #[test]
    fn the_time_of_others_does_not_count() {
        assert_eq!(ticks_seen(20, 500, true), None);
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
}
