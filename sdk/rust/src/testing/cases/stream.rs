//! Event streams of a case: framing, parsing and feeding them to an adapter.

use serde_json::Value;

use super::outcome::{Outcome, describe};
use super::{Answer, AnswerEvent, Event, ProviderAdapter};
use crate::Framing;

/// What an adapter writes after its last chunk if it knows that the answer is complete.
pub const DONE: &[u8] = b"data: [DONE]\n\n";

/// The events that the host would pass to the adapter: without `[DONE]` and all that follows it.
pub fn events_of(answer: &Answer, framing: Framing) -> Result<Vec<Event>, Vec<String>> {
    let mut events = match (&answer.events, framing) {
        (Some(events), _) => events.iter().map(event).collect(),
        (None, Framing::ServerSentEvents) => parse_events(&String::from_utf8_lossy(&answer.bytes())),
        (None, Framing::JsonLines) => parse_lines(&answer.bytes()),
        (None, Framing::AwsEventStream) => {
            return Err(vec![
                "write the frames of an AWS event stream as `events`, not as `text`".into(),
            ]);
        }
    };
    if let Some(end) = events.iter().position(|event| event.data == b"[DONE]") {
        events.truncate(end);
    }
    Ok(events)
}

/// The documents of a stream that the host relays unchanged.
pub fn relayed_chunks(answer: &Answer) -> Result<Vec<Value>, Vec<String>> {
    let events = events_of(answer, Framing::ServerSentEvents)?;
    events.iter().map(|event| json(&event.data)).collect()
}

/// Feeds the batches to the adapter, then ends the stream. A failure ends the stream early; the chunks before it are
/// kept.
pub fn hand_over<P: ProviderAdapter>(adapter: &mut P, batches: Vec<Vec<Event>>) -> Result<Outcome, Vec<String>> {
    let mut bytes = Vec::new();
    let mut failure = None;
    for batch in batches {
        match adapter.events(batch) {
            Ok(chunks) => bytes.extend(chunks),
            Err(error) => {
                failure = Some(describe(&error));
                break;
            }
        }
        if bytes.ends_with(DONE) {
            break;
        }
    }
    if failure.is_none() && !bytes.ends_with(DONE) {
        match adapter.finish() {
            Ok(chunks) => bytes.extend(chunks),
            Err(error) => failure = Some(describe(&error)),
        }
    }
    Ok(Outcome {
        body: None,
        chunks: Some(canonical_chunks(&bytes)?),
        failure,
    })
}

/// Parses chunks. The host relies on this form: `data: <json>` and an empty line, and nothing else but [`DONE`] at the
/// end.
fn canonical_chunks(bytes: &[u8]) -> Result<Vec<Value>, Vec<String>> {
    let bytes = bytes.strip_suffix(DONE).unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| vec![format!("chunks are not UTF-8: {error}")])?;
    let Some(text) = text.strip_suffix("\n\n") else {
        return if text.is_empty() {
            Ok(Vec::new())
        } else {
            Err(vec!["the last chunk has no empty line after it".into()])
        };
    };
    text.split("\n\n").map(chunk).collect()
}

fn chunk(text: &str) -> Result<Value, Vec<String>> {
    let data = text
        .strip_prefix("data: ")
        .ok_or_else(|| vec![format!("not a chunk: {text:?}")])?;
    json(data.as_bytes())
}

fn json(bytes: &[u8]) -> Result<Value, Vec<String>> {
    serde_json::from_slice(bytes).map_err(|error| vec![format!("{error}: {}", String::from_utf8_lossy(bytes))])
}

fn event(event: &AnswerEvent) -> Event {
    Event {
        name: event.event.clone(),
        data: data_of(event).into_bytes(),
    }
}

/// A string is taken unchanged, such as `[DONE]`; any other value is serialized as JSON.
fn data_of(event: &AnswerEvent) -> String {
    match &event.data {
        Value::String(text) => text.clone(),
        document => document.to_string(),
    }
}

/// The events in the bytes that the upstream would send.
pub fn framed(events: &[AnswerEvent]) -> Vec<u8> {
    let mut text = String::new();
    for event in events {
        if !event.event.is_empty() {
            text.push_str(&format!("event: {}\n", event.event));
        }
        text.push_str(&format!("data: {}\n\n", data_of(event)));
    }
    text.into_bytes()
}

/// Parses an event stream (<https://html.spec.whatwg.org/multipage/server-sent-events.html>) as far as cases need it.
/// As in the standard, an event without a final empty line is dropped.
fn parse_events(text: &str) -> Vec<Event> {
    let mut events = Vec::new();
    let mut name = String::new();
    let mut data: Vec<&str> = Vec::new();
    for line in text.split_inclusive('\n') {
        let ended = line.ends_with('\n');
        let line = line.trim_end_matches(['\n', '\r']);
        if line.is_empty() && ended {
            if !data.is_empty() {
                events.push(Event {
                    name: std::mem::take(&mut name),
                    data: data.join("\n").into_bytes(),
                });
            }
            name.clear();
            data.clear();
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut name),
            "data" => data.push(value),
            _ => {}
        }
    }
    events
}

fn parse_lines(bytes: &[u8]) -> Vec<Event> {
    let lines = bytes
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty());
    lines
        .map(|line| Event {
            name: String::new(),
            data: line.to_vec(),
        })
        .collect()
}
