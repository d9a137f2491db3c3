//! The body of a request to an upstream: several parts, none of them copied.
//!
//! A client's body that an adapter changed is a few slices of what came in with a few new bytes between them. They go
//! to the socket as they are (one `writev`), with the length known beforehand. The files of a form are parts too; those
//! that are not in memory are read piece by piece.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::task::JoinHandle;

use crate::spool::Spooled;

/// Bytes of a file that are read at once.
const READ_BYTES: usize = 256 << 10;

/// A body of known length in parts. A clone shares the bytes, so a body can be kept for the next attempt.
#[derive(Debug)]
pub struct Outgoing {
    parts: Parts,
    /// Parts handed out.
    next: usize,
    /// Bytes not handed out.
    left: u64,
    /// Bytes handed out of the next part, if it is a file.
    at: u64,
    reading: Option<JoinHandle<io::Result<Bytes>>>,
}

impl Clone for Outgoing {
    fn clone(&self) -> Self {
        Self {
            parts: self.parts.clone(),
            reading: None,
            ..*self
        }
    }
}

/// One part is the usual case and needs no list.
#[derive(Debug, Clone)]
enum Parts {
    One(Bytes),
    Many(Arc<[Bytes]>),
    Spooled(Arc<[Spooled]>),
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
        Outgoing::new(Parts::Many(parts), left)
    }

    /// The same with parts that may be files.
    pub fn spooled(parts: Vec<Spooled>) -> Outgoing {
        let left = parts.iter().map(Spooled::len).sum();
        Outgoing::new(Parts::Spooled(parts.into()), left)
    }

    fn new(parts: Parts, left: u64) -> Outgoing {
        Outgoing {
            parts,
            next: 0,
            left,
            at: 0,
            reading: None,
        }
    }

    /// The bytes of the whole body, in pieces; `None` if some of them are not in memory.
    pub fn pieces(&self) -> Option<Vec<&[u8]>> {
        match &self.parts {
            Parts::One(part) => Some(vec![part]),
            Parts::Many(parts) => Some(parts.iter().map(AsRef::as_ref).collect()),
            Parts::Spooled(parts) => parts.iter().map(|part| part.in_memory().map(AsRef::as_ref)).collect(),
        }
    }

    /// The next part, or a piece of it; `None` at the end.
    fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Bytes>>> {
        let part = match &self.parts {
            Parts::One(part) => Some(part),
            Parts::Many(parts) => parts.get(self.next),
            Parts::Spooled(parts) => match parts.get(self.next) {
                Some(part) if part.in_memory().is_none() => {
                    let part = part.clone();
                    return self.poll_file(&part, cx);
                }
                part => part.and_then(Spooled::in_memory),
            },
        };
        self.next += 1;
        Poll::Ready(Ok(part.cloned()))
    }

    fn poll_file(&mut self, file: &Spooled, cx: &mut Context<'_>) -> Poll<io::Result<Option<Bytes>>> {
        let reading = self.reading.get_or_insert_with(|| {
            let (file, at) = (file.clone(), self.at);
            tokio::spawn(async move { file.read(at, READ_BYTES).await })
        });
        let read = ready!(Pin::new(reading).poll(cx)).map_err(io::Error::other)?;
        self.reading = None;
        let read = read?;
        self.at += read.len() as u64;
        if self.at >= file.len() {
            (self.next, self.at) = (self.next + 1, 0);
        }
        Poll::Ready(Ok(Some(read)))
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        if let Some(reading) = &self.reading {
            reading.abort();
        }
    }
}

impl From<Bytes> for Outgoing {
    fn from(whole: Bytes) -> Outgoing {
        let left = whole.len() as u64;
        Outgoing::new(Parts::One(whole), left)
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        // Nothing left also ends a body whose last parts are empty: hyper was told of the end by then.
        while self.left > 0 {
            match ready!(self.poll_part(cx))? {
                Some(part) if part.is_empty() => {}
                Some(part) => {
                    self.left -= part.len() as u64;
                    return Poll::Ready(Some(Ok(Frame::data(part))));
                }
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

    #[tokio::test]
    async fn files_are_read_piece_by_piece_and_again_by_a_clone() {
        let mut spool = crate::spool::Spool::default();
        let content: Vec<u8> = (0..3_000_000).map(|at| (at % 253) as u8).collect();
        spool.push(&content).await.unwrap();
        let file = spool.finish().await.unwrap();
        let mut body = Outgoing::spooled(vec![part("before").into(), file, part("").into(), part("after").into()]);
        assert!(body.pieces().is_none());
        let expected = [b"before", content.as_slice(), b"after"].concat();
        assert_eq!(body.size_hint().exact(), Some(expected.len() as u64));
        let whole = body.clone();
        let _ = body.frame().await;
        let _ = body.frame().await;
        assert_eq!(read(whole).await, expected);
        drop(body);
    }

    #[test]
    fn an_empty_body_has_ended() {
        assert!(Outgoing::empty().is_end_stream());
        assert!(Outgoing::parts(Vec::new()).is_end_stream());
        assert!(Outgoing::parts(vec![Bytes::new()]).is_end_stream());
    }
}
