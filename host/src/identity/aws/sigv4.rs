//! AWS Signature Version 4
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>): a proof that depends on
//! the whole request.

use std::time::SystemTime;

use hyper::Request;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, InvalidHeaderValue};
use percent_encoding::percent_decode_str;
use ring::hmac;
use sha2::{Digest, Sha256};

use crate::identity::percent::encode;

static DATE: HeaderName = HeaderName::from_static("x-amz-date");
static TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// Whose signature, and for what.
pub struct Signer<'a> {
    pub access_key_id: &'a str,
    pub secret_access_key: &'a str,
    /// Of temporary credentials.
    pub session_token: Option<&'a str>,
    pub region: &'a str,
    pub service: &'a str,
}

/// SHA-256 of a body that is given in pieces.
pub fn hash<'b>(body: impl Iterator<Item = &'b [u8]>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for piece in body {
        hash.update(piece);
    }
    hash.finalize().into()
}

impl Signer<'_> {
    /// Signs a request that is complete otherwise. `host` is what its `Host` header will be, `body` the [`hash`] of its body.
    ///
    /// # Errors
    /// The session token, the key id or the region cannot be sent in a header.
    pub fn sign<B>(
        &self,
        request: &mut Request<B>,
        body: [u8; 32],
        host: &str,
        at: SystemTime,
    ) -> Result<(), InvalidHeaderValue> {
        let time = compact(at);
        let day = &time[..8];
        let headers = request.headers_mut();
        headers.insert(&DATE, HeaderValue::from_str(&time)?);
        if let Some(token) = self.session_token {
            headers.insert(&TOKEN, sensitive(token)?);
        }
        let (names, signed) = signed_headers(request.headers(), host);
        let path = request.uri().path();
        let canonical = [
            request.method().as_str(),
            &path.split('/').map(encode).collect::<Vec<_>>().join("/"),
            &query(request.uri().query().unwrap_or_default()),
            &signed,
            &names,
            &hex(&body),
        ]
        .join("\n");
        let scope = format!("{day}/{}/{}/aws4_request", self.region, self.service);
        let canonical = hex(&Sha256::digest(canonical));
        let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{canonical}");
        let signature = hex(self.key(day, &to_sign).as_ref());
        let id = self.access_key_id;
        let proof = format!("AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}");
        request.headers_mut().insert(AUTHORIZATION, sensitive(&proof)?);
        Ok(())
    }

    /// The signature of `text` with the key for this day, region and service.
    fn key(&self, day: &str, text: &str) -> hmac::Tag {
        let secret = format!("AWS4{}", self.secret_access_key);
        let sign = |key: &[u8], text: &str| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes());
        let parts = [day, self.region, self.service, "aws4_request", text];
        let first = sign(secret.as_bytes(), parts[0]);
        parts[1..].iter().fold(first, |key, part| sign(key.as_ref(), part))
    }
}

/// The names of the headers that are signed, and these headers, each with a line end.
fn signed_headers(headers: &HeaderMap, host: &str) -> (String, String) {
    let value = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let present = [
        ("content-type", value(&CONTENT_TYPE)),
        ("host", Some(host)),
        (DATE.as_str(), value(&DATE)),
        (TOKEN.as_str(), value(&TOKEN)),
    ];
    let present = present.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
    let names: Vec<&str> = present.clone().map(|(name, _)| name).collect();
    let lines = present.map(|(name, value)| format!("{name}:{}\n", value.trim()));
    (names.join(";"), lines.collect())
}

/// The parameters of a query, sorted and encoded again.
fn query(query: &str) -> String {
    let again = |text: &str| encode(&percent_decode_str(text).decode_utf8_lossy());
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let mut pairs: Vec<String> = pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            format!("{}={}", again(name), again(value))
        })
        .collect();
    pairs.sort_unstable();
    pairs.join("&")
}

/// `20150830T123600Z`
fn compact(at: SystemTime) -> String {
    let written = humantime::format_rfc3339_seconds(at).to_string();
    written.replace(['-', ':'], "")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sensitive(text: &str) -> Result<HeaderValue, InvalidHeaderValue> {
    let mut value = HeaderValue::from_str(text)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SIGNER: Signer = Signer {
        access_key_id: "AKIDEXAMPLE",
        secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        session_token: None,
        region: "us-east-1",
        service: "bedrock",
    };

    /// The names of the signed headers, and the signature, of a request at 2015-08-30T12:36:00Z.
    fn signed(signer: &Signer, method: &str, content_type: &str, uri: &str, body: &'static str) -> (String, String) {
        let (host, path) = uri.split_once('/').unwrap();
        let mut request = Request::new(());
        *request.method_mut() = method.parse().unwrap();
        *request.uri_mut() = format!("/{path}").parse().unwrap();
        request
            .headers_mut()
            .insert(CONTENT_TYPE, content_type.parse().unwrap());
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_440_938_160);
        let body = hash([body.as_bytes()].into_iter());
        signer.sign(&mut request, body, host, at).unwrap();
        let proof = request.headers()[AUTHORIZATION].to_str().unwrap();
        let part = |name: &str| proof.split(name).nth(1).unwrap().split(',').next().unwrap().to_owned();
        (part("SignedHeaders="), part("Signature="))
    }

    /// The first signature is of AWS's documentation, the others are botocore's.
    #[test]
    fn signatures_are_those_of_aws() {
        const NAMES: &str = "content-type;host;x-amz-date";
        const JSON: &str = "application/json";
        let is = |found: (String, String), names: &str, signature: &str| {
            assert_eq!((found.0.as_str(), found.1.as_str()), (names, signature));
        };
        let iam = Signer {
            service: "iam",
            ..SIGNER
        };
        let form = "application/x-www-form-urlencoded; charset=utf-8";
        is(
            signed(
                &iam,
                "GET",
                form,
                "iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
                "",
            ),
            NAMES,
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
        );
        let bedrock = "bedrock-runtime.us-east-1.amazonaws.com/model/";
        let claude = format!("{bedrock}anthropic.claude-3-5-sonnet-20241022-v2%3A0/converse-stream");
        is(
            signed(&SIGNER, "POST", JSON, &claude, r#"{"messages":[]}"#),
            NAMES,
            "e0c77e13930a0059b13afccbf469915fc7749be19285f597580531731424ee6e",
        );
        let temporary = Signer {
            session_token: Some("TOKEN+/="),
            ..SIGNER
        };
        let profile = format!("{bedrock}arn%3Aaws%3Abedrock%3A%3A1%2Fx/invoke");
        is(
            signed(&temporary, "POST", JSON, &profile, "{}"),
            "content-type;host;x-amz-date;x-amz-security-token",
            "3bc85fa3ed8877ba3997587b936aafd6b91d4c1c04656ee66fb2babb53f153a1",
        );
        let elsewhere = Signer {
            service: "execute-api",
            region: "eu-west-1",
            ..SIGNER
        };
        is(
            signed(&elsewhere, "POST", JSON, "host.example:8443/a/b?b=2&a=x%20y&a=1", ""),
            NAMES,
            "1b67ff013e28e62b8444dca2b4642d1ca3ea9e84bbebca3b1a266c16f0de8252",
        );
    }

    #[test]
    fn what_no_header_can_hold_is_refused() {
        let signer = Signer {
            session_token: Some("a\nb"),
            ..SIGNER
        };
        let mut request = Request::new(());
        assert!(
            signer
                .sign(&mut request, [0; 32], "host", SystemTime::UNIX_EPOCH)
                .is_err()
        );
    }
}
