//! The body of an answer to a client.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use parking_lot::Mutex;
use tokio::time::{Instant, Sleep};

/// The error of a body that ends before its end: the connection is closed, so that the client does not take what it has
/// for all.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Aborted(pub &'static str);

/// What a writer hands to the body.
type Slot = Arc<Mutex<Option<Result<Bytes, Aborted>>>>;

/// Whole, or written as it goes by a future that lives in it: no task, no channel, and a client that hangs up drops the
/// future, which ends everything it holds.
pub enum Body {
    Whole(Option<Bytes>),
    Written(Written),
}

/// See [`Body::written`].
pub struct Written {
    writer: Pin<Box<dyn Future<Output = ()> + Send>>,
    slot: Slot,
    heartbeat: Option<Heartbeat>,
    is_over: bool,
}

/// What an event stream sends while nothing else is sent: a comment, which clients pass over, in LiteLLM's words
/// (<https://html.spec.whatwg.org/multipage/server-sent-events.html#authoring-notes>).
pub const PING: Bytes = Bytes::from_static(b": ping\n\n");

/// Tells when nothing has been sent for a while.
struct Heartbeat {
    interval: Duration,
    sleep: Pin<Box<Sleep>>,
    /// Something was sent since the timer was set: a frame costs this flag and no timer operation.
    has_sent: bool,
}

impl Heartbeat {
    fn new(interval: Duration) -> Self {
        Self {
            interval,
            sleep: Box::pin(tokio::time::sleep(interval)),
            has_sent: false,
        }
    }

    /// Ready after an interval of silence, or up to twice that where something was sent before.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while self.sleep.as_mut().poll(context).is_ready() {
            self.sleep.as_mut().reset(Instant::now() + self.interval);
            if !std::mem::take(&mut self.has_sent) {
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }
}

/// Where a writer puts what it writes.
#[derive(Clone)]
pub struct Sink(Slot);

impl Sink {
    /// Sends a frame; returns when it has been taken toward the client. Empty ones are left out: in chunked encoding
    /// they would end the body.
    pub async fn send(&self, frame: Bytes) {
        if frame.is_empty() {
            return;
        }
        let mut frame = Some(frame);
        // The body polls the writer again whenever it has taken a frame: there is nobody to wake.
        std::future::poll_fn(|_| {
            let mut slot = self.0.lock();
            if slot.is_some() {
                return Poll::Pending;
            }
            match frame.take() {
                Some(frame) => {
                    *slot = Some(Ok(frame));
                    Poll::Pending
                }
                None => Poll::Ready(()),
            }
        })
        .await;
    }

    /// Ends the body with an error. The writer must write nothing more.
    pub fn abort(self) {
        *self.0.lock() = Some(Err(Aborted("the upstream's answer broke off")));
    }
}

impl Body {
    /// A body that this future writes. With a `heartbeat`, it is an event stream, and [`PING`] is sent wherever the writer
    /// sends nothing for that long: between the frames of one event the writer must not wait.
    pub fn written<F>(heartbeat: Option<Duration>, write: impl FnOnce(Sink) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let slot = Arc::new(Mutex::new(None));
        let writer = Box::pin(write(Sink(Arc::clone(&slot))));
        Self::Written(Written {
            writer,
            slot,
            heartbeat: heartbeat.map(Heartbeat::new),
            is_over: false,
        })
    }
}

impl From<Bytes> for Body {
    fn from(whole: Bytes) -> Self {
        Self::Whole(Some(whole).filter(|whole| !whole.is_empty()))
    }
}

impl From<String> for Body {
    fn from(whole: String) -> Self {
        Bytes::from(whole).into()
    }
}

impl From<&'static str> for Body {
    fn from(whole: &'static str) -> Self {
        Bytes::from_static(whole.as_bytes()).into()
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = Aborted;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Aborted>>> {
        match self.get_mut() {
            Self::Whole(whole) => Poll::Ready(whole.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Written(written) => written
                .poll(context)
                .map(|frame| frame.map(|bytes| bytes.map(Frame::data))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(whole) => whole.is_none(),
            Self::Written(written) => written.is_over && written.slot.lock().is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(whole) => SizeHint::with_exact(whole.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Written(_) => SizeHint::default(),
        }
    }
}

impl Written {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Aborted>>> {
        if !self.is_over {
            self.is_over = self.writer.as_mut().poll(context).is_ready();
        }
        let frame = self.slot.lock().take();
        match (frame, &mut self.heartbeat) {
            (None, _) if self.is_over => Poll::Ready(None),
            (None, None) => Poll::Pending,
            (None, Some(heartbeat)) => heartbeat.poll(context).map(|()| Some(Ok(PING))),
            (Some(frame), heartbeat) => {
                heartbeat.iter_mut().for_each(|heartbeat| heartbeat.has_sent = true);
                Poll::Ready(Some(frame))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn frames_come_in_order_and_empty_ones_not_at_all() {
        let mut body = Body::written(None, |sink| async move {
            for text in ["a", "", "b"] {
                sink.send(Bytes::from_static(text.as_bytes())).await;
            }
        });
        let mut frames = Vec::new();
        while let Some(Ok(frame)) = body.frame().await {
            frames.extend(frame.into_data());
        }
        assert_eq!(frames, ["a", "b"]);
    }

    #[tokio::test]
    async fn a_writer_that_gives_up_ends_the_body_with_an_error() {
        let mut body = Body::written(None, |sink| async move {
            sink.send(Bytes::from_static(b"a")).await;
            sink.abort();
        });
        assert!(body.frame().await.is_some_and(|frame| frame.is_ok()));
        assert!(body.frame().await.is_some_and(|frame| frame.is_err()));
    }

    #[tokio::test]
    async fn dropping_the_body_drops_the_writer() {
        let held = Arc::new(());
        let inside = Arc::clone(&held);
        let mut body = Body::written(None, |sink| async move {
            sink.send(Bytes::from_static(b"a")).await;
            std::future::pending::<()>().await;
            drop(inside);
        });
        assert!(body.frame().await.is_some());
        assert_eq!(Arc::strong_count(&held), 2);
        drop(body);
        assert_eq!(Arc::strong_count(&held), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_writer_is_covered_by_comments_until_it_ends() {
        let interval = Duration::from_secs(5);
        let mut body = Body::written(Some(interval), |sink| async move {
            tokio::time::sleep(Duration::from_secs(12)).await;
            sink.send(Bytes::from_static(b"data: 1\n\n")).await;
            tokio::time::sleep(Duration::from_secs(4)).await;
            sink.send(Bytes::from_static(b"data: 2\n\n")).await;
        });
        let begun = Instant::now();
        let mut frames = Vec::new();
        while let Some(Ok(frame)) = body.frame().await {
            let text = String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap();
            frames.push((begun.elapsed().as_secs(), text));
        }
        let expected = [
            (5, ": ping\n\n"),
            (10, ": ping\n\n"),
            (12, "data: 1\n\n"),
            (16, "data: 2\n\n"),
        ];
        assert_eq!(frames, expected.map(|(at, text)| (at, text.to_owned())));
    }
}
