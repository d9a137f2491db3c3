//! `sluice health`: whether the gateway of this machine serves, for the health checks of containers without curl.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use crate::config::Known;
use crate::run::{self, Options};

/// An orchestrator's own limit is rarely shorter.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Why a gateway is not healthy.
#[derive(Debug, thiserror::Error)]
pub enum HealthError {
    #[error("the configuration does not say where the gateway listens: `sluice check` says what is wrong with it")]
    NoConfiguration,
    #[error(transparent)]
    NoAddress(#[from] run::StartError),
    #[error("nothing serves {url}: {reason}")]
    Silent { url: String, reason: String },
    #[error("{url} answers {status}")]
    Refuses { url: String, status: u16 },
}

/// Asks the gateway that these options start whether it serves.
///
/// # Errors
/// It does not, or where it listens is not known.
pub fn health(options: &Options) -> Result<(), HealthError> {
    let environment = options.environment.as_ref();
    let loaded = options.source.load(environment, &Known::default(), options.strictness);
    let settings = loaded.settings.ok_or(HealthError::NoConfiguration)?;
    let is_tls = options.tls.is_some() || settings.server.tls_certificate.is_some();
    let scheme = if is_tls { "https" } else { "http" };
    let address = reachable(run::address(options, &settings)?);
    let url = format!(
        "{scheme}://{address}{}/health/readiness",
        options.root_path.trim_end_matches('/')
    );
    let status = ask(&url).map_err(|reason| HealthError::Silent {
        url: url.clone(),
        reason,
    })?;
    if (200..300).contains(&status) {
        Ok(())
    } else {
        Err(HealthError::Refuses { url, status })
    }
}

/// A gateway that listens everywhere is reached at the loopback address.
fn reachable(address: SocketAddr) -> SocketAddr {
    let host = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(host, address.port())
}

/// The status of the answer.
fn ask(url: &str) -> Result<u16, String> {
    // Nothing secret is sent, and the certificate is for another name than the loopback address.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .tls_danger_accept_invalid_certs(true)
        .no_proxy()
        .timeout(TIMEOUT)
        .build()
        .map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    // A request wants its runtime as soon as it is sent, not when it is waited for.
    let answer = runtime.block_on(async { client.get(url).send().await });
    answer.map(|answer| answer.status().as_u16()).map_err(|error| {
        let cause = std::error::Error::source(&error);
        cause.map_or_else(|| error.to_string(), ToString::to_string)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everywhere_is_reached_at_the_loopback_address() {
        let check = |from: &str, to: &str| assert_eq!(reachable(from.parse().unwrap()), to.parse().unwrap());
        check("0.0.0.0:4000", "127.0.0.1:4000");
        check("[::]:4000", "[::1]:4000");
        check("10.1.2.3:80", "10.1.2.3:80");
    }
}
