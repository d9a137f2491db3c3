//! Reassembles the lines of the model's own stream, which SageMaker cuts at arbitrary bytes. Servers send server-sent
//! events with one line of data each, or one JSON document in each line.

use sluice_sdk::Failure;

/// Maximum length of a line in bytes: no server sends a longer one, since a chunk has only a few tokens.
const LINE_BYTES_MAX: usize = 1 << 20;

/// Collects an unfinished line.
#[derive(Default)]
pub struct Lines {
    held: Vec<u8>,
}

/// Receives the data of a line.
pub type Read<'r> = dyn FnMut(&str) -> Result<(), Failure> + 'r;

impl Lines {
    /// Reads the lines that end in this part.
    ///
    /// # Errors
    /// A line is too long or not UTF-8, or `read` fails.
    pub fn push(&mut self, part: &[u8], read: &mut Read) -> Result<(), Failure> {
        let mut rest = part;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let line = &rest[..end];
            rest = &rest[end + 1..];
            if self.held.is_empty() {
                read_line(line, read)?;
            } else {
                self.hold(line)?;
                self.finish(read)?;
            }
        }
        self.hold(rest)
    }

    /// Reads the last line, which the end of the stream may terminate.
    ///
    /// # Errors
    /// As for [`Lines::push`].
    pub fn finish(&mut self, read: &mut Read) -> Result<(), Failure> {
        read_line(&std::mem::take(&mut self.held), read)
    }

    fn hold(&mut self, piece: &[u8]) -> Result<(), Failure> {
        if self.held.len() + piece.len() > LINE_BYTES_MAX {
            return Err(Failure::malformed("a line of its stream is longer than 1 MiB"));
        }
        self.held.extend_from_slice(piece);
        Ok(())
    }
}

/// Passes the data of a line to `read`. Comments, event names and other lines have no data.
fn read_line(line: &[u8], read: &mut Read) -> Result<(), Failure> {
    let line = std::str::from_utf8(line).map_err(Failure::malformed)?.trim_ascii();
    let data = match line.strip_prefix("data:") {
        Some(data) => data.trim_ascii_start(),
        None if line.starts_with(['{', '[']) => line,
        None => return Ok(()),
    };
    if data.is_empty() { Ok(()) } else { read(data) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(parts: &[&[u8]]) -> Result<Vec<String>, String> {
        let mut lines = Lines::default();
        let mut found = Vec::new();
        let mut read = |data: &str| {
            found.push(data.to_owned());
            Ok(())
        };
        let mut all = parts.iter().try_for_each(|part| lines.push(part, &mut read));
        if all.is_ok() {
            all = lines.finish(&mut read);
        }
        all.map(|()| found).map_err(|failure| failure.message)
    }

    #[test]
    fn a_stream_may_be_cut_anywhere() {
        let stream =
            "event: x\r\ndata: {\"a\":\"Grüße 🙂\"}\r\n\r\n: wait\ndata:{\"b\":1}\n\n{\"c\":2}\ndata:\ndata: [DONE]";
        let expected = ["{\"a\":\"Grüße 🙂\"}", "{\"b\":1}", "{\"c\":2}", "[DONE]"].map(String::from);
        for at in 0..=stream.len() {
            let (before, after) = stream.as_bytes().split_at(at);
            assert_eq!(lines(&[before, after]).unwrap(), expected, "{at}");
        }
        let bytes: Vec<&[u8]> = stream.as_bytes().chunks(1).collect();
        assert_eq!(lines(&bytes).unwrap(), expected);
    }

    #[test]
    fn a_line_has_a_bound() {
        let part = vec![b'x'; LINE_BYTES_MAX];
        assert!(lines(&[&part]).unwrap().is_empty());
        assert!(lines(&[&part, b"x"]).unwrap_err().contains("1 MiB"));
    }

    #[test]
    fn what_is_no_text_is_an_error() {
        assert!(lines(&[b"data: \xff\n"]).is_err());
    }
}
