//! The clocks of one attempt's answer.
//!
//! | limit | from | to |
//! |---|---|---|
//! | `first_byte` | [`Clock::start`], just before the request is sent | the first byte of the answer's body, or its end |
//! | `between_chunks` | the moment the reader has nothing left to read | the next frame of the body |
//! | `whole` | [`Clock::start`] | the end of the answer's body |
//!
//! Opening a connection has a limit of its own ([`super::Limits`]), and is within `first_byte` and `whole` too.
//! `between_chunks` applies after the first byte, and to all of the body where `first_byte` is not set. A reader that is
//! slow itself, because its client is, never runs out `between_chunks`.
//!
//! One timer serves all three. It is registered when there is first something to wait for, and moved only when it runs
//! out early or a limit comes nearer; a chunk costs no timer operation, and no look at the time unless it is waited for.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep};

use super::encoding::Decoder;
use crate::joined::Joined;

/// How long an answer may take; `None` is for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TimeLimits {
    /// To the first byte of the body: `stream_timeout`, for a streamed answer.
    pub first_byte: Option<Duration>,
    /// Between two chunks of the body: `timeout`, else `sluice.upstream.chunk_timeout_ms`.
    pub between_chunks: Option<Duration>,
    /// To the end of the body: `timeout`, for an answer that isn't streamed.
    pub whole: Option<Duration>,
}

/// What was waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    FirstByte,
    NextChunk,
    Whole,
}

/// A limit has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the upstream was too slow: {wait} within {} s; raise {}, or choose a faster deployment", limit.as_secs_f64(), wait.setting())]
pub struct TooSlow {
    pub wait: Wait,
    pub limit: Duration,
}

/// Why an answer that had begun can't be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    #[error(transparent)]
    TooSlow(#[from] TooSlow),
    #[error("the upstream broke off its answer")]
    Broken(#[source] hyper::Error),
    #[error(
        "the upstream's answer is longer than {bytes_max} bytes; raise `sluice.upstream.answer_bytes_max` if that is right"
    )]
    TooLong { bytes_max: usize },
    #[error("the upstream's answer is not in the encoding that its head names, or breaks off")]
    Undecodable(#[source] std::io::Error),
}

impl TooSlow {
    /// What a client may know of it. Settings are the operator's.
    pub fn for_client(&self) -> String {
        format!(
            "the provider was too slow: {} within {} s",
            self.wait,
            self.limit.as_secs_f64()
        )
    }
}

impl AnswerError {
    /// What a client may know of it. Settings are the operator's.
    pub fn for_client(&self) -> String {
        match self {
            Self::TooSlow(slow) => slow.for_client(),
            Self::Broken(_) => "the provider broke off its answer".to_owned(),
            Self::TooLong { .. } => "the provider's answer is too long".to_owned(),
            Self::Undecodable(_) => "the provider's answer cannot be read".to_owned(),
        }
    }
}

impl Wait {
    fn setting(self) -> &'static str {
        match self {
            Wait::FirstByte => "`stream_timeout`",
            Wait::NextChunk => "`timeout` or `sluice.upstream.chunk_timeout_ms`",
            Wait::Whole => "`timeout`",
        }
    }
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Wait::FirstByte => "no first byte of its answer",
            Wait::NextChunk => "nothing further of its answer",
            Wait::Whole => "no whole answer",
        })
    }
}

/// The clocks of one attempt, running from [`Clock::start`].
#[derive(Debug)]
pub struct Clock {
    limits: TimeLimits,
    started: Instant,
    alarm: Alarm,
}

impl Clock {
    /// Starts `first_byte` and `whole`.
    pub fn start(limits: TimeLimits) -> Clock {
        Clock {
            limits,
            started: Instant::now(),
            alarm: Alarm::default(),
        }
    }

    /// Waits for `sending` ([`super::Connections::send`]) as long as the first byte may take. When that is too long,
    /// `sending` is dropped with the answer it might have had.
    ///
    /// # Errors
    ///
    /// [`TooSlow`] once `first_byte` or `whole` has passed.
    pub async fn first_byte<F: Future>(&mut self, sending: F) -> Result<F::Output, TooSlow> {
        let mut sending = pin!(sending);
        let due = earliest(self.first_byte_due(), self.whole_due());
        poll_fn(|cx| match sending.as_mut().poll(cx) {
            Poll::Ready(sent) => Poll::Ready(Ok(sent)),
            Poll::Pending => self.alarm.poll(cx, due).map(Err),
        })
        .await
    }

    /// Puts the body of the answer under the same clocks.
    pub fn time<B>(self, body: B) -> Timed<B> {
        Timed {
            body,
            clock: self,
            begun: false,
            waiting: None,
            decoder: None,
        }
    }

    fn first_byte_due(&self) -> Option<Due> {
        Due::after(self.started, Wait::FirstByte, self.limits.first_byte)
    }

    fn whole_due(&self) -> Option<Due> {
        Due::after(self.started, Wait::Whole, self.limits.whole)
    }

    fn next_chunk_due(&self, begun: bool) -> Option<Due> {
        match self.limits.first_byte {
            Some(_) if !begun => self.first_byte_due(),
            _ => Due::after(Instant::now(), Wait::NextChunk, self.limits.between_chunks),
        }
    }
}

/// The body of an answer under its clocks. Read it by [`Timed::next_frame`], or as a [`Body`].
pub struct Timed<B> {
    body: B,
    /// Boxed: hardly an answer needs one.
    decoder: Option<Box<Decoder>>,
    clock: Clock,
    /// A byte of the body has come.
    begun: bool,
    /// What the wait that is going on ends with.
    waiting: Option<Option<Due>>,
}

