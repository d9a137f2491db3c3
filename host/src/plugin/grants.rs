//! What a use of a plugin may reach: the hosts it asks for, as far as the operator allows them.

use reqwest::Url;

/// How a granted host is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// By name, at public addresses only.
    Public,
    /// The operator wrote an address, `localhost`, or plain `http://`: reached wherever it is.
    Named,
}

/// The granted hosts of one use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Grants(Vec<Rule>);

/// One host that the operator allows: `[http://]host[:port]` or `*.domain`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Rule {
    /// `http://` was written: plain text is allowed.
    plain: bool,
    host: Box<str>,
    /// `None`: the scheme's own.
    port: Option<u16>,
}

impl Grants {
    /// The operator's allowances, cut to what the plugin's manifest asks for.
    #[must_use]
    pub fn new(asked: &[String], allowed: &[String]) -> Self {
        let rules = allowed.iter().filter_map(|text| Rule::parse(text));
        Self(
            rules
                .filter(|rule| asked.iter().any(|wish| rule.is_asked_by(wish)))
                .collect(),
        )
    }

    /// Whether this URL may be requested, and how.
    #[must_use]
    pub fn find(&self, url: &Url) -> Option<Grant> {
        if !url.username().is_empty() || url.password().is_some() {
            return None;
        }
        let host = url.host_str()?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let rule = self.0.iter().find(|rule| rule.covers(url.scheme(), host, url.port()))?;
        let is_named = rule.plain || host == "localhost" || host.parse::<std::net::IpAddr>().is_ok();
        Some(if is_named { Grant::Named } else { Grant::Public })
    }

    /// For listings.
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

    fn is_asked_by(&self, wish: &str) -> bool {
        if wish == "*" {
            return true;
        }
        Self::parse(wish).is_some_and(|wish| {
            covers_host(&wish.host, &self.host)
                && wish
                    .port
                    .is_none_or(|port| Some(port) == self.port || self.port.is_none())
        })
    }

    fn covers(&self, scheme: &str, host: &str, port: Option<u16>) -> bool {
        let scheme_fits = scheme == "https" || (scheme == "http" && self.plain);
        scheme_fits && covers_host(&self.host, &host.to_ascii_lowercase()) && self.port == port
    }
}

/// `*.example.com` covers every name below, not `example.com` itself.
fn covers_host(pattern: &str, host: &str) -> bool {
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
}
