//! The body of an answer to a client.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use parking_lot::Mutex;

/// Whole, or written as it goes by a future that lives in it: no task, no channel, and a client that hangs up drops the
/// future, which ends everything it holds.
pub enum Body {
    Whole(Option<Bytes>),
    Written(Written),
}

/// See [`Body::written`].
pub struct Written {
    writer: Pin<Box<dyn Future<Output = ()> + Send>>,
    slot: Arc<Mutex<Option<Bytes>>>,
    is_over: bool,
}

/// Where a writer puts what it writes.
#[derive(Clone)]
pub struct Sink(Arc<Mutex<Option<Bytes>>>);

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
                    *slot = Some(frame);
                    Poll::Pending
                }
                None => Poll::Ready(()),
            }
        })
        .await;
    }
}

impl Body {
    /// A body that this future writes.
    pub fn written<F>(write: impl FnOnce(Sink) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let slot = Arc::new(Mutex::new(None));
        let writer = Box::pin(write(Sink(Arc::clone(&slot))));
        Self::Written(Written {
            writer,
            slot,
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
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Whole(whole) => Poll::Ready(whole.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Written(written) => written
                .poll(context)
                .map(|frame| frame.map(|bytes| Ok(Frame::data(bytes)))),
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
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if !self.is_over {
            self.is_over = self.writer.as_mut().poll(context).is_ready();
        }
        match self.slot.lock().take() {
            Some(frame) => Poll::Ready(Some(frame)),
            None if self.is_over => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn frames_come_in_order_and_empty_ones_not_at_all() {
        let mut body = Body::written(|sink| async move {
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
    async fn dropping_the_body_drops_the_writer() {
        let held = Arc::new(());
        let inside = Arc::clone(&held);
        let mut body = Body::written(|sink| async move {
            sink.send(Bytes::from_static(b"a")).await;
            std::future::pending::<()>().await;
            drop(inside);
        });
        assert!(body.frame().await.is_some());
        assert_eq!(Arc::strong_count(&held), 2);
        drop(body);
        assert_eq!(Arc::strong_count(&held), 1);
    }
}
