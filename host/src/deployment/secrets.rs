//! Finds and masks a deployment's credentials in what an upstream sends.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use bytes::{Bytes, BytesMut};
use hyper::header::{HeaderName, HeaderValue};
use memchr::memchr_iter;
use memchr::memmem::{Finder, FinderBuilder};
use serde_json::Value;

use crate::config::Secret;

/// The text that replaces a credential.
const MASK: &[u8] = b"****";

/// Shorter texts are never masked: error messages would contain them by chance.
const BYTES_MIN: usize = 8;

/// A text of this length is masked in answers too, with or without a digit.
const LONG_BYTES_MIN: usize = 16;

/// Headers that operators add and that contain no credential, whatever their value looks like.
const PLAIN_HEADERS: [&str; 14] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "anthropic-beta",
    "anthropic-version",
    "content-type",
    "http-referer",
    "openai-beta",
    "openai-organization",
    "openai-project",
    "origin",
    "referer",
    "user-agent",
    "x-title",
];

/// Words in the names of headers and of service accounts' members that contain credentials.
const SECRET_WORDS: [&str; 8] = [
    "auth",
    "cookie",
    "credential",
    "key",
    "password",
    "secret",
    "signature",
    "token",
];

/// Everything that must not come back from an upstream: credentials, and the values of the headers that the operator
/// added.
pub struct Secrets {
    /// All texts, for errors and headers, in which masking too much does no harm.
    all: Patterns,
    /// The texts that occur in no other text by chance, for answers. A placeholder such as `api_key: anything`, which
    /// is set for servers without keys, must not change the answer of a model.
    distinctive: Patterns,
    /// Tokens that were fetched for this deployment.
    fetched: ArcSwapOption<Fetched>,
}

/// The last token that was sent, and the one before: attempts under way may have sent that.
struct Fetched {
    tokens: [Option<Secret>; 2],
    patterns: Patterns,
}

/// What an upstream sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// An error or a header.
    Error,
    /// What a model says.
    Answer,
}

impl Secrets {
    pub fn of(credentials: &BTreeMap<String, Secret>, headers: &[(HeaderName, HeaderValue)]) -> Self {
        let mut all = Vec::new();
        let mut distinctive = Vec::new();
        for text in credentials.values().flat_map(|secret| texts(secret.expose())) {
            if is_distinctive(&text) {
                distinctive.push(text.clone());
            }
            all.push(text);
        }
        for (name, value) in headers {
            let Ok(value) = std::str::from_utf8(value.as_bytes()) else {
                continue;
            };
            // An upstream may also repeat the part after the scheme alone: `sk-…` of `Bearer sk-…`.
            let bare = value.split_once(' ').map_or(value, |(_, bare)| bare.trim_start());
            if holds_credential(name, bare) {
                distinctive.push(bare.to_owned());
                all.push(bare.to_owned());
            }
            all.push(value.to_owned());
        }
        Self {
            all: Patterns::of(&all),
            distinctive: Patterns::of(&distinctive),
            fetched: ArcSwapOption::empty(),
        }
    }

    /// Notes a token that is about to be sent.
    pub fn note(&self, token: &Secret) {
        let known = self.fetched.load();
        let last = known.as_ref().and_then(|fetched| fetched.tokens[0].as_ref());
        if last.is_some_and(|last| last.expose() == token.expose()) {
            return;
        }
        let tokens = [Some(token.clone()), last.cloned()];
        let texts: Vec<String> = tokens.iter().flatten().map(|token| token.expose().to_owned()).collect();
        let patterns = Patterns::of(&texts);
        self.fetched.store(Some(Arc::new(Fetched { tokens, patterns })));
    }

    pub fn are_in(&self, bytes: &[u8]) -> bool {
        let fetched = self.fetched.load();
        self.all.are_in(bytes) || fetched.as_ref().is_some_and(|fetched| fetched.patterns.are_in(bytes))
    }

    /// The bytes with all credentials masked; `None` if they contain none.
    pub fn masked(&self, bytes: &[u8], sent: Sent) -> Option<Bytes> {
        let fixed = match sent {
            Sent::Error => &self.all,
            Sent::Answer => &self.distinctive,
        };
        let masked = fixed.masked(bytes);
        let fetched = self.fetched.load();
        let further = fetched
            .as_ref()
            .and_then(|fetched| fetched.patterns.masked(masked.as_deref().unwrap_or(bytes)));
        further.or(masked)
    }

