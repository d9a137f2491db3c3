//! [`Answer`]: what an attempt returns.

use super::binary::Binary;
use super::stream::Stream;
use crate::canonical::Whole;

/// What an attempt returns.
pub enum Answer {
    Whole(Whole),
    /// Its first content is there, and nothing has been sent.
    Stream(Box<Stream>),
    /// The same, of bytes.
    Bytes(Box<Binary>),
}
