//! The host's connections to upstreams: one plain stack of hyper connections a worker, no client library in between.
//!
//! It owns name lookup, TCP, TLS, HTTP/1.1 and HTTP/2, reuse of connections, and the time limits of an answer. It knows
//! nothing of deployments, credentials or dialects: `attempt` hands it a finished request, and decides from
//! [`SendError`] and [`AnswerError`] what may follow.
//!
//! ```text
//! Origin::parse(api_base) ─► Connections::send(origin, request) ─► Answer ─► Clock::time(answer) ─► frames
//! ```
//!
//! Read in this order: `origin`, `connections`, `pool`, `connect`, `driver`, `answer`, `encoding`, `clock`.

pub mod answer;
pub mod clock;
mod connect;
pub mod connections;
mod driver;
pub mod encoding;
pub mod origin;
pub mod outgoing;
mod pool;
pub mod retry_after;
pub mod send_error;
pub mod tls;

#[cfg(test)]
mod tests;

pub use answer::Answer;
pub use clock::{AnswerError, Clock, TimeLimits, Timed, TooSlow, Wait};
pub use connections::{Connections, Limits};
pub use encoding::{Decoder, UnknownEncoding};
pub use origin::{BadBase, Origin};
pub use outgoing::Outgoing;
pub use retry_after::retry_after;
pub use send_error::SendError;
