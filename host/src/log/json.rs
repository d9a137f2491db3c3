//! Events as lines of JSON: `{"timestamp": …, "level": …, "message": …, <fields>, "target": …}`.

use std::cell::RefCell;
use std::fmt::{Debug, Write as _};
use std::io::Write as _;
use std::time::SystemTime;

use serde::Serialize;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
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
        let now = humantime::format_rfc3339_micros(SystemTime::now());
        let level = event.metadata().level().as_str();
        let _ = write!(room.line, "{{\"timestamp\":\"{now}\",\"level\":\"{level}\"");
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

    /// A number or a truth value. Numbers that JSON has no word for are `null`.
    fn value(&mut self, field: &Field, value: impl Serialize) {
        self.name(field.name());
        // A vector takes every byte.
        let _ = serde_json::to_writer(&mut self.room.line, &value);
    }
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT_BYTES_MAX)]
}

impl Visit for Fields<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.value(field, value);
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
        assert!(timestamp.as_str().unwrap().ends_with('Z'), "{timestamp}");
        let expected = json!({ "timestamp": null, "level": "INFO", "message": "said 1", "text": "a \"b\"\n",
            "number": 1.5, "nan": null, "count": 3, "yes": true, "shown": "é", "target": "here" });
        assert_eq!(line, expected);
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
