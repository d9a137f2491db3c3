//! How long an upstream asks us to wait before the next try.

use std::time::{Duration, SystemTime};

use hyper::http::{HeaderMap, header};

/// An upstream that asks for longer is taken to ask for this: a wrong date must not take a deployment out for days.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(60 * 60);

/// The wait that an answer asks for, at most [`RETRY_AFTER_MAX`]; zero for a moment that has passed, `None` when it asks
/// for nothing that can be read.
///
/// `retry-after-ms` (OpenAI and Azure, milliseconds) goes before `retry-after`, being finer; that one is seconds or an
/// HTTP date ([RFC 9110 §10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3)). Fractions are understood,
/// since some upstreams send them.
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| Some(headers.get(name)?.to_str().ok()?.trim());
    let wait = text("retry-after-ms")
        .and_then(|text| number(text, 1e-3))
        .or_else(|| seconds_or_date(text(header::RETRY_AFTER.as_str())?, now))?;
    Some(wait.min(RETRY_AFTER_MAX))
}

fn seconds_or_date(text: &str, now: SystemTime) -> Option<Duration> {
    number(text, 1.0).or_else(|| {
        let moment = httpdate::parse_http_date(text).ok()?;
        Some(moment.duration_since(now).unwrap_or(Duration::ZERO))
    })
}

/// Only digits and a point: `f64` also reads `inf`, `1e9` and signs, which nobody means here.
fn number(text: &str, unit_secs: f64) -> Option<Duration> {
    if !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    let seconds = text.parse::<f64>().ok()? * unit_secs;
    Some(Duration::from_secs_f64(seconds.min(RETRY_AFTER_MAX.as_secs_f64())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1994-11-06 08:49:37 GMT, the date of RFC 9110's examples.
    const NOW: Duration = Duration::from_secs(784_111_777);

    #[track_caller]
    fn check(headers: &[(&'static str, &str)], expected: Option<Duration>) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        assert_eq!(retry_after(&map, SystemTime::UNIX_EPOCH + NOW), expected, "{headers:?}");
    }

    #[test]
    fn seconds() {
        check(&[("retry-after", "7")], Some(Duration::from_secs(7)));
        check(&[("retry-after", " 0 ")], Some(Duration::ZERO));
        check(&[("retry-after", "1.5")], Some(Duration::from_millis(1500)));
    }

    #[test]
    fn an_http_date_counts_from_now() {
        check(
            &[("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT")],
            Some(Duration::from_secs(30)),
        );
        check(
            &[("retry-after", "Sunday, 06-Nov-94 08:50:07 GMT")],
            Some(Duration::from_secs(30)),
        );
        check(
            &[("retry-after", "Sun Nov  6 08:50:07 1994")],
            Some(Duration::from_secs(30)),
        );
    }

    #[test]
    fn a_date_that_has_passed_asks_for_no_wait() {
        check(
            &[("retry-after", "Sun, 06 Nov 1994 08:49:00 GMT")],
            Some(Duration::ZERO),
        );
    }

    #[test]
    fn milliseconds_go_first() {
        check(
            &[("retry-after-ms", "250"), ("retry-after", "7")],
            Some(Duration::from_millis(250)),
        );
        check(
            &[("retry-after-ms", "soon"), ("retry-after", "7")],
            Some(Duration::from_secs(7)),
        );
    }

    #[test]
    fn no_wait_is_longer_than_an_hour() {
        check(&[("retry-after", "86400")], Some(RETRY_AFTER_MAX));
        check(&[("retry-after", &"9".repeat(400))], Some(RETRY_AFTER_MAX));
        check(
            &[("retry-after", "Sat, 06 Nov 2094 08:49:37 GMT")],
            Some(RETRY_AFTER_MAX),
        );
    }

    #[test]
    fn what_cannot_be_read_asks_for_nothing() {
        check(&[], None);
        for value in ["", "-1", "inf", "nan", "1e3", "1.2.3", ".", "tomorrow", "\u{e9}"] {
            check(&[("retry-after", value)], None);
        }
    }
}
