//! [`Arrivals`]: the bytes of an upstream's answer as they arrive.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;

use super::failures::broken_off;
use super::masks::Mask;
use super::refusal::Refusal;
use crate::deployment::Deployment;
use crate::joined::Joined;
use crate::upstream::{self, AnswerError, Timed};
use crate::worker;

/// Bytes that an upstream may send after the event that ends the stream; if it sends more, its answer is cancelled,
/// which closes an HTTP/1.1 connection.
const DRAIN_BYTES_MAX: usize = 16 << 10;

/// Data that arrived together is passed on together, up to about this many bytes: one check, one call of an adapter,
/// one write.
const JOINED_BYTES_MAX: usize = 64 << 10;

/// Bytes to reserve when a second piece arrives: more pieces usually follow.
const MORE_BYTES_EXPECTED: usize = 4 << 10;

/// The bytes of an answer as they arrive, with the gateway's credentials masked.
pub struct Arrivals {
    answer: Timed<upstream::Answer>,
    mask: Mask,
    /// How the answer ended; it is kept until the bytes before the end have been passed on.
    ended: Option<Option<AnswerError>>,
}

impl Arrivals {
    pub fn of(answer: Timed<upstream::Answer>, deployment: Arc<Deployment>) -> Self {
        Self {
            answer,
            mask: Mask::new(deployment),
            ended: None,
        }
    }

    /// Waits for the next bytes, and takes all that have arrived by then.
    pub async fn next(&mut self) -> Option<Result<Bytes, Refusal>> {
        let joined = poll_fn(|cx| self.poll_joined(cx)).await;
        if !joined.is_empty() {
            worker::give_way().await;
            return Some(Ok(self.mask.pass(joined)));
        }
        let rest = self.mask.rest();
        if !rest.is_empty() {
            return Some(Ok(rest));
        }
        self.ended.take()?.map(|error| Err(broken_off(error)))
    }

    /// Reads and discards the rest of the answer, up to about [`DRAIN_BYTES_MAX`] bytes.
    pub async fn drain(mut self) {
        let mut drained = 0;
        while drained <= DRAIN_BYTES_MAX {
            let read = poll_fn(|cx| self.poll_joined(cx)).await;
            if read.is_empty() {
                break;
            }
            drained += read.len();
        }
    }

    /// The bytes that have arrived; empty at the end of the answer.
    fn poll_joined(&mut self, cx: &mut Context<'_>) -> Poll<Bytes> {
        let mut joined = Joined::default();
        while self.ended.is_none() && joined.len() < JOINED_BYTES_MAX {
            match self.answer.poll_next_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    joined.push(frame.into_data().unwrap_or_default(), MORE_BYTES_EXPECTED);
                }
                Poll::Ready(Some(Err(error))) => self.ended = Some(Some(error)),
                Poll::Ready(None) => self.ended = Some(None),
                Poll::Pending if joined.is_empty() => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        Poll::Ready(joined.into_bytes())
    }
}
