//! Connections against scripted upstreams on loopback. The upstream's side is written out in each test, so that the
//! order of events on the wire is the test's.

mod failures;
mod http1;
mod http2;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::task::{Context, Waker};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::http::{Request, Response};
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// A listening upstream, and where it is.
struct Upstream {
    listener: TcpListener,
    address: SocketAddr,
    origin: Arc<Origin>,
}

impl Upstream {
    async fn start() -> Upstream {
        Upstream::start_as("http://127.0.0.1").await
    }

    async fn start_secure() -> Upstream {
        Upstream::start_as("https://localhost").await
    }

    async fn start_as(base: &str) -> Upstream {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (origin, _) = Origin::parse(&format!("{base}:{}", address.port())).unwrap();
        Upstream {
            listener,
            address,
            origin,
        }
    }

    async fn accept(&self) -> Peer<TcpStream> {
        Peer {
            stream: self.listener.accept().await.unwrap().0,
            read: Vec::new(),
        }
    }

    /// Whether nobody has connected that was not accepted.
    fn is_left_alone(&self) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        self.listener.poll_accept(&mut context).is_pending()
    }
}

/// The upstream's end of a connection.
struct Peer<S> {
    stream: S,
    read: Vec<u8>,
}

impl<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin> Peer<S> {
    /// Reads one request: its head, and the body that `content-length` announces.
    async fn request(&mut self) -> (String, String) {
        let head_end = loop {
            if let Some(at) = self.read.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break at + 4;
            }
            assert!(
                self.stream.read_buf(&mut self.read).await.unwrap() > 0,
                "closed within a head"
            );
        };
        let head = String::from_utf8(self.read.drain(..head_end).collect())
            .unwrap()
            .to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |text| text.parse().unwrap());
        while self.read.len() < length {
            assert!(
                self.stream.read_buf(&mut self.read).await.unwrap() > 0,
                "closed within a body"
            );
        }
        let body = String::from_utf8(self.read.drain(..length).collect()).unwrap();
        (head, body)
    }

    async fn write(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// Reads one request and answers it with a body of known length.
    async fn serve(&mut self, body: &str) {
        self.request().await;
        self.write(&format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ))
        .await;
    }

    /// Waits for the gateway to close, however it does so.
    async fn closed(mut self) {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).await.ok();
        assert!(rest.is_empty(), "more came before the end: {rest:?}");
    }
}

/// Connections that trust nobody in particular.
fn connections(limits: Limits) -> Connections {
    Connections::new(tls::client_config(None).unwrap(), limits)
}

fn request(path: &str) -> Request<Outgoing> {
    post(path, Outgoing::from(Bytes::from_static(b"{}")))
}

fn post(path: &str, body: Outgoing) -> Request<Outgoing> {
    Request::post(path).body(body).unwrap()
}

async fn text(answer: Response<Answer>) -> String {
    String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

/// A certificate for `localhost` that is its own authority, and connections that trust it.
struct Identity {
    issued: CertifiedKey<KeyPair>,
    folder: PathBuf,
}

impl Identity {
    /// `test` keeps the files of tests that run at a time apart.
    fn new(test: &str) -> Identity {
        let issued = generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let folder = std::env::temp_dir().join(format!("sluice-upstream-{}-{test}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Identity { issued, folder }
    }

    fn trusting(&self, limits: Limits) -> Connections {
        let file = self.folder.join("ca.pem");
        std::fs::write(&file, self.issued.cert.pem()).unwrap();
        Connections::new(tls::client_config(Some(&file)).unwrap(), limits)
    }

    fn acceptor(&self, protocol: &[u8]) -> tokio_rustls::TlsAcceptor {
        let key = rustls::pki_types::PrivateKeyDer::try_from(self.issued.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.issued.cert.der().clone()], key)
            .unwrap();
        config.alpn_protocols = vec![protocol.to_vec()];
        Arc::new(config).into()
    }
}

impl Drop for Identity {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).ok();
    }
}
