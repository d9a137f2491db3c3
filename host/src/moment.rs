//! Time as the health of deployments knows it.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A moment: since the Unix epoch, and never running backwards, whatever happens to the machine's clock. What depends on time
/// takes one as an argument, so that tests and the simulator have a time of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Duration);

impl Moment {
    /// The machine's clock where the process first looked, and what has passed since then.
    #[must_use]
    pub fn now() -> Self {
        static FIRST: OnceLock<(Instant, Duration)> = OnceLock::new();
        let (looked, epoch) = FIRST.get_or_init(|| {
            let epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            (Instant::now(), epoch)
        });
        Self(*epoch + looked.elapsed())
    }

    #[must_use]
    pub fn after_epoch(time: Duration) -> Self {
        Self(time)
    }

    #[must_use]
    pub fn since_epoch(self) -> Duration {
        self.0
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub fn millis(self) -> u64 {
        u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX)
    }

    /// The minute of the clock, counted from the Unix epoch.
    #[must_use]
    pub fn minute(self) -> u64 {
        self.0.as_secs() / 60
    }

    /// Nothing where `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl std::ops::Add<Duration> for Moment {
    type Output = Self;

    fn add(self, time: Duration) -> Self {
        Self(self.0 + time)
    }
}