    /// The number of bytes at the end of a part of an answer that may be the beginning of a credential.
    pub fn begun(&self, bytes: &[u8]) -> usize {
        let fetched = self.fetched.load();
        let fetched = fetched.as_ref().map_or(0, |fetched| fetched.patterns.begun(bytes));
        self.distinctive.begun(bytes).max(fetched)
    }
}

/// The text of a credential. If it is the JSON of a service account, the secret members of it.
fn texts(credential: &str) -> Vec<String> {
    let Ok(Value::Object(account)) = serde_json::from_str(credential) else {
        return vec![credential.to_owned()];
    };
    let secret = account.into_iter().filter(|(name, _)| names_credential(name));
    secret
        .filter_map(|(_, value)| Some(value.as_str()?.to_owned()))
        .collect()
}

fn names_credential(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_WORDS.iter().any(|word| name.contains(word))
}

fn holds_credential(name: &HeaderName, bare: &str) -> bool {
    let name = name.as_str();
    let is_random = bare.len() >= LONG_BYTES_MIN && bare.bytes().any(|byte| byte.is_ascii_digit());
    !PLAIN_HEADERS.contains(&name) && is_distinctive(bare) && (names_credential(name) || is_random)
}

/// Whether the text can be in an answer only because the upstream repeats it.
fn is_distinctive(text: &str) -> bool {
    let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
    let is_one_word = !text.trim().contains(' ');
    is_one_word && (text.len() >= LONG_BYTES_MIN || has_digit)
}

