//! Where canonical events come from.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use crate::deployment::Deployment;
use crate::exchange::attempt::{broken_off, masked, refused_by_adapter};
use crate::exchange::{Cause, Refusal};
use crate::plugin::adapter::{Conversation, Event};
use crate::sse;
use crate::upstream::{self, Timed};

/// Where canonical events come from.
pub enum Source {
    /// The upstream speaks the canonical dialect.
    Relayed(Timed<upstream::Answer>),
    /// An adapter translates.
    Translated(Box<Translated>),
    /// They are all here.
    Canned(Option<Bytes>),
}

pub struct Translated {
    answer: Timed<upstream::Answer>,
    events: sse::Events,
    /// `None` once it has finished.
    conversation: Option<Conversation>,
    /// Whose credentials no event may carry to the adapter.
    deployment: Arc<Deployment>,
}

impl Source {
    pub fn relayed(answer: Timed<upstream::Answer>) -> Self {
        Self::Relayed(answer)
    }

    pub fn translated(
        answer: Timed<upstream::Answer>,
        conversation: Conversation,
        deployment: Arc<Deployment>,
        event_bytes_max: usize,
    ) -> Self {
        let events = sse::Events::new(event_bytes_max);
        Self::Translated(Box::new(Translated {
            answer,
            events,
            conversation: Some(conversation),
            deployment,
        }))
    }

    pub fn canned(events: Bytes) -> Self {
        Self::Canned(Some(events))
    }

    /// The next bytes of canonical events, cut anywhere; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Bytes, Refusal>> {
        match self {
            Self::Relayed(answer) => next_data(answer).await,
            Self::Translated(translated) => translated.next().await,
            Self::Canned(events) => events.take().map(Ok),
        }
    }
}

async fn next_data(answer: &mut Timed<upstream::Answer>) -> Option<Result<Bytes, Refusal>> {
    loop {
        match answer.next_frame().await? {
            Ok(frame) => {
                if let Ok(data) = frame.into_data() {
                    return Some(Ok(data));
                }
            }
            Err(error) => return Some(Err(broken_off(error))),
        }
    }
}

impl Translated {
    /// As many events as arrived in one read cross to the adapter at once.
    async fn next(&mut self) -> Option<Result<Bytes, Refusal>> {
        self.conversation.as_ref()?;
        let batch = match next_data(&mut self.answer).await {
            Some(Ok(data)) => {
                self.events.push(data);
                self.read_events()
            }
            Some(Err(refusal)) => Err(refusal),
            None => return Some(self.finish()),
        };
        Some(batch.and_then(|batch| self.translate(&batch)))
    }

    fn read_events(&mut self) -> Result<Vec<Event>, Refusal> {
        let mut batch = Vec::new();
        while let Some(event) = self.events.next() {
            let event = event.map_err(|error| Refusal::new(Cause::UpstreamError, error.to_string()))?;
            if event.data != sse::DONE {
                batch.push(self.shown(event));
            }
        }
        Ok(batch)
    }

    /// An event as the adapter may see it.
    fn shown(&self, event: sse::Event) -> Event {
        Event {
            name: event.name().into_owned(),
            data: masked(event.data, &self.deployment).into(),
        }
    }

    fn translate(&mut self, batch: &[Event]) -> Result<Bytes, Refusal> {
        match &mut self.conversation {
            Some(conversation) if !batch.is_empty() => {
                conversation.events(batch).map(Bytes::from).map_err(refused_by_adapter)
            }
            _ => Ok(Bytes::new()),
        }
    }

    fn finish(&mut self) -> Result<Bytes, Refusal> {
        let mut last = BytesMut::new();
        if let Some(event) = self.events.finish() {
            let event = self.shown(event);
            last.extend_from_slice(&self.translate(&[event])?);
        }
        let owed = self.conversation.take().map(|mut conversation| conversation.finish());
        last.extend_from_slice(&owed.transpose().map_err(refused_by_adapter)?.unwrap_or_default());
        Ok(last.freeze())
    }
}
