//! The start of an exchange as rules see it, in UTC.

/// Milliseconds since 1970-01-01, which was a Thursday.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Time(u64);

const MINUTE_MS: u64 = 60_000;
const DAY_MINUTES: u64 = 24 * 60;

const WEEKDAYS: [&str; 7] = [
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "monday",
    "tuesday",
    "wednesday",
];

impl Time {
    pub fn of(unix_ms: u64) -> Self {
        Self(unix_ms)
    }

    /// The time of day, such as `08:30`. Such texts sort in the order of time.
    pub fn of_day(self) -> String {
        let minutes = self.0 / MINUTE_MS % DAY_MINUTES;
        format!("{:02}:{:02}", minutes / 60, minutes % 60)
    }

    /// The day of the week, such as `monday`.
    pub fn weekday(self) -> &'static str {
        let days = self.0 / (MINUTE_MS * DAY_MINUTES);
        WEEKDAYS[(days % 7) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::Time;

    #[test]
    fn days_begin_at_midnight_utc() {
        let last_minute = Time::of(1_795_305_599_999);
        assert_eq!(
            (last_minute.of_day().as_str(), last_minute.weekday()),
            ("23:59", "saturday")
        );
        let next = Time::of(1_795_305_600_000);
        assert_eq!((next.of_day().as_str(), next.weekday()), ("00:00", "sunday"));
        assert_eq!(Time::of(0).weekday(), "thursday");
    }
}
