//! Idle instances of one worker. The instance that was used last is taken first, because its memory is most likely in
//! the CPU's caches.

use std::time::{Duration, Instant};

/// Enough for the exchanges that one core has at the same point at once.
const COUNT_MAX: usize = 32;

/// Older instances are not used again. This limits for how long a guest's own leak or drift can last.
const AGE_MAX: Duration = Duration::from_secs(600);

/// Something with a known creation time.
pub(super) trait Made {
    fn made(&self) -> Instant;
}

pub(super) struct Idle<T>(Vec<T>);

impl<T> Default for Idle<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Made> Idle<T> {
    pub(super) fn take(&mut self, now: Instant) -> Option<T> {
        while let Some(instance) = self.0.pop() {
            if !is_old(&instance, now) {
                return Some(instance);
            }
        }
        None
    }

    /// Keeps the instance if there is room for it.
    pub(super) fn put(&mut self, instance: T) {
        if self.0.len() < COUNT_MAX {
            self.0.push(instance);
        }
    }

    /// Removes the instances that are too old to be used again. The caller drops them, which is slow.
    pub(super) fn take_old(&mut self, now: Instant) -> Vec<T> {
        self.0.extract_if(.., |instance| is_old(instance, now)).collect()
    }
}

fn is_old(instance: &impl Made, now: Instant) -> bool {
    now.saturating_duration_since(instance.made()) >= AGE_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Made for (Instant, usize) {
        fn made(&self) -> Instant {
            self.0
        }
    }

    #[test]
    fn the_last_one_is_taken_first_and_no_old_one() {
        let start = Instant::now();
        let mut idle = Idle::default();
        for second in 0..3 {
            idle.put((start + Duration::from_secs(second), second as usize));
        }
        assert_eq!(idle.take(start + AGE_MAX).map(|(_, number)| number), Some(2));
        assert_eq!(idle.take(start + AGE_MAX + Duration::from_secs(1)), None);
    }

    #[test]
    fn old_ones_go_though_nobody_asks_for_one() {
        let start = Instant::now();
        let mut idle = Idle::default();
        // The order is that of use, not of age.
        for second in [2, 0, 1] {
            idle.put((start + Duration::from_secs(second), second as usize));
        }
        let old = idle.take_old(start + AGE_MAX + Duration::from_secs(1));
        assert_eq!(old.iter().map(|(_, number)| *number).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(idle.take(start).map(|(_, number)| number), Some(2));
    }

    #[test]
    fn there_is_room_for_so_many() {
        let now = Instant::now();
        let mut idle = Idle::default();
        for number in 0..COUNT_MAX + 1 {
            idle.put((now, number));
        }
        assert_eq!(idle.take(now).map(|(_, number)| number), Some(COUNT_MAX - 1));
    }
}