impl<B> fmt::Debug for Timed<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Timed");
        debug.field("clock", &self.clock).field("begun", &self.begun);
        debug.finish_non_exhaustive()
    }
}

impl<B> Timed<B>
where
    B: Body<Data = Bytes, Error = hyper::Error> + Unpin,
{
    /// The answer as it was before its encoding.
    #[must_use]
    pub fn decoded(self, decoder: Option<Decoder>) -> Self {
        Self {
            decoder: decoder.map(Box::new),
            ..self
        }
    }

    /// The next frame; `None` after the last.
    ///
    /// Cancel safe: a wait that is given up and begun anew goes on where it was.
    ///
    /// # Errors
    ///
    /// [`AnswerError::TooSlow`] or [`AnswerError::Broken`]; the answer should then be dropped.
    pub async fn next_frame(&mut self) -> Option<Result<Frame<Bytes>, AnswerError>> {
        poll_fn(|cx| self.poll_next_frame(cx)).await
    }

    /// As [`Timed::next_frame`].
    pub fn poll_next_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, AnswerError>>> {
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(frame) => {
                self.waiting = None;
                self.begun |=
                    matches!(&frame, Some(Ok(frame)) if frame.data_ref().is_some_and(|data| !data.is_empty()));
                let frame = frame.map(|frame| frame.map_err(AnswerError::Broken));
                Poll::Ready(if self.decoder.is_some() {
                    self.decode(frame)
                } else {
                    frame
                })
            }
            Poll::Pending => {
                let (clock, begun) = (&self.clock, self.begun);
                let due = *self
                    .waiting
                    .get_or_insert_with(|| earliest(clock.next_chunk_due(begun), clock.whole_due()));
                self.clock.alarm.poll(cx, due).map(|late| Some(Err(late.into())))
            }
        }
    }

    fn decode(
        &mut self,
        frame: Option<Result<Frame<Bytes>, AnswerError>>,
    ) -> Option<Result<Frame<Bytes>, AnswerError>> {
        let decoded = match frame {
            Some(Ok(frame)) => {
                let data = frame.into_data().unwrap_or_default();
                self.decoder.as_mut()?.push(&data).map(Frame::data)
            }
            Some(Err(error)) => return Some(Err(error)),
            None => Err(self.decoder.take()?.finish().err()?),
        };
        Some(decoded.map_err(AnswerError::Undecodable))
    }

    /// Reads what there is of `bytes_max` bytes, whatever becomes of the rest.
    pub async fn read_at_most(mut self, bytes_max: usize) -> Bytes {
        let mut read = BytesMut::new();
        while let Some(Ok(frame)) = self.next_frame().await {
            let Ok(data) = frame.into_data() else { continue };
            read.extend_from_slice(&data[..data.len().min(bytes_max - read.len())]);
            if read.len() == bytes_max {
                break;
            }
        }
        read.freeze()
    }

    /// Reads to the end. An answer in one piece is not copied.
    ///
    /// # Errors
    ///
    /// As [`Timed::next_frame`], and [`AnswerError::TooLong`] past `bytes_max` bytes.
    pub async fn read_to_end(mut self, bytes_max: usize) -> Result<Bytes, AnswerError> {
        if self.body.size_hint().lower() > bytes_max as u64 {
            return Err(AnswerError::TooLong { bytes_max });
        }
        let mut joined = Joined::default();
        while let Some(frame) = self.next_frame().await {
            let Ok(data) = frame?.into_data() else { continue };
            if joined.len() + data.len() > bytes_max {
                return Err(AnswerError::TooLong { bytes_max });
            }
            joined.push(data, self.body.size_hint().lower() as usize);
        }
        Ok(joined.into_bytes())
    }
}

impl<B> Body for Timed<B>
where
    B: Body<Data = Bytes, Error = hyper::Error> + Unpin,
{
    type Data = Bytes;
    type Error = AnswerError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, AnswerError>>> {
        self.get_mut().poll_next_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A moment, and what is late when it comes.
#[derive(Debug, Clone, Copy)]
struct Due {
    at: Instant,
    late: TooSlow,
}

impl Due {
    fn after(start: Instant, wait: Wait, limit: Option<Duration>) -> Option<Due> {
        let limit = limit?;
        // A limit beyond what a clock can say is none.
        Some(Due {
            at: start.checked_add(limit)?,
            late: TooSlow { wait, limit },
        })
    }
}

fn earliest(one: Option<Due>, other: Option<Due>) -> Option<Due> {
    match (one, other) {
        (Some(one), Some(other)) => Some(if other.at < one.at { other } else { one }),
        (one, other) => one.or(other),
    }
}

/// A timer that is set late and moved seldom.
#[derive(Debug, Default)]
struct Alarm {
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Alarm {
    /// Ready once `due` has come. The timer may stand earlier than that, left from a wait that ended well: it is then
    /// moved when it runs out. Only a `due` before it moves it at once.
    fn poll(&mut self, cx: &mut Context<'_>, due: Option<Due>) -> Poll<TooSlow> {
        let Some(due) = due else { return Poll::Pending };
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due.at)));
        if due.at < sleep.deadline() {
            sleep.as_mut().reset(due.at);
        }
        loop {
            std::task::ready!(sleep.as_mut().poll(cx));
            if due.at <= sleep.deadline() {
                return Poll::Ready(due.late);
            }
            sleep.as_mut().reset(due.at);
        }
    }
}

#[cfg(test)]
#[path = "tests/clock.rs"]
mod tests;
