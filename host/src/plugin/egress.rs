//! Outbound requests that are no exchange with an upstream: those of guardrails and callbacks, and media that clients name
//! by address. They reach only hosts that the operator allows. A host that is allowed by name is reached only at public
//! addresses, unless the operator wrote `http://` before the name.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, LOCATION};
use reqwest::{StatusCode, Url};

use super::bindings::http::{Request, Response};
use super::bindings::types::Header;
use super::crossing::shapes;
use super::grants::{Grant, Grants};

pub use super::bindings::http::Error;

/// Time limit of a plugin's request.
const TIMEOUT_MAX: Duration = Duration::from_secs(30);

/// Bytes of one answer, without its headers.
const ANSWER_BYTES_MAX: usize = 16 << 20;

/// Headers that only the host may set.
const OWN_HEADERS: [&str; 5] = ["host", "content-length", "transfer-encoding", "connection", "upgrade"];

/// How far a file that a client names may have moved.
const REDIRECTS_MAX: usize = 3;

/// A file that its server begins to send.
pub struct Opened {
    /// As its server declares it, without parameters; empty if it declares none.
    pub media_type: String,
    answer: reqwest::Response,
    bytes: usize,
}

impl Opened {
    /// The next piece of the file; `None` at its end.
    ///
    /// # Errors
    /// The file is larger than 16 MiB, or it breaks off.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, Error> {
        let piece = self.answer.chunk().await.map_err(failed)?;
        self.bytes += piece.as_ref().map_or(0, Bytes::len);
        if self.bytes > ANSWER_BYTES_MAX {
            return Err(Error::TooLarge);
        }
        Ok(piece)
    }
}

/// The HTTP client for all of these requests. It does not follow redirects and does not use proxies from the environment,
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

    /// Asks for a file. Redirects are followed as far as the grants reach. Nothing here limits its time.
    ///
    /// # Errors
    /// The grants do not cover the address or one that it leads to, its server did not answer 200, or declares more than
    /// 16 MiB.
    pub async fn open(&self, grants: &Grants, url: &str) -> Result<Opened, Error> {
        let mut url = parsed(url)?;
        for _ in 0..=REDIRECTS_MAX {
            let client = self.client(grants, &url)?;
            let answer = client.get(url.clone()).send().await.map_err(failed)?;
            let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
            if let (true, Some(location)) = (answer.status().is_redirection(), header(LOCATION)) {
                url = url
                    .join(location)
                    .map_err(|error| Error::Invalid(format!("location: {error}")))?;
                continue;
            }
            if answer.status() != StatusCode::OK {
                return Err(Error::Other(format!(
                    "its server answered {}",
                    answer.status().as_u16()
                )));
            }
            let media_type = header(CONTENT_TYPE).unwrap_or_default().split(';').next();
            let media_type = media_type.unwrap_or_default().trim().to_ascii_lowercase();
            if answer
                .content_length()
                .is_some_and(|bytes| bytes > ANSWER_BYTES_MAX as u64)
            {
                return Err(Error::TooLarge);
            }
            return Ok(Opened {
                media_type,
                answer,
                bytes: 0,
            });
        }
        Err(Error::Other(format!("it moved more than {REDIRECTS_MAX} times")))
    }

    /// The client for an address, by how the operator allows it.
    fn client(&self, grants: &Grants, url: &Url) -> Result<&reqwest::Client, Error> {
        match grants.find(url) {
            Some(Grant::Public) => Ok(&self.public),
            Some(Grant::Named) => Ok(&self.named),
            None => Err(Error::AccessDenied),
        }
    }

    /// Sends a plugin's request.
    pub(super) async fn send(&self, grants: &Grants, request: Request) -> Result<Response, Error> {
        shapes::outbound(&request).map_err(Error::Invalid)?;
        let url = parsed(&request.url)?;
        let client = self.client(grants, &url)?;
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

fn parsed(url: &str) -> Result<Url, Error> {
    Url::parse(url).map_err(|error| Error::Invalid(format!("url: {error}")))
}

async fn read(answer: reqwest::Response) -> Result<Response, Error> {
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
    let body = body(answer).await?;
    Ok(Response { status, headers, body })
}

async fn body(mut answer: reqwest::Response) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(failed)? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(Error::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
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
pub(super) fn is_public(address: IpAddr) -> bool {
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
