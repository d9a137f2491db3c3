//! The socket that clients connect to.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

/// Connections that the kernel queues until a worker accepts them. In a larger burst, TCP makes clients wait and try
/// again. The kernel limits this value to `net.core.somaxconn` (4096 on Linux).
const BACKLOG: i32 = 4096;

/// Listens on `address` without blocking. The port is not shared: a second gateway on a shared port would start without
/// an error and take half of the clients.
///
/// # Errors
///
/// The system's error kind, with a message that says what to do about it.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    open(address).map_err(|error| explain(address, error))
}

fn open(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // So that a restart does not wait for connections of the previous process to leave TIME_WAIT.
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        // `::` accepts IPv4 clients too, whatever the system's default.
        socket.set_only_v6(false)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn explain(address: SocketAddr, error: io::Error) -> io::Error {
    let port = address.port();
    let text = match error.kind() {
        io::ErrorKind::AddrInUse => {
            format!("port {port} is taken: stop what listens there (`ss -ltnp` shows it), or choose another by --port")
        }
        io::ErrorKind::PermissionDenied => {
            format!(
                "port {port} is not allowed to this user: choose one above 1023 by --port, or grant CAP_NET_BIND_SERVICE"
            )
        }
        io::ErrorKind::AddrNotAvailable => {
            format!(
                "{} is not an address of this machine: choose another by --host (0.0.0.0 for all)",
                address.ip()
            )
        }
        _ => format!("cannot listen on {address}: {error}"),
    };
    io::Error::new(error.kind(), text)
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    fn loopback(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    #[test]
    fn a_listener_takes_connections_without_blocking() {
        let listener = listen(loopback(0)).unwrap();
        assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
        TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    }

    #[test]
    fn a_taken_port_is_named_with_its_mend() {
        let taken = listen(loopback(0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let refused = listen(loopback(port)).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
        assert_eq!(
            refused.to_string(),
            format!("port {port} is taken: stop what listens there (`ss -ltnp` shows it), or choose another by --port")
        );
    }

    #[test]
    fn an_address_of_another_machine_is_refused() {
        // TEST-NET-1 (RFC 5737) belongs to nobody.
        let refused = listen(SocketAddr::from(([192, 0, 2, 1], 0))).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "192.0.2.1 is not an address of this machine: choose another by --host (0.0.0.0 for all)"
        );
    }
}
