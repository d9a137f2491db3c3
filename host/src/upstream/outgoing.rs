//! The body of a request to an upstream: several parts, none of them copied.
//!
//! A client's body that an adapter changed is a few slices of what came in with a few new bytes between them. They go
//! to the socket as they are (one `writev`), with the length known beforehand.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// A body of known length in parts. A clone shares the bytes, so a body can be kept for the next attempt.
#[derive(Debug, Clone)]
pub struct Outgoing {
    parts: Parts,
    /// Parts handed out.
    next: usize,
    /// Bytes not handed out.
    left: u64,
}

/// One part is the usual case and needs no list.
#[derive(Debug, Clone)]
enum Parts {
    One(Bytes),
    Many(Arc<[Bytes]>),
}

impl Outgoing {
    /// No body at all.
    pub fn empty() -> Outgoing {
        Outgoing::from(Bytes::new())
    }

    /// The parts in order, as one body.
    pub fn parts(parts: impl Into<Arc<[Bytes]>>) -> Outgoing {
        let parts = parts.into();
        let left = parts.iter().map(|part| part.len() as u64).sum();
        Outgoing {
            parts: Parts::Many(parts),
            next: 0,
            left,
        }
    }

    /// The bytes of the whole body, in pieces.
    pub fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let parts: &[Bytes] = match &self.parts {
            Parts::One(part) => std::slice::from_ref(part),
            Parts::Many(parts) => parts,
        };
        parts.iter().map(AsRef::as_ref)
    }

    fn next_part(&mut self) -> Option<Bytes> {
        let part = match &self.parts {
            Parts::One(part) => part,
            Parts::Many(parts) => parts.get(self.next)?,
        };
        self.next += 1;
        self.left -= part.len() as u64;
        Some(part.clone())
    }
}

impl From<Bytes> for Outgoing {
    fn from(whole: Bytes) -> Outgoing {
        Outgoing {
            left: whole.len() as u64,
            parts: Parts::One(whole),
            next: 0,
        }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        // Nothing left also ends a body whose last parts are empty: hyper was told of the end by then.
        while self.left > 0 {
            match self.next_part() {
                Some(part) if part.is_empty() => continue,
                Some(part) => return Poll::Ready(Some(Ok(Frame::data(part)))),
                None => break,
            }
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    async fn read(body: Outgoing) -> Bytes {
        body.collect().await.unwrap().to_bytes()
    }

    fn part(text: &'static str) -> Bytes {
        Bytes::from_static(text.as_bytes())
    }

    #[tokio::test]
    async fn parts_are_sent_in_order_under_one_length() {
        let body = Outgoing::parts(vec![part("{\"a\":"), part(""), part("1"), part("}"), part("")]);
        assert_eq!(body.size_hint().exact(), Some(7));
        assert_eq!(read(body).await, "{\"a\":1}");
    }

    #[tokio::test]
    async fn a_clone_kept_aside_is_sent_whole() {
        let mut body = Outgoing::parts(vec![part("one"), part("two")]);
        let kept = body.clone();
        let frame = body.frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), "one");
        assert_eq!(body.size_hint().exact(), Some(3));
        assert_eq!(read(kept).await, "onetwo");
    }

    #[tokio::test]
    async fn parts_are_shared_not_copied() {
        let whole = part("shared");
        let mut body = Outgoing::from(whole.clone());
        let sent = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(sent.as_ptr(), whole.as_ptr());
    }

    #[test]
    fn an_empty_body_has_ended() {
        assert!(Outgoing::empty().is_end_stream());
        assert!(Outgoing::parts(Vec::new()).is_end_stream());
        assert!(Outgoing::parts(vec![Bytes::new()]).is_end_stream());
    }
}
