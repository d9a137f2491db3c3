//! A client's dialect: how requests are read, and how answers, streams and errors are written. It is the outermost skin
//! of an exchange: everything inside has the canonical form.
//!
//! [`openai`] is built in; the canonical form is its own.

pub mod openai;

use bytes::Bytes;

use super::refusal::Refusal;

/// A dialect. One value serves many exchanges.
pub trait Dialect: Send + Sync {
    /// The body of a request in canonical form.
    ///
    /// # Errors
    /// The body is not what the dialect allows; the message says where and why.
    fn request(&self, body: Bytes) -> Result<Bytes, Refusal>;

    /// The body for a whole answer, which is JSON.
    ///
    /// # Errors
    /// The dialect cannot express the answer.
    fn whole(&self, answer: Bytes) -> Result<Bytes, Refusal>;

    /// The body for an error, which is JSON. The status is the error's own.
    fn refusal(&self, refusal: &Refusal) -> Bytes;

    /// Begins a stream.
    fn events(&self) -> Box<dyn Events>;
}

/// The events of one streamed answer, as an event stream
/// (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).
pub trait Events: Send {
    /// Takes canonical events, each whole, and returns what the client gets for them.
    ///
    /// # Errors
    /// The dialect cannot express them.
    fn pass(&mut self, events: Bytes) -> Result<Bytes, Refusal>;

    /// The error of a stream that has begun.
    fn refusal(&mut self, refusal: &Refusal) -> Bytes;

    /// What ends every stream, also one that failed.
    fn end(&mut self) -> Bytes;
}
