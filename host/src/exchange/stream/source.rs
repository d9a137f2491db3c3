//! [`Source`]: where the events of a streamed answer come from.

use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use crate::deployment::Deployment;
use crate::exchange::arrivals::Arrivals;
use crate::exchange::failures::refused_by_adapter;
use crate::exchange::refusal::{Cause, Refusal};
use crate::framing::{self, FramingError};
use crate::plugin::kinds::adapter::{Conversation, Event};
use crate::sse;
use crate::upstream::{self, Timed};

/// Where the events of a streamed answer come from. They are in canonical form.
pub enum Source {
    /// From an upstream that speaks the canonical dialect.
    Relayed(Box<Arrivals>),
    /// From an adapter that translates the upstream's events.
    Translated(Box<Translated>),
    /// All of them are there already.
    Canned(Option<Bytes>),
}

pub struct Translated {
    arrivals: Arrivals,
    events: framing::Events,
    /// `None` after the adapter's last call.
    conversation: Option<Conversation>,
    /// `[DONE]` has arrived; the upstream may keep its body open.
    is_done: bool,
}

impl Source {
    pub fn relayed(answer: Timed<upstream::Answer>, deployment: Arc<Deployment>) -> Self {
        Self::Relayed(Box::new(Arrivals::of(answer, deployment)))
    }

    pub fn translated(
        answer: Timed<upstream::Answer>,
        conversation: Conversation,
        deployment: Arc<Deployment>,
        events: framing::Events,
    ) -> Self {
        Self::Translated(Box::new(Translated {
            arrivals: Arrivals::of(answer, deployment),
            events,
            conversation: Some(conversation),
            is_done: false,
        }))
    }

    pub fn canned(events: Bytes) -> Self {
        Self::Canned(Some(events))
    }

    /// The next bytes of canonical events, cut anywhere; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Bytes, Refusal>> {
        match self {
            Self::Relayed(arrivals) => arrivals.next().await,
            Self::Translated(translated) => translated.next().await,
            Self::Canned(events) => events.take().map(Ok),
        }
    }

    /// Reads the rest of the upstream's body, so that its connection can be used again. The client does not wait for
    /// this: if the end has not arrived yet, a task of this worker waits for it.
    pub fn drain(self) {
        let arrivals = match self {
            Self::Relayed(arrivals) => *arrivals,
            Self::Translated(translated) => translated.arrivals,
            Self::Canned(_) => return,
        };
        let mut draining = Box::pin(arrivals.drain());
        // A waker is not needed here: the task below polls again.
        let mut context = Context::from_waker(Waker::noop());
        if draining.as_mut().poll(&mut context).is_pending() {
            tokio::spawn(tokio::time::timeout(DRAIN_TIME_MAX, draining));
        }
    }
}

/// How long an upstream may take to end its body after the event that ends the stream. A finished stream holds its
/// upstream's connection for this time at most.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(1);

impl Translated {
    /// Passes all events of one read to the adapter in one call.
    async fn next(&mut self) -> Option<Result<Bytes, Refusal>> {
        self.conversation.as_ref()?;
        if self.is_done {
            return Some(self.ask_for_rest());
        }
        Some(match self.arrivals.next().await {
            Some(Ok(data)) => {
                self.events.push(data);
                self.translate()
            }
            Some(Err(refusal)) => Err(refusal),
            None => self.finish(),
        })
    }

    /// Chunks for the events that have arrived.
    fn translate(&mut self) -> Result<Bytes, Refusal> {
        let mut batch = Vec::new();
        for event in self.events.by_ref() {
            let event = event.map_err(unreadable)?;
            self.is_done = event.data == sse::DONE;
            if self.is_done {
                break;
            }
            batch.push(shown(event));
        }
        self.ask(&batch)
    }

    /// The upstream ended without `[DONE]`: the chunks for its last event, and the adapter's last chunks.
    fn finish(&mut self) -> Result<Bytes, Refusal> {
        let chunks = match self.events.finish().map_err(unreadable)? {
            Some(event) => self.ask(&[shown(event)])?,
            None => Bytes::new(),
        };
        let owed = self.ask_for_rest()?;
        Ok(BytesMut::from_iter(chunks.into_iter().chain(owed)).freeze())
    }

    fn ask(&mut self, batch: &[Event]) -> Result<Bytes, Refusal> {
        match &mut self.conversation {
            Some(conversation) if !batch.is_empty() => {
                conversation.events(batch).map(Bytes::from).map_err(refused_by_adapter)
            }
            _ => Ok(Bytes::new()),
        }
    }

    /// The chunks that the adapter adds at the end of the upstream's events.
    fn ask_for_rest(&mut self) -> Result<Bytes, Refusal> {
        let owed = self.conversation.take().map(|mut conversation| conversation.finish());
        Ok(owed.transpose().map_err(refused_by_adapter)?.unwrap_or_default().into())
    }
}

fn unreadable(error: FramingError) -> Refusal {
    let cause = match error {
        FramingError::Unfinished => Cause::Connection,
        FramingError::TooLarge { .. } | FramingError::Broken(_) => Cause::UpstreamError,
    };
    Refusal::new(cause, error.to_string())
}

/// An event in the form that adapters get.
fn shown(event: sse::Event) -> Event {
    Event {
        name: event.name().into_owned(),
        data: event.data.into(),
    }
}
