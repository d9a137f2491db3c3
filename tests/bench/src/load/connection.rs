//! One client connection on a bare socket: the request's bytes are ready, and of an answer only what is measured is read.

use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime};

use memchr::memmem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::upstream::content_length;
use crate::wire::{STAMP, STAMP_DIGITS};

/// A gateway that has not answered for so long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// Answers are kept up to here, which is several times what the upstream sends.
const ANSWER_BYTES_MAX: usize = 4 << 20;

pub struct Connection {
    address: SocketAddr,
    socket: Option<TcpStream>,
    answer: Vec<u8>,
    read: Box<[u8]>,
}

/// Told of what arrives, when it does.
pub trait Watch {
    /// The first text of a stream, or the first byte of a whole answer's body: the time since the first byte of the request.
    fn first_token(&mut self, after: Duration);
    /// A chunk that the upstream wrote the time into: its delay from that write.
    fn chunk(&mut self, delay: Duration);
}

impl Watch for () {
    fn first_token(&mut self, _: Duration) {}
    fn chunk(&mut self, _: Duration) {}
}

impl Connection {
    pub fn to(address: SocketAddr) -> Self {
        Self {
            address,
            socket: None,
            answer: Vec::new(),
            read: vec![0; 64 << 10].into(),
        }
    }

    /// One exchange: the time from the first byte of the request to the last of the answer. `proof` must stand in the
    /// answer.
    ///
    /// # Errors
    /// What went wrong, in a few words.
    pub async fn exchange(
        &mut self,
        request: &[u8],
        proof: &Proof,
        watch: &mut impl Watch,
    ) -> Result<Duration, String> {
        let outcome = tokio::time::timeout(PATIENCE, self.try_exchange(request, watch)).await;
        let outcome = outcome.unwrap_or_else(|_| Err(format!("no answer in {} s", PATIENCE.as_secs())));
        let outcome = outcome.and_then(|took| proof.check(&self.answer).map(|()| took));
        if outcome.is_err() {
            self.socket = None;
        }
        outcome
    }

    async fn try_exchange(&mut self, request: &[u8], watch: &mut impl Watch) -> Result<Duration, String> {
        let began = Instant::now();
        let first_read = self.ask(request).await?;
        self.read_answer(first_read, began, watch).await
    }

    /// Sends the request; the length of the answer's first read. A connection that was closed while it lay idle is made anew.
    async fn ask(&mut self, request: &[u8]) -> Result<usize, String> {
        let said = |error: std::io::Error| error.to_string();
        if let Some(socket) = &mut self.socket
            && socket.write_all(request).await.is_ok()
            && let Ok(length @ 1..) = socket.read(&mut self.read).await
        {
            return Ok(length);
        }
        let socket = TcpStream::connect(self.address).await.map_err(said)?;
        socket.set_nodelay(true).map_err(said)?;
        let socket = self.socket.insert(socket);
        socket.write_all(request).await.map_err(said)?;
        socket.read(&mut self.read).await.map_err(said)
    }

    async fn read_answer(
        &mut self,
        first_read: usize,
        began: Instant,
        watch: &mut impl Watch,
    ) -> Result<Duration, String> {
        let Self {
            socket, answer, read, ..
        } = self;
        let socket = socket.as_mut().ok_or("not connected")?;
        answer.clear();
        let mut length = first_read;
        let mut body: Option<(usize, Ends)> = None;
        let mut has_token = false;
        let mut watched = 0;
        loop {
            if length == 0 {
                return Err("the connection closed before the answer's end".into());
            }
            answer.extend_from_slice(&read[..length]);
            if answer.len() > ANSWER_BYTES_MAX {
                return Err("the answer does not end".into());
            }
            if body.is_none() {
                body = head(answer)?;
                watched = body.as_ref().map_or(0, |(start, _)| *start);
            }
            if let Some((start, ends)) = &body {
                let looked = watch_chunks(answer, watched, watch);
                let is_token = looked > watched || matches!(ends, Ends::Length(_)) && answer.len() > *start;
                if is_token && !std::mem::replace(&mut has_token, true) {
                    watch.first_token(began.elapsed());
                }
                watched = looked;
                if ends.is_over(&answer[*start..]) {
                    return Ok(began.elapsed());
                }
            }
            length = socket.read(read).await.map_err(|error| error.to_string())?;
        }
    }

    /// Sends the request and reads until the first chunk of the body is there; the connection stays open in the middle.
    ///
    /// # Errors
    /// As [`Self::exchange`].
    pub async fn open_stream(&mut self, request: &[u8]) -> Result<(), String> {
        let reading = async {
            let mut length = self.ask(request).await?;
            self.answer.clear();
            while memmem::find(&self.answer, STAMP).is_none() {
                if length == 0 {
                    return Err("the connection closed before the first chunk".to_owned());
                }
                self.answer.extend_from_slice(&self.read[..length]);
                let socket = self.socket.as_mut().ok_or("not connected")?;
                if memmem::find(&self.answer, STAMP).is_none() {
                    length = socket.read(&mut self.read).await.map_err(|error| error.to_string())?;
                }
            }
            Ok(())
        };
        let outcome = tokio::time::timeout(PATIENCE, reading).await;
        outcome.unwrap_or_else(|_| Err("the stream does not begin".into()))
    }
}

/// How an answer's body ends.
enum Ends {
    Length(usize),
    Chunked,
}

impl Ends {
    fn is_over(&self, body: &[u8]) -> bool {
        match self {
            Self::Length(length) => body.len() >= *length,
            Self::Chunked => body.ends_with(b"\r\n0\r\n\r\n"),
        }
    }
}

/// Where the body begins and how it ends, once the head is there.
fn head(answer: &[u8]) -> Result<Option<(usize, Ends)>, String> {
    let Some(end) = memmem::find(answer, b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = &answer[..end + 2];
    if !head.starts_with(b"HTTP/1.1 200") {
        let shown = answer.len().min(600);
        return Err(String::from_utf8_lossy(&answer[..shown]).into_owned());
    }
    let ends = content_length(head).map_or(Ends::Chunked, Ends::Length);
    Ok(Some((end + 4, ends)))
}

/// Tells of the chunks behind `from`; returns how far it has looked.
fn watch_chunks(answer: &[u8], from: usize, watch: &mut impl Watch) -> usize {
    let mut looked = from;
    for at in memmem::find_iter(&answer[from..], STAMP) {
        let begin = from + at + STAMP.len();
        let Some(digits) = answer.get(begin..begin + STAMP_DIGITS) else {
            break;
        };
        looked = begin + STAMP_DIGITS;
        let sent = std::str::from_utf8(digits)
            .ok()
            .and_then(|digits| digits.parse::<u64>().ok());
        if let Some(sent @ 1..) = sent {
            let now = SystemTime::now()
                .duration_since(SystemTime::UNIX_EPOCH)
                .unwrap_or_default();
            watch.chunk(now.saturating_sub(Duration::from_nanos(sent)));
        }
    }
    looked
}

/// What must stand in an answer for it to count.
#[derive(Debug, Clone)]
pub struct Proof {
    pub text: &'static str,
    pub times: usize,
}

impl Proof {
    fn check(&self, answer: &[u8]) -> Result<(), String> {
        let found = memmem::find_iter(answer, self.text.as_bytes()).count();
        if found >= self.times {
            return Ok(());
        }
        let shown = String::from_utf8_lossy(&answer[..answer.len().min(600)]);
        Err(format!(
            "{:?} stands {found} times in the answer, not {}: {shown}",
            self.text, self.times
        ))
    }
}
