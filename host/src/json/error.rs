//! Why a document was refused, and where.

use std::fmt;

use thiserror::Error;

use super::value::Kind;

/// A document that was refused. The text is fit for the client: it says where and what, and at most one character or
/// a shortened key of what the client sent.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    #[error("{position}: {problem}{}", Found(*.found, *.problem))]
    Malformed {
        position: Position,
        problem: Problem,
        /// The character that stands there, `None` at the end of the document and where it is not UTF-8.
        found: Option<char>,
    },
    /// A key given twice at the top level. Readers differ on which one counts, so that what one part of the gateway
    /// checks might not be what the upstream obeys.
    #[error("{position}: the key `{name}` is given twice; remove one of them")]
    DuplicateKey {
        /// Of the second one.
        position: Position,
        /// Shortened when it is long.
        name: String,
    },
    #[error("the document is {bytes} bytes; at most {} can be read", u32::MAX)]
    TooLong { bytes: usize },
}

impl Error {
    pub(super) fn malformed(document: &[u8], offset: usize, problem: Problem) -> Self {
        let found = document.get(offset..).and_then(first_character);
        Self::Malformed {
            position: Position::of(document, offset),
            problem,
            found,
        }
    }

    pub(super) fn duplicate(document: &[u8], offset: usize, name: &str) -> Self {
        let mut shortened: String = name.chars().take(NAME_CHARACTERS_MAX).collect();
        if shortened.len() < name.len() {
            shortened.push('…');
        }
        Self::DuplicateKey {
            position: Position::of(document, offset),
            name: shortened,
        }
    }

    /// Where; `None` for an error about the document as a whole.
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::Malformed { position, .. } | Self::DuplicateKey { position, .. } => Some(*position),
            Self::TooLong { .. } => None,
        }
    }
}

/// Characters of a key that a message repeats: a key can be as long as the body.
const NAME_CHARACTERS_MAX: usize = 64;

/// A place in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// In bytes, from 0.
    pub offset: usize,
    /// From 1; lines end with a line feed.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
}

impl Position {
    fn of(document: &[u8], offset: usize) -> Self {
        let before = &document[..offset.min(document.len())];
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        // Bytes that continue a character are not counted, so this holds for a line that is not UTF-8 too.
        let characters = before[line_start..].iter().filter(|&&byte| byte & 0xc0 != 0x80).count();
        Self {
            offset,
            line: 1 + memchr::memchr_iter(b'\n', before).count(),
            column: 1 + characters,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// What is wrong with a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Problem {
    #[error("expected a JSON object")]
    Object,
    #[error("expected a JSON object, found {}", .0.described())]
    NotAnObject(Kind),
    #[error("the document begins with a byte order mark; send it without one")]
    ByteOrderMark,
    #[error("this is not UTF-8")]
    NotUtf8,
    #[error("expected a value")]
    Value,
    #[error("expected a key in double quotes or `}}`")]
    KeyOrEnd,
    #[error("expected a key in double quotes after `,`")]
    Key,
    #[error("expected `:` after a key")]
    Colon,
    #[error("expected `,` or `}}` after a value")]
    ObjectNext,
    #[error("expected `,` or `]` after a value")]
    ArrayNext,
    #[error("expected `true`, `false` or `null`")]
    Literal,
    #[error("expected a digit")]
    Digit,
    #[error("a number cannot begin with a zero and go on with digits")]
    LeadingZero,
    #[error("expected `\"` to end a string")]
    StringEnd,
    #[error("a control character must be escaped in a string")]
    ControlCharacter,
    #[error("expected one of `\" \\ / b f n r t u` after a backslash")]
    Escape,
    #[error("expected four hexadecimal digits after `\\u`")]
    HexDigit,
    #[error("objects and arrays are nested too deep; at most {0} levels are read")]
    TooDeep(u16),
    #[error("the object has more fields; at most {0} are read")]
    TooManyFields(usize),
    #[error("expected nothing after the object")]
    Trailing,
}

impl Problem {
    /// Whether the character found there tells the reader more.
    fn is_expectation(self) -> bool {
        let tells_all = [Self::ByteOrderMark, Self::NotUtf8, Self::LeadingZero];
        !tells_all.contains(&self) && !matches!(self, Self::NotAnObject(_) | Self::TooDeep(_) | Self::TooManyFields(_))
    }
}

/// The end of a sentence: `, found …`.
struct Found(Option<char>, Problem);

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            _ if !self.1.is_expectation() => Ok(()),
            None => write!(f, ", found the end of the document"),
            Some(control) if control.is_control() => write!(f, ", found U+{:04X}", u32::from(control)),
            Some(character) => write!(f, ", found `{character}`"),
        }
    }
}

fn first_character(bytes: &[u8]) -> Option<char> {
    let few = &bytes[..bytes.len().min(4)];
    few.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next())
}
