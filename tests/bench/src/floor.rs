//! The floor: the least that a proxy on hyper costs. It parses nothing, and keeps a plain stack of connections.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{HOST, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Connections to the upstream that are free.
struct Upstream {
    address: SocketAddr,
    host: HeaderValue,
    idle: RefCell<Vec<SendRequest<Incoming>>>,
}

/// Serves for ever.
///
/// # Errors
/// The address cannot be listened on.
pub async fn serve(address: SocketAddr, upstream: SocketAddr) -> Result<(), Failed> {
    let listener = TcpListener::bind(address).await?;
    let upstream = Rc::new(Upstream {
        address: upstream,
        host: HeaderValue::try_from(upstream.to_string())?,
        idle: RefCell::default(),
    });
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        let upstream = Rc::clone(&upstream);
        tokio::task::spawn_local(async move {
            let service = service_fn(|request| forward(Rc::clone(&upstream), request));
            let mut server = http1::Builder::new();
            let served = server
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(socket), service);
            // A connection that breaks is the other side's affair; it shows there.
            let _ = served.await;
        });
    }
}

async fn forward(upstream: Rc<Upstream>, mut request: Request<Incoming>) -> Result<Response<Relayed>, Failed> {
    request.headers_mut().insert(HOST, upstream.host.clone());
    let mut sender = upstream.connection().await?;
    let response = sender.send_request(request).await?;
    Ok(response.map(|body| Relayed {
        body,
        lease: Some((sender, upstream)),
    }))
}

impl Upstream {
    async fn connection(&self) -> Result<SendRequest<Incoming>, Failed> {
        loop {
            let idle = self.idle.borrow_mut().pop();
            match idle {
                Some(mut sender) => {
                    if sender.ready().await.is_ok() {
                        return Ok(sender);
                    }
                }
                None => break,
            }
        }
        let socket = TcpStream::connect(self.address).await?;
        socket.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(socket)).await?;
        tokio::task::spawn_local(connection);
        Ok(sender)
    }
}

/// The upstream's body; at its end the connection is free again.
struct Relayed {
    body: Incoming,
    lease: Option<(SendRequest<Incoming>, Rc<Upstream>)>,
}

impl Relayed {
    fn give_back(&mut self) {
        if let Some((sender, upstream)) = self.lease.take() {
            upstream.idle.borrow_mut().push(sender);
        }
    }
}

impl Body for Relayed {
    type Data = bytes::Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<bytes::Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if matches!(polled, Poll::Ready(None)) || self.body.is_end_stream() {
            self.give_back();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
