//! Guardrails on a stream: they check the text as it arrives, and it is sent when they allow it.
//!
//! Each text of each choice has a window: what has arrived and has not been sent. A guardrail may hold back the end of
//! a window, because it could be the beginning of something. The host keeps this end, up to a limit, and shows it again
//! with what arrives next. Several guardrails form a chain of such windows. Everything that is not text passes
//! unchanged.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};

use super::{blocked, not_applied, status, unavailable, unseen};
use crate::canonical::Canonical;
use crate::canonical::chunk::{Chunk, Place};
use crate::canonical::join::Transcript;
use crate::canonical::{event, texts};
use crate::exchange::history::GuardrailReport;
use crate::exchange::refusal::{Cause, Refusal};
use crate::json::text::plain_escapes;
use crate::metrics::Metrics;
use crate::plugin::kinds::guardrail::{Inspection, Passage, Stage, Verdict};
use crate::snapshot::ConfiguredGuardrail;
use crate::sse::{self, Events};

/// Text held back in one window. A guardrail that would hold back more is asked to decide on what there is.
const HELD_BYTES_MAX: usize = 64 << 10;

/// How much of the text that was sent a guardrail is shown again, in Unicode scalar values.
const BEFORE_CHARS_MAX: usize = 256;

/// LiteLLM's term for guardrails of an answer.
const MODE: &str = "post_call";

/// Texts that may grow side by side in one stream: OpenAI allows 128 choices, most with one text.
const WINDOWS_MAX: usize = 256;

/// The chain of guardrails that one stream passes through.
pub struct Windows {
    links: Vec<Link>,
    events: Events,
    /// The last event that had text. If no event is left that could carry text that was held back, the text is sent in
    /// a copy of this event's envelope.
    envelope: Bytes,
    /// Number of texts so far that do not grow.
    serial: u64,
    /// Escapes in JSON texts of which only the beginning has arrived.
    escapes: Texts,
    /// The guardrail that lets no medium pass that it does not look at. On streams guardrails look at text alone.
    blocks_unseen: Option<Box<str>>,
    /// What was sent, for the record.
    pub transcript: Option<Transcript>,
}

type Texts = BTreeMap<Place, String>;

/// One guardrail of the chain.
struct Link {
    plugin_name: Box<str>,
    fail_open: bool,
    /// `None` if the instance could not be made or a check failed, and the guardrail fails open.
    inspection: Option<Inspection>,
    windows: BTreeMap<Place, Window>,
    /// The result of its checks so far, and their time.
    report: GuardrailReport,
}

#[derive(Default)]
struct Window {
    before: String,
    held: String,
}

