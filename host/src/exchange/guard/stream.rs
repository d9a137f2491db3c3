//! Guardrails on a stream: text is shown to them as it comes, and goes on when they let it.
//!
//! For each choice there is a window: text that has arrived and not been sent. A guardrail may hold back its end, because
//! it could be the beginning of something; the host keeps it, bounded, and shows it again with what comes next. Several
//! guardrails are a chain of such windows. Everything that is not text passes as it is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};

use super::{blocked, status, unavailable};
use crate::canonical::Canonical;
use crate::exchange::story::GuardrailReport;
use crate::exchange::{Cause, Refusal};
use crate::json::{self, Kind, Span, Value, elements, find, member, text::quote};
use crate::metrics::Metrics;
use crate::plugin::guardrail::{Inspection, Passage, Stage, Verdict};
use crate::snapshot::ConfiguredGuardrail;
use crate::sse::{self, Events};

/// Text held back for one choice. A guardrail that wants more is asked to decide on what there is.
const HELD_BYTES_MAX: usize = 64 << 10;

/// How much of what was sent a guardrail is shown again, in Unicode scalar values.
const BEFORE_CHARS_MAX: usize = 256;

/// LiteLLM's word for guardrails of an answer.
const MODE: &str = "post_call";

/// Choices that one stream may have; OpenAI allows 128.
const CHOICES_MAX: usize = 128;

/// The chain of guardrails that one stream passes.
pub struct Windows {
    links: Vec<Link>,
    events: Events,
    /// The last event of each choice that had text, for text that is owed when no more events come.
    templates: BTreeMap<u64, (Bytes, Span)>,
}

/// One guardrail of the chain.
struct Link {
    plugin_name: Box<str>,
    fail_open: bool,
    /// `None` when it could not be made and fails open.
    inspection: Option<Inspection>,
    windows: BTreeMap<u64, Window>,
    /// What its looks came to so far, and how long they took.
    report: GuardrailReport,
}

#[derive(Default)]
struct Window {
    before: String,
    held: String,
}

/// One event with the places of its text.
struct Chunk {
    data: Bytes,
    /// (choice, place of the text, quotes included)
    texts: Vec<(u64, Span)>,
    /// Choices that end with this event.
    ended: Vec<u64>,
    /// Something else is in it than text: a role, a tool call, a reason.
    says_more: bool,
}

impl Windows {
    /// Takes an instance of each guardrail, for the life of the stream.
    pub async fn begin(
        canonical: &Arc<Canonical>,
        guardrails: &[&ConfiguredGuardrail],
        metrics: &Metrics,
    ) -> Result<Self, Refusal> {
        let mut links = Vec::with_capacity(guardrails.len());
        for guardrail in guardrails {
            let settings = &guardrail.settings;
            let begun = match &guardrail.plugin {
                Some(plugin) => plugin.begin(canonical).await.map_err(Some),
                None => Err(None),
            };
            let inspection = match begun {
                Ok(inspection) => Some(inspection),
                Err(_) if settings.fail_open => None,
                Err(error) => {
                    metrics.guarded(&settings.name, MODE, status::FAILED, 0.0);
                    return Err(unavailable(&settings.name, &settings.plugin, error));
                }
            };
            links.push(Link {
                plugin_name: settings.plugin.as_str().into(),
                fail_open: settings.fail_open,
                inspection,
                windows: BTreeMap::new(),
                report: GuardrailReport {
                    name: settings.name.as_str().into(),
                    mode: MODE,
                    status: status::SUCCESS,
                    took: Duration::ZERO,
                    code: None,
                },
            });
        }
        Ok(Self {
            links,
            events: Events::new(usize::MAX),
            templates: BTreeMap::new(),
        })
    }

    /// What each guardrail's looks came to so far.
    pub fn reports(&self) -> impl Iterator<Item = GuardrailReport> {
        self.links.iter().map(|link| link.report.clone())
    }

    /// Whole events in, whole events out: what may be sent of them now.
    pub async fn pass(&mut self, events: Bytes) -> Result<Bytes, Refusal> {
        self.events.push(events);
        let mut chunks = Vec::new();
        for event in &mut self.events {
            let event = event.map_err(|error| Refusal::new(Cause::UpstreamError, error.to_string()))?;
            chunks.push(Chunk::read(event.data));
        }
        let mut out = BytesMut::new();
        // A choice that ends is decided on before the event that ends it goes out.
        for batch in chunks.split_inclusive(|chunk| !chunk.ended.is_empty()) {
            self.pass_batch(batch, &mut out).await?;
        }
        Ok(out.freeze())
    }

    /// The stream has ended: what is still held is decided on.
    pub async fn finish(&mut self) -> Result<Bytes, Refusal> {
        let choices: Vec<u64> = self.templates.keys().copied().collect();
        let owed = self.inspect(BTreeMap::new(), &choices).await?;
        let mut out = BytesMut::new();
        for (choice, text) in owed {
            self.write_owed(choice, &text, &mut out)?;
        }
        Ok(out.freeze())
    }

