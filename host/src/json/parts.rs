//! An edited document as a sequence of byte strings, most of which share the original.

use std::iter::{Chain, Once, once};
use std::ops::Range;

use bytes::Bytes;

/// Byte strings that make a document when read one after the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parts {
    // The first stands apart so that an unedited document costs no allocation.
    first: Bytes,
    rest: Vec<Bytes>,
}

impl Parts {
    /// Bytes of all parts together: the `content-length` of the document.
    pub fn total_len(&self) -> usize {
        self.iter().map(Bytes::len).sum()
    }

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.iter().all(Bytes::is_empty)
    }

    /// In order.
    pub fn iter(&self) -> Chain<Once<&Bytes>, std::slice::Iter<'_, Bytes>> {
        once(&self.first).chain(&self.rest)
    }

    /// One byte string; copies only when there is more than one part.
    pub fn into_bytes(self) -> Bytes {
        if self.rest.is_empty() {
            return self.first;
        }
        let mut joined = Vec::with_capacity(self.total_len());
        self.iter().for_each(|part| joined.extend_from_slice(part));
        Bytes::from(joined)
    }
}

impl From<Bytes> for Parts {
    fn from(whole: Bytes) -> Self {
        Self {
            first: whole,
            rest: Vec::new(),
        }
    }
}

impl IntoIterator for Parts {
    type Item = Bytes;
    type IntoIter = Chain<Once<Bytes>, std::vec::IntoIter<Bytes>>;

    fn into_iter(self) -> Self::IntoIter {
        once(self.first).chain(self.rest)
    }
}

/// Runs of a source shorter than this are copied next to what is written, not shared: a copy of a few kilobytes costs
/// less than one more reference and one more entry in a vectored write.
const SHARED_BYTES_MIN: usize = 4096;

/// Room for what is written beside a short source that is copied whole.
const WRITTEN_BYTES_EXPECTED: usize = 256;

/// Builds [`Parts`] front to back out of ranges of one source and of bytes that are new.
pub(crate) struct Assembly<'s> {
    source: &'s Bytes,
    /// Range of the source that comes next and may still grow.
    kept: Range<usize>,
    /// What comes before `kept` and after `parts`.
    fresh: Vec<u8>,
    parts: Vec<Bytes>,
}

impl<'s> Assembly<'s> {
    pub(crate) fn new(source: &'s Bytes) -> Self {
        Self {
            source,
            kept: 0..0,
            fresh: Vec::new(),
            parts: Vec::new(),
        }
    }

    /// Goes on with a range of the source. Ranges that touch become one.
    pub(crate) fn keep(&mut self, range: Range<usize>) {
        if range.start != self.kept.end {
            self.settle();
            self.kept.start = range.start;
        }
        self.kept.end = range.end;
    }

    /// Goes on with new bytes.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.settle();
        self.copy(bytes);
    }

    /// Goes on with new bytes that need not be copied.
    pub(crate) fn append(&mut self, bytes: Bytes) {
        self.settle();
        if bytes.len() < SHARED_BYTES_MIN {
            self.copy(&bytes);
        } else {
            self.flush();
            self.parts.push(bytes);
        }
    }

    pub(crate) fn finish(mut self) -> Parts {
        if self.parts.is_empty() && self.fresh.is_empty() {
            // Nothing but the source: its own handle, or one slice of it however short.
            return Parts::from(self.source.slice(self.kept));
        }
        self.settle();
        self.flush();
        let mut parts = self.parts.into_iter();
        let first = parts.next().unwrap_or_default();
        Parts {
            first,
            rest: parts.collect(),
        }
    }

    /// Puts the kept range where it belongs, since something else comes after it.
    fn settle(&mut self) {
        let kept = std::mem::replace(&mut self.kept, 0..0);
        if kept.len() >= SHARED_BYTES_MIN {
            self.flush();
            self.parts.push(self.source.slice(kept));
        } else if let Some(run) = self.source.get(kept) {
            self.copy(run);
        }
    }

    fn copy(&mut self, bytes: &[u8]) {
        if self.fresh.capacity() == 0 && !bytes.is_empty() {
            self.fresh
                .reserve(self.source.len().min(SHARED_BYTES_MIN) + WRITTEN_BYTES_EXPECTED);
        }
        self.fresh.extend_from_slice(bytes);
    }

    fn flush(&mut self) {
        if !self.fresh.is_empty() {
            self.parts.push(Bytes::from(std::mem::take(&mut self.fresh)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(length: usize) -> Bytes {
        Bytes::from((0..length).map(|i| i as u8).collect::<Vec<_>>())
    }

    fn is_shared(part: &Bytes, source: &Bytes) -> bool {
        source.as_ptr_range().contains(&part.as_ptr())
    }

    #[test]
    fn a_source_kept_whole_is_the_source() {
        let source = source(10);
        let mut assembly = Assembly::new(&source);
        assembly.keep(0..4);
        assembly.keep(4..10);
        let parts = assembly.finish();
        assert_eq!(parts.total_len(), 10);
        assert_eq!(parts.into_bytes().as_ptr(), source.as_ptr());
    }

    #[test]
    fn the_long_middle_is_shared_and_the_short_ends_are_copied_together() {
        let source = source(10_000);
        let mut assembly = Assembly::new(&source);
        assembly.keep(0..100);
        assembly.write(b"new");
        assembly.keep(150..200);
        assembly.keep(300..9_900);
        assembly.write(b"end");
        let parts = assembly.finish();

        let read: Vec<&Bytes> = parts.iter().collect();
        assert_eq!(read.iter().map(|part| part.len()).collect::<Vec<_>>(), [153, 9_600, 3]);
        assert_eq!(
            read.iter().map(|part| is_shared(part, &source)).collect::<Vec<_>>(),
            [false, true, false]
        );
        let expected = [&source[..100], b"new", &source[150..200], &source[300..9_900], b"end"].concat();
        assert_eq!(parts.into_bytes(), expected);
    }

    #[test]
    fn long_new_bytes_are_not_copied() {
        let (source, long) = (source(10), Bytes::from(vec![7; SHARED_BYTES_MIN]));
        let mut assembly = Assembly::new(&source);
        assembly.keep(0..1);
        assembly.append(long.clone());
        assembly.append(Bytes::from_static(b"short"));
        assembly.keep(1..2);
        let parts: Vec<Bytes> = assembly.finish().into_iter().collect();
        assert_eq!(parts.len(), 3);
        assert_eq!(parts[1].as_ptr(), long.as_ptr());
        assert_eq!(parts[2], Bytes::from_static(b"short\x01"));
    }

    #[test]
    fn nothing_kept_and_nothing_written_is_empty() {
        assert!(Assembly::new(&source(10)).finish().is_empty());
    }
}
