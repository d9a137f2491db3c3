//! Runs the cases with random changes, from a fixed seed, to the request and the upstream's answer. The adapter may
//! refuse the changed document or translate it, but it must not panic, and its output must be JSON.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use serde_json::{Value, json};

use super::{Case, case_files, stream};
use crate::{Event, ProviderAdapter, Reading, RequestBody};

/// Random numbers that are the same on every machine (SplitMix64).
pub struct Random(u64);

impl Random {
    /// The sequence for this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A random number below `bound`, which must not be 0.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((bits ^ (bits >> 31)) % bound as u64).unwrap_or(0)
    }

    /// Changes one to three values of a document, and sometimes its bytes.
    pub fn mutate(&mut self, document: &Value) -> Vec<u8> {
        let mut changed = document.clone();
        for _ in 0..=self.below(3) {
            let steps = self.below(8);
            self.change(&mut changed, steps);
        }
        let mut bytes = changed.to_string().into_bytes();
        match self.below(8) {
            0 => bytes.truncate(self.below(bytes.len() + 1)),
            1 if !bytes.is_empty() => {
                let at = self.below(bytes.len());
                bytes[at] = b"\"{}[],:\\\0\xff9e-"[self.below(13)];
            }
            _ => {}
        }
        bytes
    }

    /// Descends up to `steps` levels along a random path, and changes the value there.
    fn change(&mut self, value: &mut Value, steps: usize) {
        match value {
            Value::Object(object) if steps > 0 && !object.is_empty() => {
                let place = self.below(object.len());
                let name = object.keys().nth(place).cloned().unwrap_or_default();
                match self.below(6) {
                    0 => drop(object.remove(&name)),
                    _ => self.change(&mut object[&name], steps - 1),
                }
            }
            Value::Array(list) if steps > 0 && !list.is_empty() => {
                let place = self.below(list.len());
                match self.below(6) {
                    0 => drop(list.remove(place)),
                    1 => list.push(list[place].clone()),
                    _ => self.change(&mut list[place], steps - 1),
                }
            }
            _ => *value = self.other(),
        }
    }

    /// A random value of some type; some values are corner cases.
    fn other(&mut self) -> Value {
        let values = [
            json!(null),
            json!(true),
            json!(0),
            json!(-1),
            json!(1.5e300),
            json!(u64::MAX),
            json!(""),
            json!(" \n"),
            json!("\u{0}\"\\\u{10FFFF}"),
            json!("data:;base64,"),
            json!("data:image/png;base64,é"),
            json!([]),
            json!([null]),
            json!({}),
            json!({"type": "text"}),
            json!([{"type": null, "text": 1}]),
        ];
        values[self.below(values.len())].clone()
    }
}

/// Runs `count` changes of each case's request, and as many of its answer, through the adapter.
///
/// # Panics
/// If the adapter panics, or its output is not JSON. The message names the case and the number of the change.
pub fn run_adapter<P: ProviderAdapter>(folder: impl AsRef<Path>, count: u64) {
    let cases: Vec<(String, Case)> = case_files(folder.as_ref())
        .iter()
        .map(|file| {
            let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            let case = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            (file.display().to_string(), case)
        })
        .collect();
    assert!(!cases.is_empty(), "no case in {}", folder.as_ref().display());
    for (index, (name, case)) in (0..).zip(&cases) {
        for number in 0..count {
            let mut random = Random(index << 32 | number);
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                ask_mutated::<P>(case, &mut random);
                answer_mutated::<P>(case, &mut random);
            }));
            assert!(outcome.is_ok(), "{name}, change {number}: see above");
        }
    }
}

fn ask_mutated<P: ProviderAdapter>(case: &Case, random: &mut Random) {
    let mut host = case.host();
    host.body = random.mutate(&case.request);
    host.install();
    match super::fresh::<P>().open(&case.target()).map(|sent| sent.body) {
        Ok(RequestBody::Bytes(bytes) | RequestBody::MergePatch(bytes)) => assert_json(&bytes),
        Ok(RequestBody::Empty | RequestBody::Unchanged | RequestBody::Upload(_)) | Err(_) => {}
    }
}

fn answer_mutated<P: ProviderAdapter>(case: &Case, random: &mut Random) {
    let (Ok((mut adapter, sent)), Some(answer)) = (case.open::<P>(), &case.upstream_answer) else {
        return;
    };
    if !(200..300).contains(&answer.status) {
        let body = random.mutate(answer.body.as_ref().unwrap_or(&Value::Null));
        adapter.refuse(&case.target(), answer.status, body);
        return;
    }
    match (&sent.reading, &answer.body) {
        (Reading::Whole, Some(body)) => {
            if let Ok(body) = adapter.whole(random.mutate(body)) {
                assert_json(&body);
            }
        }
        (Reading::Events(framing), None) => {
            let Ok(events) = stream::events_of(answer, *framing) else {
                return;
            };
            for event in events {
                let document = serde_json::from_slice(&event.data).unwrap_or(Value::Null);
                let is_changed = random.below(4) == 0;
                let data = if is_changed {
                    random.mutate(&document)
                } else {
                    event.data
                };
                let batch = vec![Event { name: event.name, data }];
                let Ok(chunks) = adapter.events(batch) else { return };
                assert_chunks(&chunks);
            }
            if let Ok(chunks) = adapter.finish() {
                assert_chunks(&chunks);
            }
        }
        _ => {}
    }
}

fn assert_json(document: &[u8]) {
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(document).is_ok();
    assert!(is_json, "no JSON: {}", String::from_utf8_lossy(document));
}

fn assert_chunks(chunks: &[u8]) {
    let chunks = chunks.strip_suffix(super::stream::DONE).unwrap_or(chunks);
    for line in chunks.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        assert_json(line.strip_prefix(b"data: ").expect("a chunk is a line of data"));
    }
}