impl Windows {
    /// Takes an instance of each guardrail, for the whole stream.
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
                Err(error) if settings.fail_open => {
                    let reason = error.map_or_else(|| "its plugin is not there".to_owned(), |error| error.to_string());
                    tracing::warn!(
                        guardrail = settings.name,
                        reason,
                        "guardrail failed open, as configured"
                    );
                    None
                }
                Err(error) => {
                    metrics.guarded(&settings.name, MODE, status::FAILED, 0.0);
                    return Err(unavailable(&settings.name, &settings.plugin, error));
                }
            };
            links.push(Link {
                plugin_name: settings.plugin.as_str().into(),
                fail_open: settings.fail_open,
                windows: BTreeMap::new(),
                report: GuardrailReport {
                    name: settings.name.as_str().into(),
                    mode: MODE,
                    status: if inspection.is_some() {
                        status::SUCCESS
                    } else {
                        status::FAILED
                    },
                    took: Duration::ZERO,
                    code: None,
                },
                inspection,
            });
        }
        Ok(Self {
            links,
            events: Events::new(usize::MAX),
            envelope: Bytes::new(),
            serial: 0,
            escapes: Texts::new(),
            blocks_unseen: guardrails
                .iter()
                .find(|guardrail| guardrail.settings.blocks_unseen)
                .map(|guardrail| guardrail.settings.name.as_str().into()),
            transcript: None,
        })
    }

    /// The guardrails' names.
    pub fn guardrails(&self) -> impl Iterator<Item = Arc<str>> {
        self.links.iter().map(|link| Arc::clone(&link.report.name))
    }

    /// The result of each guardrail's checks so far.
    pub fn reports(&self) -> impl Iterator<Item = GuardrailReport> {
        self.links.iter().map(|link| link.report.clone())
    }

    /// Takes whole events, and returns whole events: what may be sent of them now.
    pub async fn pass(&mut self, events: Bytes) -> Result<Bytes, Refusal> {
        let unreadable = |error: String| Refusal::new(Cause::UpstreamError, error);
        self.events.push(events);
        let mut chunks = Vec::new();
        for event in &mut self.events {
            let event = event.map_err(|error| unreadable(error.to_string()))?;
            if let Some(name) = &self.blocks_unseen
                && let Some(medium) = texts::medium_of_answer(&event.data)
            {
                return Err(blocked(name, unseen(medium)));
            }
            let chunk = Chunk::read(event.data, &mut self.serial);
            // An event that cannot be read cannot be checked.
            chunks.push(chunk.ok_or_else(|| unreadable("the upstream sent an event that is no chunk".to_owned()))?);
        }
        let mut out = BytesMut::new();
        // The guardrails must decide on all text of a choice before the event that ends the choice is sent.
        for batch in chunks.split_inclusive(|chunk| !chunk.ended.is_empty()) {
            self.pass_batch(batch, &mut out).await?;
        }
        Ok(out.freeze())
    }

    /// The stream has ended: the guardrails decide on what is still held.
    pub async fn finish(&mut self) -> Result<Bytes, Refusal> {
        let held = self.links.iter().flat_map(Link::choices);
        let choices: Vec<u64> = held.chain(self.escapes.keys().map(|place| place.choice)).collect();
        let mut arrived = Texts::new();
        self.end_escapes(&choices, &mut arrived);
        let owed = self.inspect(arrived, &choices).await?;
        let mut out = BytesMut::new();
        for (place, text) in owed.iter().filter(|(_, text)| !text.is_empty()) {
            self.write(&event::alone(&self.envelope, place, text), &mut out);
        }
        Ok(out.freeze())
    }

    /// Checks events of which only the last one may end a choice.
    async fn pass_batch(&mut self, batch: &[Chunk], out: &mut BytesMut) -> Result<(), Refusal> {
        let mut arrived = Texts::new();
        // The text that is released for a place is sent in the event with the last piece of text for that place.
        let mut last_of: BTreeMap<Place, (usize, usize)> = BTreeMap::new();
        for (position, chunk) in batch.iter().enumerate() {
            for (at, text) in chunk.texts.iter().enumerate() {
                let said = self.without_escapes(&text.place, chunk.text(text.span));
                arrived.entry(text.place.clone()).or_default().push_str(&said);
                last_of.insert(text.place.clone(), (position, at));
                self.envelope = chunk.data.clone();
            }
        }
        let ended = batch.last().map_or(&[][..], |chunk| &chunk.ended);
        self.end_escapes(ended, &mut arrived);
        let released = self.inspect(arrived, ended).await?;
        for (position, chunk) in batch.iter().enumerate() {
            // Text that was held back for a choice is sent before the event that ends the choice.
            let owed = released.iter().filter(|(place, text)| {
                chunk.ended.contains(&place.choice) && !last_of.contains_key(*place) && !text.is_empty()
            });
            for (place, text) in owed {
                self.write(&event::alone(&self.envelope, place, text), out);
            }
            let text_of = |at: usize| {
                let place = &chunk.texts[at].place;
                let is_last = last_of.get(place) == Some(&(position, at));
                released.get(place).filter(|_| is_last).map_or("", String::as_str)
            };
            if let Some(data) = event::with_texts(chunk, text_of).map_err(not_applied)? {
                self.write(&data, out);
            }
        }
        Ok(())
    }

    fn write(&mut self, data: &[u8], out: &mut BytesMut) {
        sse::write_data(out, data);
        if let Some(transcript) = &mut self.transcript {
            transcript.add(data);
        }
    }

    /// A piece of JSON in a string, without the escapes that JSON does not require: guardrails would not find words
    /// that are written with them.
    fn without_escapes(&mut self, place: &Place, text: String) -> String {
        if !place.is_json {
            return text;
        }
        let text = self.escapes.remove(place).unwrap_or_default() + &text;
        let (plain, begun) = plain_escapes(&text);
        if !begun.is_empty() {
            self.escapes.insert(place.clone(), begun.to_owned());
        }
        plain
    }

    /// Adds the incomplete escapes of choices that end: no later event can complete them.
    fn end_escapes(&mut self, ended: &[u64], arrived: &mut Texts) {
        let has_ended = |place: &Place| ended.contains(&place.choice);
        for (place, begun) in self.escapes.extract_if(.., |place, _| has_ended(place)) {
            arrived.entry(place).or_default().push_str(&begun);
        }
    }

    /// Passes new text through the whole chain, and returns what it releases for each place.
    async fn inspect(&mut self, arrived: Texts, ended: &[u64]) -> Result<Texts, Refusal> {
        let mut moving = arrived;
        for link in &mut self.links {
            moving = link.pass(moving, ended).await?;
        }
        Ok(moving)
    }
}

