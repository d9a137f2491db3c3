//! Timeouts that HTTP/2 connections need in addition: a connection without requests is closed, and an answer that its
//! client does not read is dropped.
//!
//! For HTTP/1.1, hyper's timeout for headers and the kernel's timeout for sent data do both. On an HTTP/2 connection,
//! pings satisfy the kernel, and a stream whose flow-control window is closed waits forever.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::service::Service;
use hyper::{Request, Response};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::body::{Aborted, Body};

/// The unfinished answers of one connection.
#[derive(Clone, Default)]
pub(super) struct Answers(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// The number of exchanges that began on this connection, and of those whose answer is not finished.
    begun: AtomicUsize,
    under_way: AtomicUsize,
    answers: Mutex<Vec<Weak<Mutex<Answer>>>>,
}

/// Counts an exchange as in progress until it is dropped.
struct UnderWay(Arc<Shared>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The unsent rest of an answer.
struct Answer {
    /// `None` after it was dropped.
    rest: Option<(Body, UnderWay)>,
    /// Since when the client has not read, although there was data for it.
    untaken_since: Option<Instant>,
}

/// The body of an answer, as the connection reads it.
pub(super) struct Taken(Arc<Mutex<Answer>>);

/// The error of an answer that was dropped, because the client did not read it.
const UNTAKEN: Aborted = Aborted("the client took nothing of the answer for too long");

impl Answers {
    fn begin(&self) -> UnderWay {
        self.0.begun.fetch_add(1, Ordering::Relaxed);
        self.0.under_way.fetch_add(1, Ordering::Relaxed);
        UnderWay(Arc::clone(&self.0))
    }

    fn watch(&self, body: Body, under_way: UnderWay) -> Taken {
        let answer = Arc::new(Mutex::new(Answer {
            rest: Some((body, under_way)),
            untaken_since: Some(Instant::now()),
        }));
        let mut answers = self.0.answers.lock();
        answers.retain(|answer| answer.strong_count() > 0);
        answers.push(Arc::downgrade(&answer));
        Taken(answer)
    }

    /// Drops the answers that were not read for `limit`. Their exchanges end like those of a client that hung up.
    fn drop_untaken(&self, limit: Duration) {
        let answers: Vec<_> = self.0.answers.lock().iter().filter_map(Weak::upgrade).collect();
        for answer in answers {
            let mut answer = answer.lock();
            if answer.untaken_since.is_some_and(|since| since.elapsed() >= limit) {
                answer.rest = None;
            }
        }
    }

    /// Returns when no exchange was in progress for `idle_max`. Meanwhile it drops answers that are not read for
    /// `untaken_max`.
    pub(super) async fn until_idle(&self, idle_max: Duration, untaken_max: Duration) {
        let look_every = (idle_max / 4).max(Duration::from_millis(10));
        let mut last_busy = Instant::now();
        let mut begun = 0;
        while last_busy.elapsed() < idle_max {
            tokio::time::sleep(look_every).await;
            self.drop_untaken(untaken_max);
            let begun_before = std::mem::replace(&mut begun, self.0.begun.load(Ordering::Relaxed));
            if begun != begun_before || self.0.under_way.load(Ordering::Relaxed) > 0 {
                last_busy = Instant::now();
            }
        }
    }
}

/// A service whose answers are watched.
pub(super) struct Watching<S>(pub(super) S, pub(super) Answers);

impl<S> Service<Request<Incoming>> for Watching<S>
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Taken>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Taken>, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let answers = self.1.clone();
        let under_way = answers.begin();
        let answering = self.0.call(request);
        Box::pin(async move { Ok(answering.await?.map(|body| answers.watch(body, under_way))) })
    }
}

impl hyper::body::Body for Taken {
    type Data = Bytes;
    type Error = Aborted;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Aborted>>> {
        let mut answer = self.0.lock();
        let Some((body, _)) = &mut answer.rest else {
            return Poll::Ready(Some(Err(UNTAKEN)));
        };
        let polled = Pin::new(body).poll_frame(context);
        // hyper polls for the next frame when the client has opened its window for it.
        answer.untaken_since = polled.is_ready().then(Instant::now);
        polled
    }

    fn is_end_stream(&self) -> bool {
        let answer = self.0.lock();
        answer.rest.as_ref().is_some_and(|(body, _)| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        let answer = self.0.lock();
        answer
            .rest
            .as_ref()
            .map_or_else(SizeHint::default, |(body, _)| body.size_hint())
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    const IDLE: Duration = Duration::from_secs(30);
    const UNTAKEN: Duration = Duration::from_secs(120);

    fn endless() -> Body {
        Body::written(None, |sink| async move {
            loop {
                sink.send(Bytes::from_static(b"more")).await;
            }
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_idle_when_nothing_is_under_way() {
        let answers = Answers::default();
        let under_way = answers.begin();
        let idle = answers.until_idle(IDLE, UNTAKEN);
        tokio::pin!(idle);
        assert!(
            tokio::time::timeout(10 * IDLE, &mut idle).await.is_err(),
            "an exchange is under way"
        );
        drop(under_way);
        tokio::time::timeout(2 * IDLE, idle).await.expect("it is idle");
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_nobody_takes_is_dropped() {
        let answers = Answers::default();
        let mut answer = answers.watch(endless(), answers.begin());
        answer.frame().await.unwrap().unwrap();
        let idle = answers.until_idle(IDLE, UNTAKEN);
        tokio::time::timeout(UNTAKEN + 3 * IDLE, idle)
            .await
            .expect("it counts no more");
        answer.frame().await.unwrap().unwrap_err();
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_waits_for_its_upstream_is_kept() {
        let answers = Answers::default();
        let silent = Body::written(None, |_| std::future::pending());
        let mut answer = answers.watch(silent, answers.begin());
        let idle = answers.until_idle(IDLE, UNTAKEN);
        tokio::select! {
            _ = answer.frame() => panic!("it says nothing"),
            () = idle => panic!("it is under way"),
            () = tokio::time::sleep(10 * UNTAKEN) => {}
        }
    }
}
