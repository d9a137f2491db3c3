//! The upstream: a provider that answers at once, on bare sockets, so that next to none of a figure is its own.
//!
//! A request's path says the dialect (`…/chat/completions` or `…/messages`), its model what happens; see [`Behaviour`].

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use memchr::memmem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use crate::wire::{Answers, CHUNKS, Dialect, stamp};

/// Between the chunks of a paced stream.
const PACE: Duration = Duration::from_millis(2);

/// Between the chunks of a stream as models write them: twenty a second.
const UNHURRIED_PACE: Duration = Duration::from_millis(47);

/// Between the chunks of a slow stream: longer than a measurement of memory takes.
const SLOW_PACE: Duration = Duration::from_secs(5);

/// What a model's name asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behaviour {
    /// A whole answer of 1 KB.
    Whole,
    /// A stream, written in one piece.
    Burst,
    /// A stream, each chunk a segment of its own.
    Paced(Duration),
    /// 429.
    RateLimited,
    /// The connection is reset.
    Resets,
}

impl Behaviour {
    fn of(model: &[u8]) -> Option<Self> {
        match model {
            b"whole" => Some(Self::Whole),
            b"burst" => Some(Self::Burst),
            b"paced" => Some(Self::Paced(PACE)),
            b"unhurried" => Some(Self::Paced(UNHURRIED_PACE)),
            b"slow" => Some(Self::Paced(SLOW_PACE)),
            b"rate-limited" => Some(Self::RateLimited),
            b"resets" => Some(Self::Resets),
            _ => None,
        }
    }
}

/// What each dialect answers, in the order of [`Dialect::ALL`].
struct Shelf([Ready; Dialect::ALL.len()]);

struct Ready {
    answers: Answers,
    burst: Vec<u8>,
}

impl Ready {
    fn of(dialect: Dialect) -> Self {
        let answers = Answers::of(dialect);
        let burst = answers.burst();
        Self { answers, burst }
    }
}

/// Serves for ever.
///
/// # Errors
/// The address cannot be listened on.
pub async fn serve(address: SocketAddr) -> std::io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    let shelf = Rc::new(Shelf(Dialect::ALL.map(Ready::of)));
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        let shelf = Rc::clone(&shelf);
        tokio::task::spawn_local(async move {
            // A connection that breaks is the other side's affair; it shows there.
            let _ = converse(socket, &shelf).await;
        });
    }
}

async fn converse(mut socket: TcpStream, shelf: &Shelf) -> std::io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    while let Some(request) = read_request(&mut socket, &mut buffer).await? {
        let ready = &shelf.0[request.dialect as usize];
        match request.behaviour {
            Some(Behaviour::Whole) => socket.write_all(&ready.answers.whole).await?,
            Some(Behaviour::Burst) => socket.write_all(&ready.burst).await?,
            Some(Behaviour::Paced(pace)) => write_paced(&mut socket, &ready.answers, pace).await?,
            Some(Behaviour::RateLimited) => socket.write_all(&ready.answers.rate_limited).await?,
            Some(Behaviour::Resets) => {
                // Closed with zero linger, a connection is reset instead of ended.
                socket.set_zero_linger()?;
                return Ok(());
            }
            None => {
                let answer = b"HTTP/1.1 404 Not Found\r\ncontent-length: 17\r\n\r\nno model is named";
                socket.write_all(answer).await?;
            }
        }
    }
    Ok(())
}

async fn write_paced(socket: &mut TcpStream, answers: &Answers, pace: Duration) -> std::io::Result<()> {
    let mut first = answers.stream_head.clone();
    first.extend_from_slice(&answers.opening);
    socket.write_all(&first).await?;
    let mut chunk = answers.chunk.clone();
    // The first text comes with the opening; a timer that is due at once would hold it back a millisecond.
    let mut ticks = tokio::time::interval_at(Instant::now() + pace, pace);
    for count in 1..=CHUNKS {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        stamp(&mut chunk, answers.stamp_at, now.unwrap_or_default().as_nanos());
        socket.write_all(&chunk).await?;
        if count < CHUNKS {
            ticks.tick().await;
        }
    }
    socket.write_all(&answers.closing).await
}

