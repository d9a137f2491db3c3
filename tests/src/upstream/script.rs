//! What an upstream answers, as plain values.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::Semaphore;

use super::Request;

/// One answer, step by step.
#[derive(Debug, Clone, Default)]
pub struct Script {
    head: Option<Head>,
    body: Vec<Step>,
    /// Steps before the head goes out.
    before: Vec<Step>,
    /// Steps after the end of the body.
    after: Vec<Step>,
    /// How the other side learns where the body ends.
    framing: Framing,
    /// Whether the body goes to its proper end.
    is_cut: bool,
    /// Answers with the authorization it was sent, in headers.
    echoes_credentials: bool,
}

#[derive(Debug, Clone)]
struct Head {
    status: u16,
    headers: Vec<(String, String)>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Framing {
    #[default]
    Length,
    Chunked,
    /// By closing the connection.
    Close,
}

/// One thing to do.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// Sends bytes, in a segment of their own.
    Send(Vec<u8>),
    /// Waits until the test opens the gate.
    Hold(Gate),
    /// Sends bytes again and again, for as long as the other side reads.
    Repeat(Vec<u8>),
    Close,
    Reset,
}

/// Holds an upstream until the test lets it go on.
#[derive(Debug, Clone)]
pub struct Gate(Arc<Semaphore>);

impl Default for Gate {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }
}

impl Gate {
    /// A closed gate.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets everything through, now and later.
    pub fn open(&self) {
        // A semaphore takes a bounded number of permits; a test has fewer steps than this.
        self.0.add_permits(100_000);
    }

    /// Lets one step through.
    pub fn open_once(&self) {
        self.0.add_permits(1);
    }

    pub(super) async fn passed(&self) {
        self.0
            .acquire()
            .await
            .expect("a gate is never closed for good")
            .forget();
    }
}

/// One event of a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The `event` field; left out when empty.
    pub name: String,
    pub data: String,
}

impl Event {
    /// An event without a name, as OpenAI sends them.
    #[must_use]
    pub fn data(data: &Value) -> Self {
        Self {
            name: String::new(),
            data: data.to_string(),
        }
    }

    /// An event with a name, as Anthropic sends them.
    #[must_use]
    pub fn named(name: &str, data: &Value) -> Self {
        Self {
            name: name.into(),
            data: data.to_string(),
        }
    }

    /// What ends OpenAI's streams.
    #[must_use]
    pub fn done() -> Self {
        Self {
            name: String::new(),
            data: "[DONE]".into(),
        }
    }

    /// The event on the wire, with these line ends
    /// (<https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream>).
    #[must_use]
    pub fn framed(&self, line_end: &str) -> String {
        let name = if self.name.is_empty() {
            String::new()
        } else {
            format!("event: {}{line_end}", self.name)
        };
        format!("{name}data: {}{line_end}{line_end}", self.data)
    }
}

impl Script {
    /// A whole JSON answer.
    #[must_use]
    pub fn json(status: u16, body: &Value) -> Self {
        Self::text(status, "application/json", &body.to_string())
    }

    /// A whole answer of any type.
    #[must_use]
    pub fn text(status: u16, content_type: &str, body: &str) -> Self {
        Self {
            head: Some(Head {
                status,
                headers: vec![("content-type".into(), content_type.into())],
            }),
            body: vec![Step::Send(body.as_bytes().to_vec())],
            ..Self::default()
        }
    }

    /// A stream of events, each in a segment and a chunk of its own.
    #[must_use]
    pub fn events(events: impl IntoIterator<Item = Event>) -> Self {
        Self::segments(events.into_iter().map(|event| event.framed("\n")))
    }

    /// An AWS event stream; an event whose name ends in `Exception` is one.
    #[must_use]
    pub fn aws_events(events: impl IntoIterator<Item = Event>) -> Self {
        let message = |event: Event| {
            let header = if event.name.ends_with("Exception") {
                ":exception-type"
            } else {
                ":event-type"
            };
            aws_message(header, &event.name, &event.data)
        };
        let script = Self::segments(events.into_iter().map(message));
        script.header("content-type", "application/vnd.amazon.eventstream")
    }

    /// An event stream cut into these segments, wherever they cut.
    #[must_use]
    pub fn segments<S: AsRef<[u8]>>(segments: impl IntoIterator<Item = S>) -> Self {
        let headers = vec![("content-type".into(), "text/event-stream; charset=utf-8".into())];
        Self {
            head: Some(Head { status: 200, headers }),
            body: segments
                .into_iter()
                .map(|segment| Step::Send(segment.as_ref().to_vec()))
                .collect(),
            framing: Framing::Chunked,
            ..Self::default()
        }
    }

