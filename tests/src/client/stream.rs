//! An event stream, event by event as it arrives.

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::{HeaderMap, Response};
use serde_json::Value;

use crate::wait::within;

/// A streamed answer. Dropping it closes the connection, as a client that hangs up does.
#[derive(Debug)]
pub struct Stream {
    pub status: u16,
    pub headers: HeaderMap,
    body: Incoming,
    /// Read and not used yet.
    buffer: Vec<u8>,
    /// The data lines of the event being read.
    event: Vec<String>,
    /// A line feed that comes next belongs to the line end before it.
    ended_in_cr: bool,
    /// Whether the connection broke before the body's end.
    pub is_broken: bool,
}

impl Stream {
    pub(super) fn new(response: Response<Incoming>) -> Self {
        let (head, body) = response.into_parts();
        Self {
            status: head.status.as_u16(),
            headers: head.headers,
            body,
            buffer: Vec::new(),
            event: Vec::new(),
            ended_in_cr: false,
            is_broken: false,
        }
    }

    /// A header by name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The data of the next event, `[DONE]` included; `None` at the end of the stream.
    pub async fn data(&mut self) -> Option<String> {
        within("an event", async {
            loop {
                if let Some(data) = self.buffered() {
                    return Some(data);
                }
                let bytes = self.read().await?;
                self.buffer.extend_from_slice(&bytes);
            }
        })
        .await
    }

    /// The next comment, before which no event may come.
    ///
    /// # Panics
    /// When something else comes.
    pub async fn comment(&mut self) -> String {
        within("a comment", async {
            loop {
                while let Some(line) = self.line() {
                    match line.strip_prefix(':') {
                        Some(comment) => return comment.trim().to_owned(),
                        None => assert_eq!(line, "", "expected a comment"),
                    }
                }
                let bytes = self.read().await.expect("the stream goes on");
                self.buffer.extend_from_slice(&bytes);
            }
        })
        .await
    }

    /// The next chunk as JSON; `None` at `[DONE]`.
    ///
    /// # Panics
    /// When the stream ends without `[DONE]`, or an event holds no JSON.
    pub async fn chunk(&mut self) -> Option<Value> {
        let data = self.data().await.expect("a stream ends with [DONE]");
        if data == "[DONE]" {
            return None;
        }
        Some(serde_json::from_str(&data).unwrap_or_else(|error| panic!("no JSON: {error}: {data}")))
    }

    /// The next chunk that brings text, and the text.
    pub async fn text(&mut self) -> Option<String> {
        while let Some(chunk) = self.chunk().await {
            if let Some(text) = chunk["choices"][0]["delta"]["content"]
                .as_str()
                .filter(|text| !text.is_empty())
            {
                return Some(text.to_owned());
            }
        }
        None
    }

    /// All chunks up to `[DONE]`, after which nothing may come.
    ///
    /// # Panics
    /// When something comes after it.
    pub async fn chunks(mut self) -> Vec<Value> {
        let mut chunks = Vec::new();
        while let Some(chunk) = self.chunk().await {
            chunks.push(chunk);
        }
        assert_eq!(self.data().await, None, "nothing comes after [DONE]");
        chunks
    }

    /// The data of all events, however the stream ends.
    pub async fn rest(mut self) -> Vec<String> {
        let mut rest = Vec::new();
        while let Some(data) = self.data().await {
            rest.push(data);
        }
        rest
    }

    async fn read(&mut self) -> Option<Bytes> {
        match self.body.frame().await? {
            Ok(frame) => Some(frame.into_data().unwrap_or_default()),
            Err(_) => {
                self.is_broken = true;
                None
            }
        }
    }

    /// The data of the first whole event in the buffer.
    fn buffered(&mut self) -> Option<String> {
        while let Some(line) = self.line() {
            let is_end = line.is_empty();
            if let Some(data) = line.strip_prefix("data:") {
                self.event.push(data.strip_prefix(' ').unwrap_or(data).to_owned());
            }
            if is_end && !self.event.is_empty() {
                return Some(std::mem::take(&mut self.event).join("\n"));
            }
        }
        None
    }

    /// The first whole line in the buffer, without its end, which is CR LF, LF or CR.
    fn line(&mut self) -> Option<String> {
        if std::mem::take(&mut self.ended_in_cr) {
            match self.buffer.first() {
                Some(b'\n') => drop(self.buffer.remove(0)),
                Some(_) => {}
                None => {
                    self.ended_in_cr = true;
                    return None;
                }
            }
        }
        let end = self.buffer.iter().position(|byte| matches!(byte, b'\r' | b'\n'))?;
        self.ended_in_cr = self.buffer[end] == b'\r';
        let line = self.buffer.drain(..=end).take(end).collect();
        Some(String::from_utf8(line).expect("a stream is UTF-8"))
    }
}