struct Asked {
    dialect: Dialect,
    behaviour: Option<Behaviour>,
}

/// The next request, read to its end; `None` when the client has gone.
async fn read_request(socket: &mut TcpStream, buffer: &mut [u8]) -> std::io::Result<Option<Asked>> {
    let mut filled = 0;
    let head_end = loop {
        let read = socket.read(&mut buffer[filled..]).await?;
        filled += read;
        if let Some(at) = memmem::find(&buffer[..filled], b"\r\n\r\n") {
            break at + 4;
        }
        if read == 0 {
            return Ok(None);
        }
    };
    let head = &buffer[..head_end];
    let line = memchr::memchr(b'\r', head).map_or(head, |end| &head[..end]);
    let (dialect, model_in_path) = asked(line);
    let body = match content_length(head) {
        Some(length) => Body::Length(length),
        None if memmem::find(head, b"hunked").is_some() => Body::Chunked,
        None => Body::Length(0),
    };
    let model_in_path = model_in_path.and_then(Behaviour::of);
    let mut behaviour = model_in_path.or_else(|| model(&buffer[head_end..filled]).and_then(Behaviour::of));
    let mut body_read = filled - head_end;
    let mut last = filled;
    while !body.is_over(body_read, &buffer[..last]) {
        // A model that stands far back in a long body is found where it stands.
        let kept = last.min(256);
        buffer.copy_within(last - kept..last, 0);
        let read = socket.read(&mut buffer[kept..]).await?;
        if read == 0 {
            return Ok(None);
        }
        last = kept + read;
        body_read += read;
        behaviour = behaviour.or_else(|| model(&buffer[..last]).and_then(Behaviour::of));
    }
    Ok(Some(Asked { dialect, behaviour }))
}

/// Whose API a request line belongs to, and the model where it stands there.
fn asked(line: &[u8]) -> (Dialect, Option<&[u8]>) {
    let between = |start: &[u8], end: u8| {
        let rest = &line[memmem::find(line, start)? + start.len()..];
        Some(&rest[..memchr::memchr(end, rest)?])
    };
    let has = |sign: &[u8]| memmem::find(line, sign).is_some();
    if has(b"/messages") {
        (Dialect::Anthropic, None)
    } else if has(b"enerateContent") {
        (Dialect::Gemini, between(b"/models/", b':'))
    } else if has(b"/converse") {
        (Dialect::Bedrock, between(b"/model/", b'/'))
    } else {
        (Dialect::OpenAi, None)
    }
}

/// How a request's body ends.
enum Body {
    Length(usize),
    Chunked,
}

impl Body {
    fn is_over(&self, read: usize, seen: &[u8]) -> bool {
        match self {
            Self::Length(length) => read >= *length,
            Self::Chunked => seen.ends_with(b"\r\n0\r\n\r\n"),
        }
    }
}

/// The value of a `content-length`, however it is written.
pub fn content_length(head: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"content-length:";
    let mut lines = head.split(|&byte| byte == b'\n');
    let line = lines.find(|line| line.len() > NAME.len() && line[..NAME.len()].eq_ignore_ascii_case(NAME))?;
    std::str::from_utf8(&line[NAME.len()..]).ok()?.trim().parse().ok()
}

fn model(body: &[u8]) -> Option<&[u8]> {
    const KEY: &[u8] = b"\"model\"";
    let rest = body[memmem::find(body, KEY)? + KEY.len()..].trim_ascii_start();
    let rest = rest.strip_prefix(b":")?.trim_ascii_start().strip_prefix(b"\"")?;
    Some(&rest[..memchr::memchr(b'"', rest)?])
}
