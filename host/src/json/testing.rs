//! Random cases from a fixed seed, for the tests of this module.

use serde_json::{Map, Value};

/// A small xorshift generator (Marsaglia 2003): the same seed gives the same cases on every machine.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// From 0 to `bound - 1`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.roll() >> 11) as usize % bound
    }

    pub(crate) fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }

    pub(crate) fn character(&mut self) -> char {
        [
            'a', 'z', '"', '\\', '/', '\n', '\r', '\t', '\u{8}', '\u{c}', '\0', '\u{1f}', '\u{7f}', 'é', '€', '😀',
        ][self.below(16)]
    }

    /// A value of at most `depth` levels over few keys, so that two of them have keys in common.
    pub(crate) fn value(&mut self, depth: usize) -> Value {
        match self.below(if depth == 0 { 5 } else { 8 }) {
            0 => Value::Null,
            1 => Value::Bool(self.below(2) == 0),
            2 => Value::from(self.below(1000) as i64 - 500),
            3 => Value::from(self.below(1000) as f64 / 8.0),
            4 => Value::String((0..self.below(6)).map(|_| self.character()).collect()),
            5 => Value::Array((0..self.below(4)).map(|_| self.value(depth - 1)).collect()),
            _ => Value::Object(self.object(depth - 1)),
        }
    }

    pub(crate) fn object(&mut self, depth: usize) -> Map<String, Value> {
        let keys = ["a", "b", "model", "tëst", "q\"q", "\\", "", "n\nl"];
        (0..self.below(6))
            .map(|_| (self.pick(&keys).to_owned(), self.value(depth)))
            .collect()
    }

    /// `value` as JSON text with whitespace and escapes wherever they may stand.
    pub(crate) fn write(&mut self, value: &Value) -> String {
        let body = match value {
            Value::String(text) => self.write_text(text),
            Value::Array(values) => {
                let items: Vec<String> = values.iter().map(|value| self.write(value)).collect();
                format!("[{}{}]", self.gap(), items.join(","))
            }
            Value::Object(map) => {
                let items: Vec<String> = map.iter().map(|(key, value)| self.write_member(key, value)).collect();
                format!("{{{}{}}}", items.join(","), self.gap())
            }
            scalar => scalar.to_string(),
        };
        format!("{}{body}{}", self.gap(), self.gap())
    }

    fn write_member(&mut self, key: &str, value: &Value) -> String {
        format!(
            "{}{}{}:{}",
            self.gap(),
            self.write_text(key),
            self.gap(),
            self.write(value)
        )
    }

    fn gap(&mut self) -> &'static str {
        self.pick(&["", "", "", " ", "\n", "\t\r\n  "])
    }

    fn write_text(&mut self, text: &str) -> String {
        let written = serde_json::to_string(text).expect("strings serialise");
        let escape = |c: char| match (c, self.below(4)) {
            ('a' | 'b' | 'd' | 'o' | 'z', 0) => format!("\\u{:04x}", u32::from(c)),
            _ => c.to_string(),
        };
        // Letters that may be part of an escape are left alone in text that has one.
        if written.contains('\\') {
            written
        } else {
            written.chars().map(escape).collect()
        }
    }
}