    /// Events of which only the last may end a choice.
    async fn pass_batch(&mut self, batch: &[Chunk], out: &mut BytesMut) -> Result<(), Refusal> {
        let mut arrived: BTreeMap<u64, String> = BTreeMap::new();
        let mut last_of: BTreeMap<u64, usize> = BTreeMap::new();
        for (position, chunk) in batch.iter().enumerate() {
            for &(choice, span) in &chunk.texts {
                arrived.entry(choice).or_default().push_str(&chunk.text(span));
                last_of.insert(choice, position);
                if self.templates.len() < CHOICES_MAX || self.templates.contains_key(&choice) {
                    self.templates.insert(choice, (chunk.data.clone(), span));
                }
            }
        }
        let ended = batch.last().map_or(&[][..], |chunk| &chunk.ended);
        let mut released = self.inspect(arrived, ended).await?;
        for (position, chunk) in batch.iter().enumerate() {
            // Text that is owed to a choice which ends in an event without text goes before that event.
            for choice in &chunk.ended {
                if !last_of.contains_key(choice)
                    && let Some(text) = released.remove(choice)
                {
                    self.write_owed(*choice, &text, out)?;
                }
            }
            let text_of = |choice: u64| {
                let is_last = last_of.get(&choice) == Some(&position);
                if is_last {
                    released.get(&choice).map_or("", String::as_str)
                } else {
                    ""
                }
            };
            chunk.write(text_of, out)?;
        }
        Ok(())
    }

    /// Takes new text through the whole chain; answers what comes out of it for each choice.
    async fn inspect(
        &mut self,
        arrived: BTreeMap<u64, String>,
        ended: &[u64],
    ) -> Result<BTreeMap<u64, String>, Refusal> {
        let mut moving = arrived;
        for link in &mut self.links {
            moving = link.pass(moving, ended).await?;
        }
        Ok(moving)
    }

    /// An event with this text alone, made after the last one of its choice.
    fn write_owed(&self, choice: u64, text: &str, out: &mut BytesMut) -> Result<(), Refusal> {
        let Some((data, span)) = self.templates.get(&choice).filter(|_| !text.is_empty()) else {
            return Ok(());
        };
        write_event(data, &[(*span, quote(text))], out)
    }
}

impl Link {
    /// Shows each choice's window, and moves on what the guardrail lets go.
    async fn pass(&mut self, arrived: BTreeMap<u64, String>, ended: &[u64]) -> Result<BTreeMap<u64, String>, Refusal> {
        let mut released = BTreeMap::new();
        let mut open: Vec<u64> = Vec::new();
        for (choice, text) in arrived {
            if self.windows.len() >= CHOICES_MAX && !self.windows.contains_key(&choice) {
                return Err(Refusal::new(
                    Cause::UpstreamError,
                    format!("the stream has more than {CHOICES_MAX} choices"),
                ));
            }
            self.windows.entry(choice).or_default().held.push_str(&text);
            open.push(choice);
        }
        let closing = |choice: &u64, windows: &BTreeMap<u64, Window>| {
            ended.contains(choice)
                || windows
                    .get(choice)
                    .is_some_and(|window| window.held.len() > HELD_BYTES_MAX)
        };
        let mut last: Vec<u64> = ended
            .iter()
            .copied()
            .filter(|choice| self.windows.contains_key(choice))
            .collect();
        last.extend(
            open.iter()
                .copied()
                .filter(|choice| !ended.contains(choice) && closing(choice, &self.windows)),
        );
        open.retain(|choice| !last.contains(choice));
        self.ask(Stage::StreamWindow, &open, &mut released).await?;
        self.ask(Stage::StreamEnd, &last, &mut released).await?;
        Ok(released)
    }

    async fn ask(
        &mut self,
        stage: Stage,
        choices: &[u64],
        released: &mut BTreeMap<u64, String>,
    ) -> Result<(), Refusal> {
        let shown: Vec<(u64, Passage)> = choices
            .iter()
            .filter_map(|choice| self.windows.get(choice).map(|window| (*choice, window.passage())))
            .filter(|(_, passage)| !passage.text.is_empty())
            .collect();
        if shown.is_empty() {
            return Ok(());
        }
        let passages: Vec<Passage> = shown.iter().map(|(_, passage)| passage.clone()).collect();
        let verdict = self.inspect(stage, &passages).await?;
        for (position, (choice, passage)) in shown.iter().enumerate() {
            let (text, hold) = match &verdict {
                Verdict::Hold(holds) => (None, holds[position] as usize),
                Verdict::Rewrite(edits) => (Some(edits[position].text.as_str()), edits[position].hold as usize),
                Verdict::Pass | Verdict::Block(_) => (None, 0),
            };
            let (goes, stays) = split_end(&passage.text, hold);
            let window = self.windows.entry(*choice).or_default();
            let sent = text.unwrap_or(goes);
            window.sent(sent, stays);
            released.entry(*choice).or_default().push_str(sent);
        }
        Ok(())
    }

