//! `http`: outbound requests of guardrails and callbacks. They reach only hosts that the operator granted. A host that
//! is granted by name is reached only at public addresses.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::Guest;
use super::bindings::http::{Error, Host, Request, Response};
use super::bindings::types::Header;
use crate::plugin::crossing::shapes;
use crate::plugin::grants::{Grant, Grants};
use crate::plugin::limits::REQUESTS_MAX;

/// Time limit of one request.
const TIMEOUT_MAX: Duration = Duration::from_secs(30);

/// Bytes of one answer, without its headers.
const ANSWER_BYTES_MAX: usize = 16 << 20;

/// Headers that only the host may set.
const OWN_HEADERS: [&str; 5] = ["host", "content-length", "transfer-encoding", "connection", "upgrade"];

/// The HTTP client that all plugins share. It does not follow redirects and does not use proxies from the environment,
/// so that a request goes only where the grant allows.
#[derive(Clone)]
pub struct Egress {
    /// For grants by name: private addresses are removed from the addresses that the name resolves to.
    public: reqwest::Client,
    /// For grants with an IP address, `localhost` or plain `http://`, which the operator wrote on purpose.
    named: reqwest::Client,
}

impl Egress {
    /// Makes the two clients.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn new(mut tls: rustls::ClientConfig) -> reqwest::Result<Self> {
        // This client does not support HTTP/2, so it must not offer it.
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let client = || {
            reqwest::Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .connect_timeout(Duration::from_secs(10))
                .pool_max_idle_per_host(8)
                .user_agent(concat!("sluice/", env!("CARGO_PKG_VERSION")))
        };
        Ok(Self {
            public: client().dns_resolver(Arc::new(PublicOnly)).build()?,
            named: client().build()?,
        })
    }

    async fn send(&self, grants: &Grants, request: Request) -> Result<Response, Error> {
        shapes::outbound(&request).map_err(Error::Invalid)?;
        let url = Url::parse(&request.url).map_err(|error| Error::Invalid(format!("url: {error}")))?;
        let client = match grants.find(&url) {
            Some(Grant::Public) => &self.public,
            Some(Grant::Named) => &self.named,
            None => return Err(Error::AccessDenied),
        };
        let method = request
            .method
            .parse()
            .map_err(|_| Error::Invalid(format!("method `{}`", request.method)))?;
        let mut outgoing = client
            .request(method, url)
            .body(request.body)
            .timeout(timeout(request.timeout_ms));
        for Header { name, value } in request.headers {
            if OWN_HEADERS.iter().any(|own| name.eq_ignore_ascii_case(own)) {
                return Err(Error::Invalid(format!("the header `{name}` is the host's to set")));
            }
            outgoing = outgoing.header(name, value);
        }
        read(outgoing.send().await.map_err(failed)?).await
    }
}

fn timeout(asked_ms: u32) -> Duration {
    match asked_ms {
        0 => TIMEOUT_MAX,
        asked => Duration::from_millis(u64::from(asked)).min(TIMEOUT_MAX),
    }
}

async fn read(mut answer: reqwest::Response) -> Result<Response, Error> {
    let status = answer.status().as_u16();
    let headers = answer.headers().iter().filter(|(name, _)| *name != "set-cookie");
    let headers = headers
        .filter_map(|(name, value)| {
            Some(Header {
                name: name.to_string(),
                value: value.to_str().ok()?.to_owned(),
            })
        })
        .collect();
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(failed)? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(Error::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Response { status, headers, body })
}

/// The error without the URL, whose query may contain a secret of the operator.
fn failed(error: reqwest::Error) -> Error {
    let error = error.without_url();
    if error.is_timeout() {
        Error::Timeout
    } else if error.is_builder() {
        Error::Invalid(error.to_string())
    } else if error.is_connect() {
        Error::Unreachable(chain(&error))
    } else {
        Error::Other(chain(&error))
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

impl Host for Guest {
    async fn send(&mut self, request: Request) -> wasmtime::Result<Result<Response, Error>> {
        if !self.asks.may_send() {
            let reason = format!("one call may send {REQUESTS_MAX} requests: put what is left into the next");
            return Ok(Err(Error::Other(reason)));
        }
        let identity = Arc::clone(&self.identity);
        self.time.leave();
        let answer = identity.egress.send(&identity.grants, request).await;
        if matches!(answer, Err(Error::AccessDenied)) {
            identity.counters.access_denied.inc();
        }
        Ok(answer)
    }
}

/// Resolves names and removes every address that is not on the public internet. A granted name must not give access to
/// the host's own network or its metadata service, neither today nor after a change of the name's records.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err(format!("`{}` has no public address", name.as_str()).into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is a public one, to which a name on the internet may resolve
/// (<https://www.iana.org/assignments/iana-ipv4-special-registry>, …ipv6…).
pub(in crate::plugin) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [a, b, ..] = address.octets();
            !(address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_broadcast()
                || address.is_documentation()
                || address.is_multicast()
                || a == 0
                || (a == 100 && (64..128).contains(&b))
                || (a == 192 && b == 0 && address.octets()[2] == 0)
                || (a == 198 && (18..20).contains(&b))
                || a >= 240)
        }
        IpAddr::V6(address) => {
            if let Some(inner) = address.to_ipv4() {
                return is_public(IpAddr::V4(inner));
            }
            let first = address.segments()[0];
            // Global unicast is 2000::/3. 64:ff9b::/96 and 2002::/16 embed IPv4 addresses, and 2001:db8::/32 is for
            // documentation.
            (0x2000..0x4000).contains(&first)
                && first != 0x2002
                && !(first == 0x2001 && address.segments()[1] == 0x0db8)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_are_never_reached_by_name() {
        for hidden in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "ff02::1",
        ] {
            assert!(!is_public(hidden.parse().unwrap()), "{hidden}");
        }
        for open in ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111"] {
            assert!(is_public(open.parse().unwrap()), "{open}");
        }
    }
}
