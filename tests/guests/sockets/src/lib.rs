//! `sockets`: a strategy that opens a connection, and so imports `wasi:sockets`, which no plugin is granted. The host must
//! refuse to load it.

use std::io::Write;
use std::net::TcpStream;

use sluice_sdk::{Manifest, NoSettings, Plugin, RoutingError, RoutingStrategy};

/// The strategy.
pub struct Sockets;

impl Plugin for Sockets {
    type Settings = NoSettings;

    fn manifest() -> Manifest {
        Manifest::new("sockets", env!("CARGO_PKG_VERSION"), "Opens a connection.")
    }

    fn new(_: NoSettings) -> Result<Self, String> {
        Ok(Self)
    }
}

impl RoutingStrategy for Sockets {
    fn rank(&mut self) -> Result<Vec<u32>, RoutingError> {
        let sent = TcpStream::connect("127.0.0.1:9").and_then(|mut stream| stream.write_all(b"what it read"));
        sent.map_err(|error| RoutingError::Other(error.to_string()))?;
        Ok(vec![0])
    }
}

// Linkers of other targets do not take the names of a component's exports.
#[cfg(target_arch = "wasm32")]
sluice_sdk::export!(Sockets: RoutingStrategy);
