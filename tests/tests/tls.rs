//! TLS toward clients, with a certificate made on the spot, and HTTP/2 by ALPN; and toward an upstream with a private
//! certificate authority.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use sluice_tests::prelude::*;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// A certificate for loopback that nobody else trusts, and its key, in PEM.
struct Certificate {
    chain: String,
    key: String,
}

fn certificate() -> Certificate {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    Certificate {
        chain: made.cert.pem(),
        key: made.signing_key.serialize_pem(),
    }
}

impl Certificate {
    fn der(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(self.chain.as_bytes()).unwrap()
    }

    fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap()
    }
}

async fn served(certificate: &Certificate) -> Gateway {
    let server = json!({ "server": { "tls_certificate": "chain.pem", "tls_key": "key.pem" } });
    let setup = Setup::new(&Config::new().mock("demo", "hello").set("sluice", server));
    setup
        .file("chain.pem", &certificate.chain)
        .file("key.pem", &certificate.key)
        .start()
        .await
}

async fn connect(gateway: &Gateway, certificate: &Certificate, protocols: &[&str]) -> TlsStream<TcpStream> {
    try_connect(gateway, certificate, protocols).await.expect("a handshake")
}

async fn try_connect(
    gateway: &Gateway,
    certificate: &Certificate,
    protocols: &[&str],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let stream = TcpStream::connect(gateway.address()).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

async fn asked_over_http1(stream: TlsStream<TcpStream>) -> Answer {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    let mut request = question(&openai::ask("demo", "hi"));
    *request.uri_mut() = "/v1/chat/completions".parse().unwrap();
    Answer::read(sender.send_request(request).await.unwrap()).await
}

fn question(body: &Value) -> Request<Full<Bytes>> {
    let request = Request::post("https://localhost/v1/chat/completions").header("content-type", "application/json");
    request
        .header("host", "localhost")
        .body(Full::new(Bytes::from(body.to_string())))
        .unwrap()
}

#[tokio::test]
async fn http1_is_served_over_tls() {
    let certificate = certificate();
    let gateway = served(&certificate).await;
    for protocols in [&[][..], &["http/1.1"]] {
        let stream = connect(&gateway, &certificate, protocols).await;
        assert_eq!(asked_over_http1(stream).await.content(), "hello", "{protocols:?}");
    }
}

#[tokio::test]
async fn http2_is_agreed_by_alpn() {
    let certificate = certificate();
    let gateway = served(&certificate).await;
    let stream = connect(&gateway, &certificate, &["h2", "http/1.1"]).await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
    let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    let mut request = question(&openai::ask("demo", "hi"));
    request.headers_mut().remove("host");
    let answer = sender.send_request(request).await.unwrap();
    assert_eq!(Answer::read(answer).await.content(), "hello");
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_without_a_restart() {
    let old = certificate();
    let gateway = served(&old).await;
    let before = connect(&gateway, &old, &[]).await;
    let new = certificate();
    std::fs::write(gateway.directory().join("chain.pem"), &new.chain).unwrap();
    std::fs::write(gateway.directory().join("key.pem"), &new.key).unwrap();
    eventually("the renewed certificate to be shown", async || {
        try_connect(&gateway, &new, &[]).await.ok().map(drop)
    })
    .await;
    try_connect(&gateway, &old, &[])
        .await
        .expect_err("the old one is shown no more");
    // Whoever is connected stays so.
    assert_eq!(asked_over_http1(before).await.content(), "hello");
}

#[tokio::test]
async fn a_certificate_that_cannot_be_read_keeps_the_gateway_from_starting() {
    let server = json!({ "server": { "tls_certificate": "chain.pem", "tls_key": "key.pem" } });
    let config = Config::new().mock("demo", "hello").set("sluice", server);
    let missing = Setup::new(&config)
        .try_start()
        .await
        .err()
        .expect("there is no such file");
    assert!(
        missing.contains("chain.pem") || missing.contains("key.pem"),
        "{missing}"
    );
    let made = certificate();
    let other = certificate();
    let mixed = Setup::new(&config)
        .file("chain.pem", &made.chain)
        .file("key.pem", &other.key)
        .try_start()
        .await;
    assert!(mixed.is_err(), "the key is another certificate's");
}

/// An upstream that speaks HTTP/2 over TLS, or HTTP/1.1, as its client wishes.
async fn secure_upstream(certificate: &Certificate) -> u16 {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap();
    let mut config = config
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der()], certificate.private_key())
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else {
                    return;
                };
                let service = hyper::service::service_fn(async |request: Request<hyper::body::Incoming>| {
                    let body = openai::answer(&format!("over {:?}", request.version())).to_string();
                    let response = hyper::Response::builder().header("content-type", "application/json");
                    response.body(Full::new(Bytes::from(body)))
                });
                let builder = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                // The gateway may close whenever it likes.
                let _ = builder.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    port
}

#[tokio::test]
async fn an_upstream_is_reached_by_tls_and_http2() {
    let certificate = certificate();
    let port = secure_upstream(&certificate).await;
    let params = json!({ "model": "openai/upstream-model", "api_base": format!("https://localhost:{port}/v1") });
    let trusting = json!({ "upstream": { "ca_file": "authority.pem" } });
    let config = Config::new().deployment("chat", params).set("sluice", trusting);
    let gateway = Setup::new(&config)
        .file("authority.pem", &certificate.chain)
        .start()
        .await;
    assert_eq!(gateway.ask("chat", "hi").await.content(), "over HTTP/2.0");
}

#[tokio::test]
async fn an_upstream_whose_certificate_nobody_vouches_for_is_not_asked() {
    let port = secure_upstream(&certificate()).await;
    let params = json!({ "model": "openai/upstream-model", "api_base": format!("https://localhost:{port}/v1") });
    let gateway = Gateway::start(&Config::new().deployment("chat", params)).await;
    let _ = gateway.ask("chat", "hi").await.error(500);
}
