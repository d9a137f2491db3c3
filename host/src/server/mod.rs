//! The server: listeners, connections, and the meaning of each path.
//!
//! All workers accept from the same socket. An idle worker accepts first, so that no core is idle while connections
//! wait for another.

mod answers;
mod connection;
mod cors;
pub mod listen;
mod locality;
mod routes;
pub mod tls;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

pub use connection::Options;

use crate::exchange::{Dialect, Worker};
use crate::gateway::Gateway;

/// What one core serves with. A connection never leaves its core.
pub struct Core {
    pub gateway: Arc<Gateway>,
    pub worker: Arc<Worker>,
    /// The dialect of all paths so far. Each core has a pointer of its own, so that they do not contend for its count.
    pub openai: Arc<dyn Dialect>,
    /// The runtime that answers requests about the gateway itself, so that a long listing does not delay exchanges.
    pub administration: Handle,
}

/// The stage of the gateway's life. It only moves forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    Serving,
    /// Nothing new begins; exchanges in progress continue to their end.
    Stopping,
    /// Exchanges in progress are cut off.
    Cut,
}

/// How often unused upstream connections are checked. Those that have been idle too long, or that the upstream has
/// closed, are removed.
const SWEEP_EVERY: Duration = Duration::from_secs(15);

/// The settings and the shared state with which a worker accepts connections.
#[derive(Clone)]
pub struct Acceptor {
    pub tls: Option<TlsAcceptor>,
    /// Permits for open connections of all workers together.
    pub connections: Arc<Semaphore>,
    pub options: Options,
    pub stage: watch::Receiver<Stage>,
}

/// Accepts connections until the gateway stops. Then it waits until the open ones have ended or are cut off.
pub async fn serve(core: Arc<Core>, listener: TcpListener, acceptor: Acceptor) -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let mut stage = acceptor.stage.clone();
    let mut open = JoinSet::new();
    let mut sweeps = tokio::time::interval(SWEEP_EVERY);
    loop {
        let accepted = tokio::select! {
            biased; // A gateway that is to stop takes no more connections, however many are waiting.
            _ = stage.wait_for(|stage| *stage >= Stage::Stopping) => break,
            accepted = accept(&listener, &acceptor.connections) => accepted,
            Some(_) = open.join_next() => continue,
            _ = sweeps.tick() => {
                core.worker.connections.sweep();
                continue;
            }
        };
        match accepted {
            Ok((stream, peer, permit)) => {
                let connection = connection::serve(Arc::clone(&core), stream, peer, acceptor.clone());
                open.spawn(async move {
                    connection.await;
                    drop(permit);
                });
            }
            Err(error) => {
                // Most likely the process has no free file descriptors: a moment later, some connection has ended.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    let ended = async { while open.join_next().await.is_some() {} };
    tokio::select! {
        () = ended => {}
        // Dropping a connection drops its exchanges, which accounts for them and records them.
        _ = stage.wait_for(|stage| *stage == Stage::Cut) => open.shutdown().await,
    }
    Ok(())
}

type Accepted = (tokio::net::TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit);

/// Accepts the next connection when the number of open ones allows it. Further connections wait in the kernel's queue.
async fn accept(listener: &tokio::net::TcpListener, room: &Arc<Semaphore>) -> std::io::Result<Accepted> {
    let permit = Arc::clone(room).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((stream, peer, permit))
}
