//! Why an upstream gave no answer.
//!
//! `Display` says what failed, where, and the mend; the cause is its `source`. All of them are the upstream's or the
//! operator's fault, never the client's.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::origin::Origin;

/// What became of a request that got no answer. [`SendError::was_sent`] tells whether the upstream may have acted on
/// it.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    #[error("cannot connect to {upstream} ({fault}): {}", fault.mend())]
    Connect {
        upstream: Arc<Origin>,
        fault: ConnectFault,
        #[source]
        source: io::Error,
    },
    #[error("cannot connect to {upstream} within {} ({stage} took too long): {}; see `sluice.upstream.connect_timeout`", seconds(.limit), stage.mend())]
    ConnectTimeout {
        upstream: Arc<Origin>,
        stage: Stage,
        limit: Duration,
    },
    #[error("cannot speak TLS with {upstream}: {}", tls_mend(.source))]
    Tls {
        upstream: Arc<Origin>,
        #[source]
        source: io::Error,
    },
    #[error("{upstream} closed the connection before it answered{}", if *.sent { "; it may have acted on the request" } else { "; the request was not sent" })]
    Closed {
        upstream: Arc<Origin>,
        sent: bool,
        #[source]
        source: hyper::Error,
    },
    #[error("{upstream} answered with something that is not HTTP: check the port and `http` or `https` of `api_base`")]
    Protocol {
        upstream: Arc<Origin>,
        #[source]
        source: hyper::Error,
    },
}

/// Why no TCP connection came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectFault {
    /// The name has no address, or the resolver can't be asked.
    UnknownName,
    /// Nothing listens there.
    Refused,
    /// No way there, or another failure of the network or of this machine.
    Unreachable,
}

/// What a connection was waiting for when its time was up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Another exchange's attempt to open the connection that both can share.
    Turn,
    Lookup,
    Tcp,
    Tls,
    /// The opening of HTTP on the connection.
    Http,
}

impl SendError {
    /// Could the upstream have processed the request? `false` means that another attempt can't double anything.
    pub fn was_sent(&self) -> bool {
        match self {
            SendError::Connect { .. } | SendError::ConnectTimeout { .. } | SendError::Tls { .. } => false,
            SendError::Closed { sent, .. } => *sent,
            SendError::Protocol { .. } => true,
        }
    }

    /// What a client may know of it. Addresses and how to mend them are the operator's.
    pub fn for_client(&self) -> &'static str {
        match self {
            SendError::Connect { .. } | SendError::ConnectTimeout { .. } | SendError::Tls { .. } => {
                "the gateway could not connect to the provider"
            }
            SendError::Closed { .. } => "the provider closed the connection before it answered",
            SendError::Protocol { .. } => "the provider answered with something that is not HTTP",
        }
    }

    /// A short stable word for logs and metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            SendError::Connect { .. } => "connect",
            SendError::ConnectTimeout { .. } => "connect_timeout",
            SendError::Tls { .. } => "tls",
            SendError::Closed { .. } => "closed",
            SendError::Protocol { .. } => "protocol",
        }
    }

    pub(super) fn connect(upstream: &Arc<Origin>, source: io::Error) -> SendError {
        let fault = match source.kind() {
            io::ErrorKind::ConnectionRefused => ConnectFault::Refused,
            _ => ConnectFault::Unreachable,
        };
        SendError::Connect {
            upstream: upstream.clone(),
            fault,
            source,
        }
    }

    pub(super) fn lookup(upstream: &Arc<Origin>, source: io::Error) -> SendError {
        SendError::Connect {
            upstream: upstream.clone(),
            fault: ConnectFault::UnknownName,
            source,
        }
    }

    /// hyper's account of an exchange without an answer. `sent` is false only when hyper gave the request back.
    pub(super) fn exchange(upstream: &Arc<Origin>, sent: bool, source: hyper::Error) -> SendError {
        let upstream = upstream.clone();
        if source.is_parse() {
            SendError::Protocol { upstream, source }
        } else {
            SendError::Closed { upstream, sent, source }
        }
    }
}

impl ConnectFault {
    fn mend(self) -> &'static str {
        match self {
            ConnectFault::UnknownName => "check the host of `api_base`, and this machine's name resolution",
            ConnectFault::Refused => "is the upstream running? check `api_base`",
            ConnectFault::Unreachable => "check the network between here and the upstream, and `api_base`",
        }
    }
}

impl std::fmt::Display for ConnectFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            ConnectFault::UnknownName => "no such name",
            ConnectFault::Refused => "refused",
            ConnectFault::Unreachable => "unreachable",
        })
    }
}

impl Stage {
    fn mend(self) -> &'static str {
        match self {
            Stage::Lookup => "check this machine's name resolution",
            Stage::Turn | Stage::Tcp => "is a firewall in between? check `api_base`",
            Stage::Tls | Stage::Http => "does that port speak HTTPS? check `api_base`",
        }
    }
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Stage::Turn => "waiting for a connection to share",
            Stage::Lookup => "looking up its name",
            Stage::Tcp => "TCP",
            Stage::Tls => "TLS",
            Stage::Http => "HTTP/2",
        })
    }
}

fn seconds(limit: &Duration) -> String {
    format!("{} s", limit.as_secs_f64())
}

fn tls_mend(error: &io::Error) -> &'static str {
    use rustls::CertificateError as Cert;
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(Cert::UnknownIssuer)) => {
            "its certificate is signed by an unknown authority; name that authority's PEM file as `sluice.upstream.ca_file`"
        }
        Some(rustls::Error::InvalidCertificate(Cert::NotValidForName | Cert::NotValidForNameContext { .. })) => {
            "its certificate is for another name; check the host of `api_base`"
        }
        Some(rustls::Error::InvalidCertificate(
            Cert::Expired | Cert::ExpiredContext { .. } | Cert::NotValidYet | Cert::NotValidYetContext { .. },
        )) => "its certificate is not valid today; have it renewed, and check this machine's clock",
        Some(rustls::Error::InvalidCertificate(_)) => "its certificate was refused",
        Some(rustls::Error::InvalidMessage(_)) => {
            "does that port speak HTTPS? for plain HTTP write `http://` in `api_base`"
        }
        _ => "the handshake failed; check `api_base`",
    }
}
