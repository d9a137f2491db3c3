//! What clients ask, as bytes.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::time::Duration;

use crate::gateway::MASTER_KEY;
use crate::load::{Proof, Question};
use crate::wire::CHUNKS;

/// Which answer is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    Whole,
    Stream,
}

/// A chat of about so many bytes for a model group.
pub fn chat(address: SocketAddr, model: &str, wanted: Wanted, bytes: usize) -> Question {
    const SENTENCE: &str = "Tell me, in your own words, what this is about. ";
    let history = SENTENCE.repeat(bytes.saturating_sub(300) / SENTENCE.len());
    let mut body = serde_json::json!({
        "model": model,
        "messages": [
            {"role": "system", "content": "You answer briefly."},
            {"role": "user", "content": history},
        ],
        "temperature": 0.7,
        "max_tokens": 512,
    });
    if wanted == Wanted::Stream {
        body["stream"] = true.into();
    }
    let proof = match wanted {
        Wanted::Whole => Proof {
            text: "\"chat.completion\"",
            times: 1,
        },
        Wanted::Stream => Proof {
            text: " @",
            times: CHUNKS,
        },
    };
    let request = post(address, &body.to_string());
    Question { request, proof }
}

fn post(address: SocketAddr, body: &str) -> Rc<[u8]> {
    let length = body.len();
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {MASTER_KEY}\r\ncontent-type: application/json\r\naccept: application/json\r\nuser-agent: OpenAI/Python 2.8.0\r\nx-stainless-lang: python\r\nx-stainless-retry-count: 0\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    request.into_bytes().into()
}

/// The question by which a gateway is known to be there.
pub fn probe(address: SocketAddr) -> Question {
    chat(address, "whole", Wanted::Whole, 1 << 10)
}

/// Asks without the load's runtime.
///
/// # Errors
/// There is no answer, or not the right one.
pub fn ask_once(address: SocketAddr, question: &Question) -> std::io::Result<()> {
    let mut socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(Duration::from_secs(10)))?;
    socket.write_all(&question.request)?;
    let mut answer = Vec::new();
    let mut buffer = [0; 4 << 10];
    let proof = question.proof.text.as_bytes();
    while memchr::memmem::find(&answer, proof).is_none() {
        match socket.read(&mut buffer)? {
            0 => return Err(std::io::Error::other("not answered")),
            length => answer.extend_from_slice(&buffer[..length]),
        }
    }
    Ok(())
}

/// Reads a page of the gateway's own.
///
/// # Errors
/// There is no answer.
pub fn get(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(Duration::from_secs(10)))?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {MASTER_KEY}\r\nconnection: close\r\n\r\n"
    );
    socket.write_all(request.as_bytes())?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer)?;
    Ok(answer)
}
