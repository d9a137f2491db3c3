//! The server: listeners, connections, and what each path means.
//!
//! Each worker accepts from the same sockets: an idle one is there sooner, so that no core waits while another queues.

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

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

pub use connection::Options;

use crate::gateway::Worker;

/// How far the gateway has come; it only goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    Serving,
    /// Nothing new begins; what is under way goes on to its end.
    Stopping,
    /// What is under way is cut off.
    Cut,
}

/// How often upstream connections that nobody uses are looked after: those that have been idle too long, or that the
/// upstream has closed.
const SWEEP_EVERY: Duration = Duration::from_secs(15);

/// What a worker serves with.
#[derive(Clone)]
pub struct Door {
    pub tls: Option<TlsAcceptor>,
    /// Open connections, all workers together.
    pub connections: Arc<Semaphore>,
    pub options: Options,
    pub stage: watch::Receiver<Stage>,
}

/// Accepts until the gateway stops, then waits for what is under way, until that is cut off.
pub async fn serve(worker: Arc<Worker>, listener: TcpListener, door: Door) -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let mut stage = door.stage.clone();
    let mut open = JoinSet::new();
    let mut sweeps = tokio::time::interval(SWEEP_EVERY);
    loop {
        let accepted = tokio::select! {
            biased; // A gateway that is to stop takes no more connections, however many are waiting.
            _ = stage.wait_for(|stage| *stage >= Stage::Stopping) => break,
            accepted = accept(&listener, &door.connections) => accepted,
            Some(_) = open.join_next() => continue,
            _ = sweeps.tick() => {
                worker.connections.sweep();
                continue;
            }
        };
        match accepted {
            Ok((stream, peer, permit)) => {
                let connection = connection::serve(Arc::clone(&worker), stream, peer, door.clone());
                open.spawn(async move {
                    connection.await;
                    drop(permit);
                });
            }
            Err(error) => {
                // Out of file descriptors, most likely: a moment later some connection has ended.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    let ended = async { while open.join_next().await.is_some() {} };
    tokio::select! {
        () = ended => {}
        // Dropping a connection drops its exchanges, and that accounts and records them.
        _ = stage.wait_for(|stage| *stage == Stage::Cut) => open.shutdown().await,
    }
    Ok(())
}

type Accepted = (tokio::net::TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit);

/// The next connection, once there is room for one: those beyond wait in the kernel's queue.
async fn accept(listener: &tokio::net::TcpListener, room: &Arc<Semaphore>) -> std::io::Result<Accepted> {
    let permit = Arc::clone(room).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((stream, peer, permit))
}
