//! Reads requests: as much of HTTP/1.1 (RFC 9112) as the gateway sends.

use std::collections::BTreeMap;

use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::net::tcp::OwnedReadHalf;

/// What an upstream was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    pub method: String,
    /// Path and query as they came.
    pub path: String,
    /// By lower-case name; a name that came twice holds both values, separated by a comma.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Request {
    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!(
                "the upstream got no JSON: {error}: {}",
                String::from_utf8_lossy(&self.body)
            )
        })
    }

    /// A header by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// Reads requests from a connection, and notices its end.
pub struct Reader {
    stream: OwnedReadHalf,
    /// Read and not used yet.
    buffer: Vec<u8>,
}

impl Reader {
    pub fn new(stream: OwnedReadHalf) -> Self {
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    pub fn into_inner(self) -> OwnedReadHalf {
        self.stream
    }

    /// The next request; `None` when the client closes.
    pub async fn request(&mut self) -> Option<Request> {
        let head = self.until(b"\r\n\r\n").await?;
        let head = String::from_utf8_lossy(&head).into_owned();
        let mut lines = head.trim_end().split("\r\n");
        let mut first = lines.next()?.split(' ');
        let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
        let mut headers: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            headers
                .entry(name.to_ascii_lowercase())
                .and_modify(|earlier| *earlier = format!("{earlier}, {value}"))
                .or_insert_with(|| value.to_owned());
        }
        let body = self.body(&headers).await?;
        Some(Request {
            method,
            path,
            headers,
            body,
        })
    }

    async fn body(&mut self, headers: &BTreeMap<String, String>) -> Option<Vec<u8>> {
        if headers
            .get("transfer-encoding")
            .is_some_and(|encoding| encoding == "chunked")
        {
            return self.chunks().await;
        }
        match headers.get("content-length") {
            Some(length) => self.exactly(length.parse().ok()?).await,
            None => Some(Vec::new()),
        }
    }

    async fn chunks(&mut self) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.until(b"\r\n").await?;
            let size = usize::from_str_radix(std::str::from_utf8(&line).ok()?.trim(), 16).ok()?;
            body.extend(self.exactly(size).await?);
            self.until(b"\r\n").await?;
            if size == 0 {
                return Some(body);
            }
        }
    }

    /// Up to and with a mark.
    async fn until(&mut self, mark: &[u8]) -> Option<Vec<u8>> {
        loop {
            if let Some(at) = self.buffer.windows(mark.len()).position(|window| window == mark) {
                return Some(self.buffer.drain(..at + mark.len()).collect());
            }
            self.fill().await?;
        }
    }

    async fn exactly(&mut self, count: usize) -> Option<Vec<u8>> {
        while self.buffer.len() < count {
            self.fill().await?;
        }
        Some(self.buffer.drain(..count).collect())
    }

    async fn fill(&mut self) -> Option<()> {
        match self.stream.read_buf(&mut self.buffer).await {
            Ok(count) if count > 0 => Some(()),
            _ => None,
        }
    }

    /// Comes back when the client has closed. What it sends meanwhile is kept for the next request.
    pub async fn closed(&mut self) {
        while self.fill().await.is_some() {}
    }
}