/// Texts to be found and masked. The longest is first, since one may contain another.
struct Patterns(Box<[Finder<'static>]>);

impl Patterns {
    fn of(texts: &[String]) -> Self {
        let mut spelled: Vec<String> = texts.iter().flat_map(|text| spellings(text.trim())).collect();
        // JSON strings and events contain no line breaks, and patterns must not either: see `begun`.
        spelled.retain(|text| text.len() >= BYTES_MIN && !text.contains(['\n', '\r']));
        spelled.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        spelled.dedup();
        let finder = |text: &String| FinderBuilder::new().build_forward(text.as_bytes()).into_owned();
        Self(spelled.iter().map(finder).collect())
    }

    fn are_in(&self, bytes: &[u8]) -> bool {
        self.0.iter().any(|pattern| pattern.find(bytes).is_some())
    }

    /// The bytes with all patterns masked; `None` if they contain none.
    fn masked(&self, bytes: &[u8]) -> Option<Bytes> {
        let mut masked: Option<Bytes> = None;
        for pattern in &self.0 {
            let replaced = replaced(pattern, masked.as_deref().unwrap_or(bytes));
            masked = replaced.or(masked);
        }
        masked
    }

    /// The number of bytes at the end that may be the beginning of a pattern. It is 0 after a line break, with which
    /// events end.
    fn begun(&self, bytes: &[u8]) -> usize {
        if bytes.last().is_none_or(|&last| last == b'\n') {
            return 0;
        }
        let begun = |pattern: &Finder<'static>| {
            let needle = pattern.needle();
            let tail = &bytes[bytes.len() - bytes.len().min(needle.len() - 1)..];
            let mut starts = memchr_iter(needle[0], tail);
            let start = starts.find(|&start| needle.starts_with(&tail[start..]));
            start.map_or(0, |start| tail.len() - start)
        };
        self.0.iter().map(begun).max().unwrap_or(0)
    }
}

/// A text as it is, as JSON escapes it in two ways, and as a URL encodes it.
fn spellings(text: &str) -> [String; 4] {
    let json = Value::from(text).to_string();
    let escaped = json[1..json.len() - 1].to_owned();
    let slashed = escaped.replace('/', "\\/");
    [
        text.to_owned(),
        escaped,
        slashed,
        crate::identity::percent::encode(text),
    ]
}

fn replaced(pattern: &Finder<'static>, bytes: &[u8]) -> Option<Bytes> {
    let mut replaced: Option<BytesMut> = None;
    let mut rest = 0;
    for at in pattern.find_iter(bytes) {
        let replaced = replaced.get_or_insert_with(|| BytesMut::with_capacity(bytes.len()));
        replaced.extend_from_slice(&bytes[rest..at]);
        replaced.extend_from_slice(MASK);
        rest = at + pattern.needle().len();
    }
    let mut replaced = replaced?;
    replaced.extend_from_slice(&bytes[rest..]);
    Some(replaced.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(credentials: &[&str], headers: &[(&'static str, &'static str)]) -> Secrets {
        let credentials = credentials.iter().enumerate();
        let credentials = credentials.map(|(number, text)| (number.to_string(), Secret::new(*text)));
        let header = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        let headers: Vec<_> = headers.iter().map(header).collect();
        Secrets::of(&credentials.collect(), &headers)
    }

    #[track_caller]
    fn check(patterns: &Patterns, text: &str, expected: Option<&str>) {
        let masked = patterns.masked(text.as_bytes());
        assert_eq!(masked.as_deref(), expected.map(str::as_bytes), "{text}");
        assert_eq!(patterns.are_in(text.as_bytes()), expected.is_some(), "{text}");
    }

    #[test]
    fn a_credential_is_masked_however_it_is_spelled() {
        let secrets = secrets(&["sk-ab/c+1\"2"], &[("x-team-key", "Bearer hunter2hunter2")]);
        for patterns in [&secrets.all, &secrets.distinctive] {
            check(patterns, "a sk-ab/c+1\"2 b sk-ab/c+1\"2", Some("a **** b ****"));
            check(patterns, r#"{"key":"sk-ab/c+1\"2"}"#, Some(r#"{"key":"****"}"#));
            check(patterns, r#"{"key":"sk-ab\/c+1\"2"}"#, Some(r#"{"key":"****"}"#));
            check(patterns, "/?key=sk-ab%2Fc%2B1%222", Some("/?key=****"));
            check(patterns, "x hunter2hunter2", Some("x ****"));
            check(patterns, "sk-ab/c+1", None);
        }
        check(&secrets.all, "Bearer hunter2hunter2", Some("****"));
    }

    #[test]
    fn fetched_tokens_are_masked_while_they_may_be_under_way() {
        let secrets = secrets(&["sk-of-the-operator-1"], &[]);
        let token = |text: &str| Secret::new(text);
        let (one, two, three) = (
            token("token-number-one-1"),
            token("token-number-two-2"),
            token("token-number-three"),
        );
        let masks =
            |text: &str| secrets.masked(text.as_bytes(), Sent::Answer).is_some() && secrets.are_in(text.as_bytes());
        assert!(!masks("a token-number-one-1"));
        secrets.note(&one);
        secrets.note(&one);
        secrets.note(&two);
        assert!(masks("a token-number-one-1") && masks("a token-number-two-2"));
        assert_eq!(secrets.begun(b"says token-num"), "token-num".len());
        secrets.note(&three);
        assert!(!masks("a token-number-one-1") && masks("a token-number-two-2"));
        let both = secrets.masked(b"sk-of-the-operator-1 token-number-three", Sent::Error);
        assert_eq!(both.as_deref(), Some(b"**** ****".as_slice()));
    }

    #[test]
    fn what_text_may_hold_by_chance_is_masked_in_errors_only() {
        let headers = [
            ("x-title", "Our Gateway 2"),
            ("anthropic-beta", "prompt-caching-2024-07-31"),
            ("x-region", "eu-west-1"),
        ];
        let secrets = secrets(&["anything", "not-needed", "short1"], &headers);
        for text in [
            "anything",
            "not-needed",
            "Our Gateway 2",
            "prompt-caching-2024-07-31",
            "eu-west-1",
        ] {
            check(&secrets.all, text, Some("****"));
            check(&secrets.distinctive, text, None);
        }
        check(&secrets.all, "short1", None);
    }

    #[test]
    fn a_service_accounts_key_is_secret_and_its_name_is_not() {
        let account = r#"{"type":"service_account","project_id":"project-2025-a","private_key":"-----BEGIN\nMIIE1\n"}"#;
        let secrets = secrets(&[account], &[]);
        check(
            &secrets.distinctive,
            r#"{"a":"-----BEGIN\nMIIE1"}"#,
            Some(r#"{"a":"****"}"#),
        );
        check(&secrets.distinctive, "service_account project-2025-a", None);
    }

    #[test]
    fn the_longest_beginning_of_a_pattern_counts() {
        let secrets = secrets(&["sk-sk-0123"], &[]);
        for (text, begun) in [
            ("", 0),
            ("hello", 0),
            ("hello s", 1),
            ("sk-", 3),
            ("sk-sk-", 6),
            ("sk-sk-sk-", 6),
            ("sk-sk-012", 9),
            ("sk-sk-0123", 0),
            ("sk-\n", 0),
        ] {
            assert_eq!(secrets.distinctive.begun(text.as_bytes()), begun, "{text:?}");
        }
    }
}