    /// Sends bytes as they stand, where an answer would be.
    #[must_use]
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            before: vec![Step::Send(bytes.into())],
            ..Self::default()
        }
    }

    /// Sends bytes as they stand at the end of everything, again and again, for as long as the gateway reads.
    #[must_use]
    pub fn then_repeats(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.after.push(Step::Repeat(bytes.into()));
        self.is_cut = true;
        self
    }

    /// Closes the connection without a word.
    #[must_use]
    pub fn hangs_up() -> Self {
        Self {
            before: vec![Step::Close],
            ..Self::default()
        }
    }

    /// Resets the connection without a word.
    #[must_use]
    pub fn resets() -> Self {
        Self {
            before: vec![Step::Reset],
            ..Self::default()
        }
    }

    /// Adds a header.
    ///
    /// # Panics
    /// On a script without an answer.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let head = self.head.as_mut().expect("a script with an answer has headers");
        head.headers.retain(|(other, _)| other != name);
        head.headers.push((name.into(), value.into()));
        self
    }

    /// Waits before the headers.
    #[must_use]
    pub fn held(mut self, gate: &Gate) -> Self {
        self.before.push(Step::Hold(gate.clone()));
        self
    }

    /// Waits at this point of the body.
    #[must_use]
    pub fn then_holds(mut self, gate: &Gate) -> Self {
        self.body.push(Step::Hold(gate.clone()));
        self
    }

    /// Sends more events.
    #[must_use]
    pub fn then_events(self, events: impl IntoIterator<Item = Event>) -> Self {
        self.then_segments(events.into_iter().map(|event| event.framed("\n")))
    }

    /// Sends more segments.
    #[must_use]
    pub fn then_segments<S: AsRef<[u8]>>(mut self, segments: impl IntoIterator<Item = S>) -> Self {
        let segments = segments.into_iter();
        self.body
            .extend(segments.map(|segment| Step::Send(segment.as_ref().to_vec())));
        self
    }

    /// Closes here, without an end of the body.
    #[must_use]
    pub fn then_breaks_off(mut self) -> Self {
        self.is_cut = true;
        self.body.push(Step::Close);
        self
    }

    /// Closes after the whole answer, without having said so.
    #[must_use]
    pub fn then_closes(mut self) -> Self {
        self.after.push(Step::Close);
        self
    }

    /// Resets here.
    #[must_use]
    pub fn then_resets(mut self) -> Self {
        self.is_cut = true;
        self.body.push(Step::Reset);
        self
    }

    /// Ends the body by closing the connection, as HTTP/1.0 did.
    #[must_use]
    pub fn ended_by_close(mut self) -> Self {
        self.framing = Framing::Close;
        self
    }

    /// Repeats the credentials of the request in headers of the answer, as careless servers do.
    #[must_use]
    pub fn echoing_credentials(mut self) -> Self {
        self.echoes_credentials = true;
        self
    }

    /// What hangs on the request.
    pub(super) fn for_request(self, request: &Request) -> Self {
        match request.header("authorization") {
            Some(authorization) if self.echoes_credentials => {
                let bare = authorization.trim_start_matches("Bearer ").to_owned();
                let script = self
                    .header("x-echo-authorization", authorization)
                    .header("authorization", authorization);
                script
                    .header("x-api-key", &bare)
                    .header("set-cookie", &format!("session={bare}"))
            }
            _ => self,
        }
    }

    /// The steps as they go over the wire.
    pub(super) fn steps(&self) -> Vec<Step> {
        let mut steps = self.before.clone();
        let Some(head) = &self.head else {
            steps.extend(self.after.iter().cloned());
            return steps;
        };
        steps.push(Step::Send(head.written(self.framing, self.body_bytes()).into_bytes()));
        steps.extend(self.body.iter().map(|step| self.framed(step)));
        match self.framing {
            _ if self.is_cut => {}
            // The head has said it.
            Framing::Length => {}
            Framing::Chunked => steps.push(Step::Send(b"0\r\n\r\n".to_vec())),
            Framing::Close => steps.push(Step::Close),
        }
        steps.extend(self.after.iter().cloned());
        steps
    }

    fn framed(&self, step: &Step) -> Step {
        match step {
            Step::Send(bytes) if self.framing == Framing::Chunked => {
                Step::Send([format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat())
            }
            other => other.clone(),
        }
    }

    fn body_bytes(&self) -> usize {
        let length = |step: &Step| if let Step::Send(bytes) = step { bytes.len() } else { 0 };
        let sent: usize = self.body.iter().map(length).sum();
        // A body that is cut promises one byte more than comes.
        sent + usize::from(self.is_cut)
    }
}

impl Head {
    fn written(&self, framing: Framing, body_bytes: usize) -> String {
        let mut text = format!("HTTP/1.1 {} Scripted\r\n", self.status);
        for (name, value) in &self.headers {
            text += &format!("{name}: {value}\r\n");
        }
        text += &match framing {
            Framing::Length => format!("content-length: {body_bytes}\r\n\r\n"),
            Framing::Chunked => "transfer-encoding: chunked\r\n\r\n".to_owned(),
            Framing::Close => "connection: close\r\n\r\n".to_owned(),
        };
        text
    }
}

/// A message of an AWS event stream with one header
/// (<https://docs.aws.amazon.com/transcribe/latest/dg/event-stream.html>).
///
/// # Panics
/// The message is longer than the format allows.
#[must_use]
pub fn aws_message(header: &str, value: &str, payload: &str) -> Vec<u8> {
    let mut headers = vec![u8::try_from(header.len()).unwrap()];
    headers.extend_from_slice(header.as_bytes());
    headers.push(7);
    headers.extend_from_slice(&u16::try_from(value.len()).unwrap().to_be_bytes());
    headers.extend_from_slice(value.as_bytes());
    let length = |bytes: usize| u32::try_from(bytes).unwrap().to_be_bytes();
    let mut message = length(16 + headers.len() + payload.len()).to_vec();
    message.extend(length(headers.len()));
    message.extend(crc32fast::hash(&message).to_be_bytes());
    message.extend([&headers, payload.as_bytes()].concat());
    message.extend(crc32fast::hash(&message).to_be_bytes());
    message
}