    async fn inspect(&mut self, stage: Stage, passages: &[Passage]) -> Result<Verdict, Refusal> {
        let Some(inspection) = &mut self.inspection else {
            return Ok(Verdict::Pass);
        };
        let begun = Instant::now();
        let inspected = inspection.inspect(stage, passages).await;
        self.report.took += begun.elapsed();
        match inspected {
            Ok(Verdict::Block(violation)) => {
                self.report.status = status::INTERVENED;
                self.report.code = Some(violation.code.clone());
                Err(blocked(&self.report.name, violation))
            }
            Ok(verdict) => {
                if matches!(verdict, Verdict::Rewrite(_)) {
                    self.report.status = status::INTERVENED;
                }
                Ok(verdict)
            }
            Err(error) => {
                self.report.status = status::FAILED;
                self.inspection = None;
                if !self.fail_open {
                    return Err(unavailable(&self.report.name, &self.plugin_name, Some(error)));
                }
                tracing::warn!(guardrail = %self.report.name, %error, "guardrail failed open, as configured");
                Ok(Verdict::Pass)
            }
        }
    }
}

impl Window {
    fn passage(&self) -> Passage {
        Passage {
            role: "assistant".into(),
            before: self.before.clone(),
            text: self.held.clone(),
        }
    }

    fn sent(&mut self, text: &str, stays: &str) {
        self.held = stays.to_owned();
        self.before.push_str(text);
        let surplus = self.before.chars().count().saturating_sub(BEFORE_CHARS_MAX);
        if let Some((at, _)) = self.before.char_indices().nth(surplus) {
            self.before.drain(..at);
        }
    }
}

/// All but the last `hold` characters, and those.
fn split_end(text: &str, hold: usize) -> (&str, &str) {
    let at = match hold {
        0 => text.len(),
        hold => text.char_indices().rev().nth(hold - 1).map_or(0, |(at, _)| at),
    };
    text.split_at(at)
}

impl Chunk {
    fn read(data: Bytes) -> Self {
        let mut chunk = Self {
            data: data.clone(),
            texts: Vec::new(),
            ended: Vec::new(),
            says_more: false,
        };
        let choices = find::root(&data).and_then(|root| member(&data, root.span, "choices"));
        let Some(choices) = choices else {
            return Self {
                says_more: true,
                ..chunk
            };
        };
        let mut count = 0;
        for choice in elements(&data, choices.span) {
            count += 1;
            chunk.read_choice(choice);
        }
        chunk.says_more |= count == 0;
        chunk
    }

    fn read_choice(&mut self, choice: Value) {
        let data = self.data.clone();
        let index = member(&data, choice.span, "index")
            .and_then(|index| index.as_u64(&data))
            .unwrap_or(0);
        let delta = member(&data, choice.span, "delta");
        let text = match delta {
            Some(delta) => member(&data, delta.span, "content"),
            None => member(&data, choice.span, "text"),
        };
        match text.filter(|text| text.kind == Kind::String) {
            Some(text) if text.span.len() > 2 => self.texts.push((index, text.span)),
            _ => self.says_more = true,
        }
        let members = delta.map_or(0, |delta| json::members(&data, delta.span).count());
        self.says_more |= members > 1;
        let reason = member(&data, choice.span, "finish_reason");
        if reason.is_some_and(|reason| reason.kind == Kind::String) {
            self.ended.push(index);
            self.says_more = true;
        }
    }

    fn text(&self, span: Span) -> String {
        let inside = span.of(&self.data);
        let inside = &inside[1..inside.len() - 1];
        json::text::unescape(inside).map_or_else(String::new, |text| text.into_owned())
    }

    /// The event with its text replaced; left out when it would say nothing.
    fn write<'t>(&self, text_of: impl Fn(u64) -> &'t str, out: &mut BytesMut) -> Result<(), Refusal> {
        if !self.says_more && self.texts.iter().all(|(choice, _)| text_of(*choice).is_empty()) {
            return Ok(());
        }
        let replacements: Vec<_> = self
            .texts
            .iter()
            .map(|(choice, span)| (*span, quote(text_of(*choice))))
            .collect();
        write_event(&self.data, &replacements, out)
    }
}

fn write_event(data: &Bytes, replacements: &[(Span, Vec<u8>)], out: &mut BytesMut) -> Result<(), Refusal> {
    let replaced = json::replace(data, replacements).map_err(|error| {
        Refusal::new(Cause::Internal, "a guardrail's changes could not be applied").detail(error.to_string())
    })?;
    sse::write_data(out, &replaced.into_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_held_end_is_counted_in_characters() {
        assert_eq!(split_end("naïve", 3), ("na", "ïve"));
        assert_eq!(split_end("ab", 0), ("ab", ""));
        assert_eq!(split_end("ab", 9), ("", "ab"));
    }

    #[test]
    fn an_event_that_says_nothing_is_left_out() {
        let chunk = Chunk::read(Bytes::from_static(
            br#"{"choices":[{"index":0,"delta":{"content":"hi"}}]}"#,
        ));
        let mut out = BytesMut::new();
        chunk.write(|_| "", &mut out).unwrap();
        assert!(out.is_empty());
        chunk.write(|_| "HI", &mut out).unwrap();
        assert_eq!(
            out,
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"HI\"}}]}\n\n"
        );
    }
}
