//! Bytes that arrive in pieces, put together.

use bytes::{Bytes, BytesMut};

/// Pieces put together. A sole one, the usual case, is not copied.
#[derive(Default)]
pub struct Joined {
    first: Bytes,
    /// The first and all others, once there is another.
    all: BytesMut,
}

impl Joined {
    pub fn len(&self) -> usize {
        self.first.len().max(self.all.len())
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a piece; `expected` is about how many bytes will follow it.
    pub fn push(&mut self, piece: Bytes, expected: usize) {
        if self.first.is_empty() {
            self.first = piece;
            return;
        }
        if self.all.is_empty() {
            self.all.reserve(self.first.len() + piece.len() + expected);
            self.all.extend_from_slice(&self.first);
        }
        self.all.extend_from_slice(&piece);
    }

    pub fn into_bytes(self) -> Bytes {
        if self.all.is_empty() {
            self.first
        } else {
            self.all.freeze()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_put_together_and_a_sole_one_is_not_copied() {
        let mut joined = Joined::default();
        assert!(joined.is_empty());
        let sole = Bytes::from_static(b"one");
        joined.push(sole.clone(), 0);
        joined.push(Bytes::new(), 0);
        assert_eq!(joined.len(), 3);
        joined.push(Bytes::from_static(b" two"), 0);
        assert_eq!(joined.into_bytes(), "one two");

        let mut joined = Joined::default();
        joined.push(sole.clone(), 0);
        assert_eq!(joined.into_bytes().as_ptr(), sole.as_ptr());
    }
}
