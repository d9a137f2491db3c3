//! The grammar of RFC 8259, read strictly and without building anything. The document is known to be UTF-8.

use super::error::Problem;
use super::text::plain_run;
use super::value::Kind;

type Checked = Result<(), Problem>;

/// A place in a document. On a problem it stays where the problem is.
pub(super) struct Reader<'a> {
    document: &'a [u8],
    at: usize,
    depth: u16,
    depth_max: u16,
}

impl<'a> Reader<'a> {
    pub(super) fn new(document: &'a [u8], depth_max: u16) -> Self {
        Self {
            document,
            at: 0,
            depth: 0,
            depth_max,
        }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.document.get(self.at).copied()
    }

    pub(super) fn step(&mut self) {
        self.at += 1;
    }

    /// Goes past `byte` if it is next.
    #[inline]
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let taken = self.peek() == Some(byte);
        self.at += usize::from(taken);
        taken
    }

    #[inline]
    pub(super) fn whitespace(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    /// A value that begins here.
    pub(super) fn value(&mut self) -> Result<Kind, Problem> {
        let kind = self.peek().and_then(Kind::begun_by).ok_or(Problem::Value)?;
        match kind {
            Kind::String => self.string().map(drop)?,
            Kind::Number => self.number()?,
            Kind::Bool | Kind::Null => self.literal()?,
            Kind::Object => self.object(|reader, _| reader.value().map(drop))?,
            Kind::Array => self.array()?,
        }
        Ok(kind)
    }

    /// An object that begins here. `value` reads each member's value, told where its key is and whether it has escapes.
    pub(super) fn object(&mut self, mut value: impl FnMut(&mut Self, Key) -> Checked) -> Checked {
        self.descend()?;
        self.whitespace();
        if !self.take(b'}') {
            let mut wanted = Problem::KeyOrEnd;
            loop {
                let key = self.key(wanted)?;
                value(self, key)?;
                self.whitespace();
                match self.peek() {
                    Some(b',') => self.step(),
                    Some(b'}') => break self.step(),
                    _ => return Err(Problem::ObjectNext),
                }
                self.whitespace();
                wanted = Problem::Key;
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// A key, its colon and the whitespace around that.
    #[inline]
    fn key(&mut self, wanted: Problem) -> Result<Key, Problem> {
        if self.peek() != Some(b'"') {
            return Err(wanted);
        }
        let start = self.at;
        let is_escaped = self.string()?;
        let end = self.at;
        self.whitespace();
        if !self.take(b':') {
            return Err(Problem::Colon);
        }
        self.whitespace();
        Ok(Key { start, end, is_escaped })
    }

    fn array(&mut self) -> Checked {
        self.descend()?;
        self.whitespace();
        if !self.take(b']') {
            loop {
                self.value()?;
                self.whitespace();
                match self.peek() {
                    Some(b',') => self.step(),
                    Some(b']') => break self.step(),
                    _ => return Err(Problem::ArrayNext),
                }
                self.whitespace();
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// Past an opening bracket or brace.
    fn descend(&mut self) -> Checked {
        if self.depth >= self.depth_max {
            return Err(Problem::TooDeep(self.depth_max));
        }
        self.depth += 1;
        self.step();
        Ok(())
    }

    /// A string that begins here; whether it has escapes.
    #[inline]
    fn string(&mut self) -> Result<bool, Problem> {
        self.step();
        let mut is_escaped = false;
        loop {
            self.at += plain_run(&self.document[self.at..]);
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                Some(_) => return Err(Problem::ControlCharacter),
                None => return Err(Problem::StringEnd),
            }
            is_escaped = true;
        }
        self.step();
        Ok(is_escaped)
    }

    /// RFC 8259 §7. Halves of surrogate pairs may stand alone: see [`super::text::unescape`].
    fn escape(&mut self) -> Checked {
        self.step();
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.step(),
            Some(b'u') => {
                self.step();
                for _ in 0..4 {
                    if !self.peek().is_some_and(|byte| byte.is_ascii_hexdigit()) {
                        return Err(Problem::HexDigit);
                    }
                    self.step();
                }
            }
            _ => return Err(Problem::Escape),
        }
        Ok(())
    }

    /// RFC 8259 §6.
    fn number(&mut self) -> Checked {
        self.take(b'-');
        if self.take(b'0') {
            if self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                return Err(Problem::LeadingZero);
            }
        } else {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.step();
            if let Some(b'+' | b'-') = self.peek() {
                self.step();
            }
            self.digits()?;
        }
        Ok(())
    }

    /// One or more.
    fn digits(&mut self) -> Checked {
        let rest = &self.document[self.at..];
        let length = rest
            .iter()
            .position(|byte| !byte.is_ascii_digit())
            .unwrap_or(rest.len());
        self.at += length;
        if length == 0 { Err(Problem::Digit) } else { Ok(()) }
    }

    fn literal(&mut self) -> Checked {
        let rest = &self.document[self.at..];
        let word = [&b"true"[..], b"false", b"null"]
            .into_iter()
            .find(|word| rest.starts_with(word));
        self.at += word.ok_or(Problem::Literal)?.len();
        Ok(())
    }
}

/// Where a key stands, quotes included.
pub(super) struct Key {
    pub start: usize,
    pub end: usize,
    pub is_escaped: bool,
}
