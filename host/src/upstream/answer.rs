//! The body of an upstream's answer, and what becomes of its connection afterwards.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use super::connect::Http1;
use super::pool::{Pool, Stream};

/// The body of an answer. Frames pass as they come.
///
/// Read to its end, it gives its connection back. Dropped before, it cancels: an HTTP/1.1 connection is closed, an
/// HTTP/2 stream reset, and the upstream stops generating what nobody reads.
#[must_use = "an answer that is dropped unread closes its connection"]
pub struct Answer {
    body: Incoming,
    line: Option<Line>,
}

/// What carries the answer.
enum Line {
    Http1 {
        connection: Http1,
        pool: Arc<Pool>,
    },
    /// Held for its drop, which frees the stream's place.
    Http2 {
        _stream: Stream,
    },
}

impl Answer {
    pub(super) fn over_http1(body: Incoming, connection: Http1, pool: Arc<Pool>) -> Answer {
        Answer::new(body, Line::Http1 { connection, pool })
    }

    pub(super) fn over_http2(body: Incoming, stream: Stream) -> Answer {
        Answer::new(body, Line::Http2 { _stream: stream })
    }

    fn new(body: Incoming, line: Line) -> Answer {
        let mut answer = Answer { body, line: Some(line) };
        answer.finish_at_end();
        answer
    }

    /// A reader that sees the end announced (`content-length` reached) need not poll once more for it, so this can't
    /// wait for `None`.
    fn finish_at_end(&mut self) {
        if self.body.is_end_stream() {
            self.finish();
        }
    }

    fn finish(&mut self) {
        if let Some(Line::Http1 { connection, pool }) = self.line.take() {
            pool.give_back(connection);
        }
    }

    /// Closes an HTTP/1.1 connection, resets an HTTP/2 stream.
    fn cancel(&mut self) {
        self.line = None;
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Answer { body, line } = &mut *self;
        let polled = ready!(match line {
            Some(Line::Http1 { connection, .. }) =>
                connection.driver.poll(cx, |cx| Pin::new(&mut *body).poll_frame(cx)),
            _ => Pin::new(body).poll_frame(cx),
        });
        match &polled {
            Some(Ok(_)) => self.finish_at_end(),
            Some(Err(_)) => self.cancel(),
            None => self.finish(),
        }
        Poll::Ready(polled)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("body", &self.body)
            .field("ended", &self.line.is_none())
            .finish()
    }
}
