//! Requests to services that give tokens: small, bounded, without redirects.

use std::time::Duration;

use reqwest::{RequestBuilder, Response};
use serde_json::Value;

use super::IdentityError;

/// From the first byte sent to the last byte read.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Metadata services answer at once or not at all.
const METADATA_TIMEOUT: Duration = Duration::from_secs(3);

/// Larger than any answer with a token.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// What a refusal may say in our log.
const SENTENCE_CHARS_MAX: usize = 300;

/// The HTTP client for tokens.
#[derive(Clone)]
pub struct Http(reqwest::Client);

impl Http {
    /// Trusts whom the gateway trusts.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn new(mut tls: rustls::ClientConfig) -> reqwest::Result<Self> {
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            // A redirect would send a credential to an address that nobody configured.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(Duration::from_secs(5))
            .timeout(TIMEOUT)
            .pool_max_idle_per_host(1)
            .user_agent(concat!("sluice/", env!("CARGO_PKG_VERSION")));
        client.build().map(Self)
    }

    pub fn post(&self, url: &str) -> RequestBuilder {
        self.0.post(url)
    }

    pub fn get(&self, url: &str) -> RequestBuilder {
        self.0.get(url)
    }

    pub fn put(&self, url: &str) -> RequestBuilder {
        self.0.put(url)
    }

    /// A request to the service of the machine that we run on.
    pub fn metadata(&self, request: RequestBuilder) -> RequestBuilder {
        request.timeout(METADATA_TIMEOUT)
    }
}

/// A form's content: `application/x-www-form-urlencoded`.
pub fn form(request: RequestBuilder, pairs: &[(&str, &str)]) -> RequestBuilder {
    request
        .header("content-type", "application/x-www-form-urlencoded")
        .body(encoded(pairs))
}

pub fn with_query(url: &str, pairs: &[(&str, &str)]) -> String {
    let mark = if url.contains('?') { '&' } else { '?' };
    format!("{url}{mark}{}", encoded(pairs))
}

/// `name=value`, with `&` between the pairs.
pub fn encoded(pairs: &[(&str, &str)]) -> String {
    let encode = super::percent::encode;
    let pair = |(name, value): &(&str, &str)| format!("{}={}", encode(name), encode(value));
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// Sends the request and gives the text of an answer of success.
pub async fn text(request: RequestBuilder) -> Result<String, IdentityError> {
    let (client, request) = request.build_split();
    let request = request.map_err(|error| {
        IdentityError::Unusable(format!("an address for tokens cannot be used: {}", error.without_url()))
    })?;
    let at = place(request.url());
    let unreachable = |error: reqwest::Error| IdentityError::Unreachable {
        at: at.clone(),
        reason: chain(&error.without_url()),
    };
    let answer = client.execute(request).await.map_err(unreachable)?;
    let status = answer.status();
    let body = bounded(answer).await.map_err(unreachable)?;
    if !status.is_success() {
        return Err(IdentityError::Refused {
            at,
            status: status.as_u16(),
            sentence: sentence(&body),
        });
    }
    Ok(body)
}

/// The same, of an answer that is JSON.
pub async fn json(request: RequestBuilder) -> Result<Answer, IdentityError> {
    let at = request.try_clone().and_then(|request| request.build().ok());
    let at = at.map_or_else(|| "the service".to_owned(), |request| place(request.url()));
    let body = text(request).await?;
    match serde_json::from_str(&body) {
        Ok(body) => Ok(Answer { at, body }),
        Err(error) => Err(IdentityError::Malformed {
            at,
            reason: error.to_string(),
        }),
    }
}

/// An answer in JSON, and where it is from.
pub struct Answer {
    at: String,
    body: Value,
}

impl Answer {
    /// A field that is text.
    ///
    /// # Errors
    /// There is none.
    pub fn text(&self, name: &str) -> Result<&str, IdentityError> {
        let found = self
            .body
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty());
        found.ok_or_else(|| self.malformed(&format!("it has no `{name}`")))
    }

    /// A field that is seconds, as a number or as text.
    pub fn seconds(&self, name: &str) -> Option<Duration> {
        let field = self.body.get(name)?;
        let number = field.as_f64().or_else(|| field.as_str()?.parse().ok())?;
        Duration::try_from_secs_f64(number).ok()
    }

    pub fn malformed(&self, reason: &str) -> IdentityError {
        IdentityError::Malformed {
            at: self.at.clone(),
            reason: reason.to_owned(),
        }
    }
}

async fn bounded(mut answer: Response) -> reqwest::Result<String> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        let room = ANSWER_BYTES_MAX - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }
    Ok(String::from_utf8_lossy(&body).into_owned())
}

/// Without path and query, which may hold secrets.
fn place(url: &reqwest::Url) -> String {
    url.origin().ascii_serialization()
}

/// The sentence of a refusal. OAuth services say it in `error_description` (RFC 6749 §5.2), AWS in `<Message>`.
fn sentence(body: &str) -> String {
    let json: Value = serde_json::from_str(body).unwrap_or_default();
    let fields = [
        "/error_description",
        "/error/message",
        "/error",
        "/message",
        "/Message",
        "/errorMessage",
    ];
    let said = fields.iter().find_map(|field| json.pointer(field)?.as_str());
    let said = said.or_else(|| between(body, "<Message>", "</Message>"));
    let said = said.unwrap_or("it gives no reason").trim();
    said.chars()
        .map(|char| if char.is_control() { ' ' } else { char })
        .take(SENTENCE_CHARS_MAX)
        .collect()
}

/// What stands between two tags of an XML document.
pub fn between<'t>(text: &'t str, begin: &str, end: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(begin)?;
    rest.split_once(end).map(|(found, _)| found)
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_of_a_refusal_is_found() {
        for (body, expected) in [
            (
                r#"{"error":"invalid_grant","error_description":"Invalid JWT\nSignature."}"#,
                "Invalid JWT Signature.",
            ),
            (r#"{"error":{"message":"no"}}"#, "no"),
            (r#"{"error":"invalid_client"}"#, "invalid_client"),
            (
                "<E><Message>The security token is invalid</Message></E>",
                "The security token is invalid",
            ),
            ("<html>", "it gives no reason"),
        ] {
            assert_eq!(sentence(body), expected);
        }
    }
}
