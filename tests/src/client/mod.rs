//! A client that shows everything an answer holds: status, headers, body, and a stream's events as they arrive.
//!
//! Each request has a connection of its own, so that dropping a stream is a client that hangs up.

mod stream;

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::{HeaderMap, Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::wait::within;

pub use stream::Stream;

/// A client of the gateway.
#[derive(Debug, Clone)]
pub struct Client {
    address: SocketAddr,
    headers: Vec<(String, String)>,
}

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Client {
    /// A client without a key.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            headers: Vec::new(),
        }
    }

    /// Whom it asks.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same client, sending this header too.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The same client with this key, as SDKs send it.
    #[must_use]
    pub fn with_key(self, key: &str) -> Self {
        self.with(AUTHORIZATION.as_str(), &format!("Bearer {key}"))
    }

    /// Asks and waits for the whole answer.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, body.to_string()).await
    }

    /// A chat, the most common thing.
    pub async fn chat(&self, body: &Value) -> Answer {
        self.post("/v1/chat/completions", body).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, "").await
    }

    /// Sends any body as it stands.
    pub async fn send(&self, method: Method, path: &str, body: impl Into<Bytes>) -> Answer {
        within("an answer", async {
            Answer::read(self.begin(method, path, body.into()).await).await
        })
        .await
    }

    /// Asks for a stream, and comes back with the headers.
    ///
    /// # Panics
    /// When the answer is no event stream.
    pub async fn stream(&self, path: &str, body: &Value) -> Stream {
        let response = within("headers", self.begin(Method::POST, path, body.to_string().into())).await;
        let content_type = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("");
        if !content_type.starts_with("text/event-stream") {
            let answer = Answer::read(response).await;
            panic!("expected an event stream, got {}: {}", answer.status, answer.text());
        }
        Stream::new(response)
    }

    /// Streams a chat.
    pub async fn chat_stream(&self, body: &Value) -> Stream {
        self.stream("/v1/chat/completions", body).await
    }

    async fn begin(&self, method: Method, path: &str, body: Bytes) -> Response<hyper::body::Incoming> {
        let stream = TcpStream::connect(self.address).await.expect("the gateway listens");
        stream.set_nodelay(true).expect("loopback takes the option");
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .expect("a handshake sends nothing");
        tokio::spawn(connection);
        let request = self.request(method, path, body);
        sender.send_request(request).await.expect("the gateway answers")
    }

    fn request(&self, method: Method, path: &str, body: Bytes) -> Request<Full<Bytes>> {
        let mut request = Request::builder()
            .method(method.clone())
            .uri(path)
            .header("host", self.address.to_string());
        if method == Method::POST && !self.sets(CONTENT_TYPE.as_str()) {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(Full::new(body)).expect("a test's request is well formed")
    }

    fn sets(&self, name: &str) -> bool {
        self.headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name))
    }
}

impl Answer {
    /// Reads the body to its end.
    ///
    /// # Panics
    /// When it breaks off.
    pub async fn read(response: Response<hyper::body::Incoming>) -> Self {
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("the gateway ends its answers").to_bytes();
        Self {
            status: head.status.as_u16(),
            headers: head.headers,
            body,
        }
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("no JSON: {error}: {}", self.text()))
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header by name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The text of a chat answer.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn content(&self) -> String {
        assert_eq!(self.status, 200, "{}", self.text());
        let body = self.json();
        body["choices"][0]["message"]["content"]
            .as_str()
            .unwrap_or_else(|| panic!("no text in {body}"))
            .to_owned()
    }

    /// Holds an answer to be an error in OpenAI's shape with this status, and gives its `error`.
    ///
    /// # Panics
    /// When it is not.
    #[must_use]
    #[track_caller]
    pub fn error(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        let content_type = self.header("content-type").unwrap_or("none");
        assert!(
            content_type.starts_with("application/json"),
            "an error of type {content_type}"
        );
        let error = self.json()["error"].clone();
        assert!(
            error["message"].as_str().is_some_and(|message| !message.is_empty()),
            "no message in {error}"
        );
        assert!(error["type"].is_string(), "no type in {error}");
        assert!(error.get("param").is_some(), "no param in {error}");
        assert_eq!(
            error["code"],
            status.to_string(),
            "the code is the status, a string: {error}"
        );
        error
    }

    /// The sentence of such an error.
    #[must_use]
    #[track_caller]
    pub fn message(&self, status: u16) -> String {
        self.error(status)["message"].as_str().unwrap_or_default().to_owned()
    }
}
