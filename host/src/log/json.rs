//! Events as lines of JSON: `{"timestamp": …, "level": …, "message": …, <fields>, "target": …}`.

use std::cell::RefCell;
use std::fmt::{self, Debug, Write as _};
use std::io::Write as _;
use std::time::{Duration, UNIX_EPOCH};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::layer::Context;

use super::Lines;
use crate::json::text::write_string;

/// Longer texts are cut: people read the log.
const TEXT_BYTES_MAX: usize = 16 << 10;

/// The layer that formats events. It allocates little per line, since each exchange logs one.
pub struct JsonLines(Lines);

impl JsonLines {
    #[must_use]
    pub fn new(lines: Lines) -> Self {
        Self(lines)
    }
}

/// Buffers that a thread reuses for its lines.
#[derive(Default)]
struct Room {
    line: Vec<u8>,
    /// For values that can only be formatted.
    text: String,
    /// The timestamp up to its seconds, of this second since 1970.
    date: String,
    second: Option<u64>,
}

impl Room {
    /// Writes the time of day, `2026-01-31T12:00:00.123456Z`. The date is formatted once a second.
    fn timestamp(&mut self) {
        const DATE_BYTES: usize = "2026-01-31T12:00:00".len();
        let Some(now) = since_1970() else {
            return;
        };
        if self.second != Some(now.as_secs()) {
            self.text.clear();
            // It reads the clock itself, and a new second may have begun.
            let _ = SystemTime.format_time(&mut Writer::new(&mut self.text));
            self.second = since_1970()
                .map(|then| then.as_secs())
                .filter(|then| *then == now.as_secs());
            self.date.clear();
            self.date.push_str(self.text.get(..DATE_BYTES).unwrap_or_default());
            if self.second.is_none() {
                return self.line.extend_from_slice(self.text.as_bytes());
            }
        }
        self.line.extend_from_slice(self.date.as_bytes());
        let _ = write!(self.line, ".{:06}Z", now.subsec_micros());
    }
}

/// `None` if the clock is before 1970.
fn since_1970() -> Option<Duration> {
    std::time::SystemTime::now().duration_since(UNIX_EPOCH).ok()
}

thread_local! {
    static ROOM: RefCell<Room> = RefCell::default();
}

impl<S: Subscriber> Layer<S> for JsonLines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        ROOM.with(|room| match room.try_borrow_mut() {
            Ok(mut room) => self.write(event, &mut room),
            // The buffers are in use: a value logs while it is being formatted.
            Err(_) => self.write(event, &mut Room::default()),
        });
    }
}

impl JsonLines {
    fn write(&self, event: &Event<'_>, room: &mut Room) {
        room.line.clear();
        room.line.extend_from_slice(b"{\"timestamp\":\"");
        room.timestamp();
        let _ = write!(room.line, "\",\"level\":\"{}\"", event.metadata().level());
        let mut fields = Fields {
            room,
            has_message: false,
        };
        event.record(&mut fields);
        room.line.extend_from_slice(b",\"target\":");
        write_string(&mut room.line, event.metadata().target());
        room.line.extend_from_slice(b"}\n");
        self.0.push(&room.line);
    }
}

/// Writes the members of a line.
struct Fields<'r> {
    room: &'r mut Room,
    has_message: bool,
}

impl Fields<'_> {
    fn name(&mut self, name: &str) {
        let is_taken = match name {
            // The first `message` is the event's own sentence. A further one is a field.
            "message" => std::mem::replace(&mut self.has_message, true),
            name => matches!(name, "timestamp" | "level" | "target"),
        };
        let line = &mut self.room.line;
        line.push(b',');
        write_string(line, name);
        if is_taken {
            // Each key may occur only once: `level` is the event's level, and a field `level` is written as `level_`.
            line.pop();
            line.extend_from_slice(b"_\"");
        }
        line.push(b':');
    }

    fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        write_string(&mut self.room.line, cut(text));
    }

    fn value(&mut self, field: &Field, value: impl fmt::Display) {
        self.name(field.name());
        let _ = write!(self.room.line, "{value}");
    }
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT_BYTES_MAX)]
}

impl Visit for Fields<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        match value.is_finite() {
            true => self.value(field, value),
            false => self.value(field, "null"),
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.value(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.value(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.value(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut text = std::mem::take(&mut self.room.text);
        text.clear();
        let _ = write!(text, "{value:?}");
        self.text(field.name(), &text);
        self.room.text = text;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use parking_lot::Mutex;
    use serde_json::{Value, json};
    use tracing_subscriber::prelude::*;

    use super::*;

    #[derive(Clone, Default)]
    struct Out(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Out {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(log: impl FnOnce()) -> Vec<u8> {
        let out = Out::default();
        let lines = Lines::start(out.clone()).unwrap();
        let subscriber = tracing_subscriber::registry().with(JsonLines::new(lines.clone()));
        tracing::subscriber::with_default(subscriber, log);
        lines.finish(Duration::from_secs(60));
        out.0.lock().clone()
    }

    #[test]
    fn an_event_is_an_object_on_a_line() {
        let line = logged(|| {
            let nobody: Option<&str> = None;
            tracing::info!(target: "here", text = "a \"b\"\n", number = 1.5, nan = f64::NAN, count = 3_u64, yes = true,
                shown = %"é", nobody, "said {}", 1);
        });
        let mut line: Value = serde_json::from_slice(&line).unwrap();
        let timestamp = line["timestamp"].take();
        let timestamp = timestamp.as_str().unwrap();
        assert!(timestamp.len() == 27 && timestamp.ends_with('Z'), "{timestamp}");
        let expected = json!({ "timestamp": null, "level": "INFO", "message": "said 1", "text": "a \"b\"\n",
            "number": 1.5, "nan": null, "count": 3, "yes": true, "shown": "é", "target": "here" });
        assert_eq!(line, expected);
    }

    #[test]
    fn timestamps_follow_each_other() {
        let lines = logged(|| {
            for _ in 0..3 {
                tracing::info!("tick");
                std::thread::sleep(Duration::from_millis(400));
            }
        });
        let timestamps: Vec<String> = lines
            .split(|byte| *byte == b'\n')
            .filter_map(|line| serde_json::from_slice::<Value>(line).ok())
            .map(|line| line["timestamp"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(timestamps.len(), 3);
        assert!(timestamps.is_sorted(), "{timestamps:?}");
        assert!(timestamps[0] != timestamps[1], "{timestamps:?}");
    }

    #[test]
    fn no_key_stands_twice() {
        let message = "another";
        let line = logged(|| tracing::warn!(message, level = 1, "one"));
        let text = String::from_utf8(line).unwrap();
        assert_eq!(
            (text.matches("\"message\":").count(), text.matches("\"level\":").count()),
            (1, 1),
            "{text}"
        );
    }

    #[test]
    fn a_long_text_is_cut() {
        let text = "é".repeat(TEXT_BYTES_MAX);
        let line = logged(|| tracing::info!(text, "long"));
        assert!(line.len() < TEXT_BYTES_MAX + 200);
    }
}