impl Link {
    fn choices(&self) -> impl Iterator<Item = u64> {
        self.windows.keys().map(|place| place.choice)
    }

    /// Shows the guardrail each window that has new text or ends, and returns what the guardrail releases.
    async fn pass(&mut self, arrived: Texts, ended: &[u64]) -> Result<Texts, Refusal> {
        let mut open: Vec<Place> = Vec::new();
        for (place, text) in arrived {
            if self.windows.len() >= WINDOWS_MAX && !self.windows.contains_key(&place) {
                let message = format!("the stream has more than {WINDOWS_MAX} texts side by side");
                return Err(Refusal::new(Cause::UpstreamError, message));
            }
            self.windows.entry(place.clone()).or_default().held.push_str(&text);
            open.push(place);
        }
        let is_last = |place: &Place, window: &Window| {
            let is_full = open.contains(place) && window.held.len() > HELD_BYTES_MAX;
            is_full || !place.grows() || ended.contains(&place.choice)
        };
        let last = self.windows.iter().filter(|(place, window)| is_last(place, window));
        let last: Vec<Place> = last.map(|(place, _)| place.clone()).collect();
        open.retain(|place| !last.contains(place));
        let mut released = Texts::new();
        self.ask(Stage::StreamWindow, &open, &mut released).await?;
        self.ask(Stage::StreamEnd, &last, &mut released).await?;
        self.windows.retain(|place, _| place.grows());
        Ok(released)
    }

    async fn ask(&mut self, stage: Stage, places: &[Place], released: &mut Texts) -> Result<(), Refusal> {
        let shown: Vec<(Place, Passage)> = places
            .iter()
            .filter_map(|place| self.windows.get(place).map(|window| (place.clone(), window.passage())))
            .filter(|(_, passage)| !passage.text.is_empty())
            .collect();
        if shown.is_empty() {
            return Ok(());
        }
        let passages: Vec<Passage> = shown.iter().map(|(_, passage)| passage.clone()).collect();
        let verdict = self.inspect(stage, &passages).await?;
        for (position, (place, passage)) in shown.iter().enumerate() {
            let (text, hold) = match &verdict {
                Verdict::Hold(holds) => (None, holds[position] as usize),
                Verdict::Rewrite(edits) => (Some(edits[position].text.as_str()), edits[position].hold as usize),
                Verdict::Pass | Verdict::Block(_) => (None, 0),
            };
            let (goes, stays) = split_end(&passage.text, hold);
            let sent = text.unwrap_or(goes);
            self.windows.entry(place.clone()).or_default().sent(sent, stays);
            released.entry(place.clone()).or_default().push_str(sent);
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

/// Splits a text before its last `hold` characters.
fn split_end(text: &str, hold: usize) -> (&str, &str) {
    let at = match hold {
        0 => text.len(),
        hold => text.char_indices().rev().nth(hold - 1).map_or(0, |(at, _)| at),
    };
    text.split_at(at)
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
}
