//! The hosts that one use of a plugin may connect to: those that it asks for and that the operator allows.

use reqwest::Url;

/// How a granted host may be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// By name, at public addresses only.
    Public,
    /// At any address: the operator wrote an IP address, `localhost` or plain `http://`.
    Named,
}

/// The granted hosts of one use of a plugin.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Grants(Vec<Rule>);

const HTTPS_PORT: u16 = 443;
const HTTP_PORT: u16 = 80;

/// One host that the operator allows: `[http://]host[:port]` or `*.domain`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Rule {
    /// `http://` was written: requests without TLS are allowed.
    plain: bool,
    host: Box<str>,
    /// `None` means the default port of the scheme.
    port: Option<u16>,
}

impl Grants {
    /// The intersection of what the operator allows and what the plugin's manifest asks for.
    #[must_use]
    pub fn new(asked: &[String], allowed: &[String]) -> Self {
        let mut rules = Vec::new();
        for rule in allowed.iter().filter_map(|text| Rule::parse(text)) {
            for common in asked.iter().filter_map(|wish| rule.narrowed_to(wish)) {
                if !rules.contains(&common) {
                    rules.push(common);
                }
            }
        }
        Self(rules)
    }

    /// What the operator allows on behalf of clients; `*` is every host that has a name.
    #[must_use]
    pub fn of_operator(allowed: &[String]) -> Self {
        Self(allowed.iter().filter_map(|text| Rule::parse(text)).collect())
    }

    /// Whether this URL may be requested, and how.
    #[must_use]
    pub fn find(&self, url: &Url) -> Option<Grant> {
        if !url.username().is_empty() || url.password().is_some() {
            return None;
        }
        let host = url.host_str()?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port = url.port_or_known_default()?;
        let rule = self.0.iter().find(|rule| rule.covers(url.scheme(), host, port))?;
        let is_named = rule.plain || host == "localhost" || host.parse::<std::net::IpAddr>().is_ok();
        // `*` names no host: what a name of anybody's leads to is not what the operator meant.
        let is_named = is_named && &*rule.host != "*";
        Some(if is_named { Grant::Named } else { Grant::Public })
    }

    /// The hosts as text, for listings.
    #[must_use]
    pub fn listed(&self) -> Vec<String> {
        let text = |rule: &Rule| {
            let scheme = if rule.plain { "http://" } else { "" };
            let port = rule.port.map_or_else(String::new, |port| format!(":{port}"));
            format!("{scheme}{}{port}", rule.host)
        };
        self.0.iter().map(text).collect()
    }
}

impl Rule {
    fn parse(text: &str) -> Option<Self> {
        let (plain, rest) = match text.strip_prefix("http://") {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix("https://").unwrap_or(text)),
        };
        let rest = rest.trim_end_matches('/');
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port.parse().ok()?)),
            _ => (rest, None),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        (!host.is_empty()).then(|| Self {
            plain,
            host: host.into(),
            port,
        })
    }

    /// The part of this rule that the plugin asks for. A wish without a port asks for any port.
    fn narrowed_to(&self, wish: &str) -> Option<Self> {
        if wish == "*" {
            return Some(self.clone());
        }
        let wish = Self::parse(wish)?;
        let host = if covers_host(&wish.host, &self.host) {
            self.host.clone()
        } else if covers_host(&self.host, &wish.host) {
            wish.host
        } else {
            return None;
        };
        let port = match (self.port, wish.port) {
            (own, None) => own,
            (Some(own), Some(asked)) => Some(own).filter(|own| *own == asked),
            (None, Some(asked)) => {
                let is_default = asked == HTTPS_PORT || (self.plain && asked == HTTP_PORT);
                Some(asked).filter(|_| is_default)
            }
        };
        // A wish with a port is granted for that port or not at all.
        (wish.port.is_none() || port.is_some()).then_some(Self {
            plain: self.plain,
            host,
            port,
        })
    }

    fn covers(&self, scheme: &str, host: &str, port: u16) -> bool {
        let default = match scheme {
            "https" => HTTPS_PORT,
            "http" if self.plain => HTTP_PORT,
            _ => return false,
        };
        self.port.unwrap_or(default) == port && covers_host(&self.host, &host.to_ascii_lowercase())
    }
}

