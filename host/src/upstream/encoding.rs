//! Answers that come compressed although none was asked for so (RFC 9110 §8.4): some proxies compress whatever they pass on.

use std::io::{self, Write};

use bytes::{BufMut, Bytes, BytesMut};
use flate2::write::{MultiGzDecoder, ZlibDecoder};
use hyper::HeaderMap;
use hyper::header::CONTENT_ENCODING;

/// What one read may expand to, in bytes: a few kilobytes can hold gigabytes of one letter.
const EXPANDED_BYTES_MAX: usize = 32 << 20;

/// Expands an answer as it comes.
pub enum Decoder {
    Gzip(MultiGzDecoder<Expanded>),
    Deflate(ZlibDecoder<Expanded>),
}

/// The answer is encoded in a way that the gateway does not read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the upstream answers in the encoding `{0}` although it was asked for none: turn compression off there, or in the proxy before it"
)]
pub struct UnknownEncoding(String);

impl Decoder {
    /// The decoder that an answer with these headers needs; `None` where it comes as it is.
    ///
    /// # Errors
    /// There is none for its encoding.
    pub fn of(headers: &HeaderMap) -> Result<Option<Self>, UnknownEncoding> {
        let Some(named) = headers.get(CONTENT_ENCODING) else {
            return Ok(None);
        };
        let named = String::from_utf8_lossy(named.as_bytes()).trim().to_ascii_lowercase();
        match named.as_str() {
            "" | "identity" => Ok(None),
            "gzip" | "x-gzip" => Ok(Some(Self::Gzip(MultiGzDecoder::new(Expanded::default())))),
            "deflate" => Ok(Some(Self::Deflate(ZlibDecoder::new(Expanded::default())))),
            _ => Err(UnknownEncoding(named)),
        }
    }

    /// All that is known of the answer with these further bytes of it. A stream's events must not wait for more.
    ///
    /// # Errors
    /// They are not in that encoding, or expand to too much.
    pub fn push(&mut self, data: &[u8]) -> io::Result<Bytes> {
        let decoder: &mut dyn Write = match self {
            Self::Gzip(decoder) => decoder,
            Self::Deflate(decoder) => decoder,
        };
        decoder.write_all(data)?;
        decoder.flush()?;
        Ok(self.expanded().0.split().freeze())
    }

    /// The answer has ended.
    ///
    /// # Errors
    /// It ended before its encoding did.
    pub fn finish(mut self) -> io::Result<()> {
        match &mut self {
            Self::Gzip(decoder) => decoder.try_finish(),
            Self::Deflate(decoder) => decoder.try_finish(),
        }
    }

    fn expanded(&mut self) -> &mut Expanded {
        match self {
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Deflate(decoder) => decoder.get_mut(),
        }
    }
}

/// What came of one read.
#[derive(Debug, Default)]
pub struct Expanded(BytesMut);

impl Write for Expanded {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if self.0.len() + data.len() > EXPANDED_BYTES_MAX {
            return Err(io::Error::other("it expands to more than the gateway reads at once"));
        }
        self.0.put_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::{GzEncoder, ZlibEncoder};

    use super::*;

    fn decoder(encoding: &'static str) -> Decoder {
        let headers = HeaderMap::from_iter([(CONTENT_ENCODING, encoding.parse().unwrap())]);
        Decoder::of(&headers).unwrap().unwrap()
    }

    fn gzipped(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn each_read_gives_all_that_is_known_by_then() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        let mut decoder = decoder("GZIP");
        for event in ["data: 1\n\n", "data: 2\n\n"] {
            encoder.write_all(event.as_bytes()).unwrap();
            encoder.flush().unwrap();
            let sent = std::mem::take(encoder.get_mut());
            assert_eq!(decoder.push(&sent).unwrap(), event);
        }
        assert_eq!(decoder.push(&encoder.finish().unwrap()).unwrap(), "");
        decoder.finish().unwrap();
    }

    #[test]
    fn what_is_cut_anywhere_is_one_text() {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(b"some text").unwrap();
        let mut decoder = decoder("deflate");
        let mut read = Vec::new();
        for byte in encoder.finish().unwrap() {
            read.extend_from_slice(&decoder.push(&[byte]).unwrap());
        }
        assert_eq!(read, b"some text");
        decoder.finish().unwrap();
    }

    #[test]
    fn an_answer_that_breaks_off_is_no_whole_one() {
        let sent = gzipped(b"some text");
        let mut decoder = decoder("gzip");
        decoder.push(&sent[..sent.len() - 9]).unwrap();
        assert!(decoder.finish().is_err());
    }

    #[test]
    fn nothing_expands_without_bound() {
        let bomb = gzipped(&vec![0; EXPANDED_BYTES_MAX + 1]);
        assert!(decoder("gzip").push(&bomb).is_err());
        assert!(decoder("gzip").push(b"{\"choices\":[]}").is_err());
    }

    #[test]
    fn other_encodings_are_named() {
        let of = |encoding: &'static str| {
            let headers = HeaderMap::from_iter([(CONTENT_ENCODING, encoding.parse().unwrap())]);
            Decoder::of(&headers).map(|decoder| decoder.is_some())
        };
        assert_eq!(of("identity"), Ok(false));
        assert_eq!(of("x-gzip"), Ok(true));
        assert_eq!(of("br"), Err(UnknownEncoding("br".into())));
    }
}