/// `*.example.com` covers every name below, not `example.com` itself. `*` covers every name, but no address: an address is
/// reached without the check that a name's addresses are public.
fn covers_host(pattern: &str, host: &str) -> bool {
    if pattern == "*" {
        return host != "localhost" && host.parse::<std::net::IpAddr>().is_err();
    }
    match pattern.strip_prefix("*.") {
        Some(domain) => host
            .strip_suffix(domain)
            .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
        None => pattern == host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(asked: &[&str], allowed: &[&str], url: &str, grant: Option<Grant>) {
        let own = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        assert_eq!(
            Grants::new(&own(asked), &own(allowed)).find(&url.parse().unwrap()),
            grant,
            "{url}"
        );
    }

    #[test]
    fn a_host_must_be_asked_for_and_allowed() {
        check(
            &["api.example.com"],
            &["api.example.com"],
            "https://api.example.com/x",
            Some(Grant::Public),
        );
        check(&[], &["api.example.com"], "https://api.example.com/", None);
        check(&["api.example.com"], &[], "https://api.example.com/", None);
        check(
            &["*"],
            &["*.example.com"],
            "https://a.b.example.com/",
            Some(Grant::Public),
        );
        check(&["*"], &["*.example.com"], "https://example.com/", None);
        check(&["*"], &["*.example.com"], "https://evilexample.com/", None);
        check(
            &["*.example.com"],
            &["api.example.com"],
            "https://api.example.com/",
            Some(Grant::Public),
        );
    }

    #[test]
    fn the_narrower_of_wish_and_allowance_is_granted() {
        let url = "https://api.example.com/";
        check(&["api.example.com"], &["*.example.com"], url, Some(Grant::Public));
        check(
            &["api.example.com"],
            &["*.example.com"],
            "https://other.example.com/",
            None,
        );
        check(
            &["*.a.example.com"],
            &["*.example.com"],
            "https://x.a.example.com/",
            Some(Grant::Public),
        );
        check(&["*.a.example.com"], &["*.example.com"], url, None);
        check(&["api.example.com:8443"], &["api.example.com"], url, None);
        check(
            &["api.example.com:8443"],
            &["api.example.com"],
            "https://api.example.com:8443/",
            None,
        );
        check(
            &["api.example.com"],
            &["api.example.com:8443"],
            "https://api.example.com:8443/",
            Some(Grant::Public),
        );
        check(&["api.example.com"], &["api.example.com:8443"], url, None);
        check(&["api.example.com:443"], &["api.example.com"], url, Some(Grant::Public));
    }

    #[test]
    fn a_schemes_own_port_may_be_written() {
        let url = "https://api.example.com/";
        check(&["*"], &["api.example.com:443"], url, Some(Grant::Public));
        check(
            &["*"],
            &["api.example.com"],
            "https://api.example.com:443/",
            Some(Grant::Public),
        );
        check(
            &["*"],
            &["http://localhost:80"],
            "http://localhost/",
            Some(Grant::Named),
        );
        check(
            &["*"],
            &["http://localhost"],
            "http://localhost:80/",
            Some(Grant::Named),
        );
        check(&["*"], &["http://localhost:80"], "http://localhost:81/", None);
    }

    #[test]
    fn plain_text_ports_and_credentials_are_exact() {
        check(&["*"], &["api.example.com"], "http://api.example.com/", None);
        check(
            &["*"],
            &["http://127.0.0.1:8080"],
            "http://127.0.0.1:8080/x",
            Some(Grant::Named),
        );
        check(&["*"], &["http://127.0.0.1:8080"], "http://127.0.0.1:8081/x", None);
        check(&["*"], &["api.example.com"], "https://api.example.com:8443/", None);
        check(&["*"], &["api.example.com"], "https://api.example.com@evil.test/", None);
        check(&["*"], &["api.example.com"], "https://u:p@api.example.com/", None);
        check(&["*"], &["http://[::1]:9"], "http://[::1]:9/", Some(Grant::Named));
    }

    #[test]
    fn every_host_that_has_a_name_is_reached_at_public_addresses() {
        let of_clients =
            |allowed: &str, url: &str| Grants::of_operator(&[allowed.to_owned()]).find(&url.parse().unwrap());
        for (allowed, url, grant) in [
            ("*", "https://example.com/a", Some(Grant::Public)),
            ("*", "http://example.com/a", None),
            ("http://*", "http://example.com/a", Some(Grant::Public)),
            ("http://*", "https://example.com/a", Some(Grant::Public)),
            ("http://*", "http://localhost/a", None),
            ("http://*", "http://127.0.0.1/a", None),
            ("http://*", "http://2130706433/a", None),
            ("http://*", "http://[::1]/a", None),
            ("http://*", "http://example.com:9000/a", None),
            ("http://files.corp", "http://files.corp/a", Some(Grant::Named)),
        ] {
            assert_eq!(of_clients(allowed, url), grant, "{allowed} {url}");
        }
    }
}
