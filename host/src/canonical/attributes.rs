//! Attributes of a request other than its text: tags, region, headers, metadata, the end user.

use super::Canonical;
use super::parts::Medium;
use crate::json::{self, Field, Kind};

/// The value of an attribute; `wit/0.2.1/exchange.wit` lists the names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    pub text: String,
    /// Whether the guest that reads it may still be reused for other exchanges; see
    /// [`CanonicalField`](super::CanonicalField).
    pub is_neutral: bool,
}

/// Further tags are ignored.
const TAGS_MAX: usize = 64;

/// Bytes of a region that is neutral. A longer value could contain a text.
const NEUTRAL_REGION_BYTES_MAX: usize = 32;

impl Canonical {
    /// An attribute by its name; `None` if it is absent. The attributes of virtual keys and teams are always absent.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<Attribute> {
        if let Some(known) = self.attributes.get(name) {
            let text = known.to_string();
            return Some(Attribute {
                text,
                is_neutral: false,
            });
        }
        if name == "region" {
            let text = self.region()?.to_owned();
            let is_neutral = is_region_name(&text);
            return Some(Attribute { text, is_neutral });
        }
        if let Some(word) = name.strip_prefix("medium.") {
            let medium = Medium::ALL.into_iter().find(|medium| medium.word() == word)?;
            return self.has_medium(medium).then(|| Attribute {
                text: "true".to_owned(),
                is_neutral: true,
            });
        }
        let text = match name.split_once('.') {
            Some(("header", header)) => self.header(header),
            Some(("metadata", key)) => self.metadata(key)?.text(&self.body).map(Into::into),
            Some(("tag", index)) => self.tags().into_iter().nth(index.parse().ok()?),
            _ if name == "end-user" => self.text("user"),
            _ => None,
        };
        Some(Attribute {
            text: text?,
            is_neutral: false,
        })
    }

    /// The request's tags: those of `tags`, then of `metadata.tags`, then of the header `x-litellm-tags`; at most 64.
    #[must_use]
    pub fn tags(&self) -> Vec<String> {
        let listed = |field: Option<Field>| -> Vec<String> {
            field
                .and_then(|field| serde_json::from_slice(field.raw(&self.body)).ok())
                .unwrap_or_default()
        };
        let header = self.header("x-litellm-tags").unwrap_or_default();
        let mut tags = listed(self.fields.get(&self.body, "tags"));
        tags.extend(listed(self.metadata("tags")));
        tags.extend(header.split(',').map(|tag| tag.trim().to_owned()));
        tags.retain(|tag| !tag.is_empty());
        tags.truncate(TAGS_MAX);
        tags.dedup();
        tags
    }

    /// The only region that may serve the request: `allowed_model_region`, or that of its `metadata`. A region that is
    /// not a string is returned as its JSON, which matches no deployment: it must not be treated as "no region".
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.known.region.get_or_init(|| self.find_region()).as_deref()
    }

    fn find_region(&self) -> Option<String> {
        const NAME: &str = "allowed_model_region";
        let is_given = |field: &Field| field.value.kind != Kind::Null;
        let own = self.fields.get(&self.body, NAME).filter(is_given);
        let field = own.or_else(|| self.metadata(NAME).filter(is_given))?;
        Some(match field.text(&self.body) {
            Some(text) => text.into_owned(),
            None => String::from_utf8_lossy(field.raw(&self.body)).into_owned(),
        })
    }

    /// One member of the client's `metadata`.
    fn metadata(&self, key: &str) -> Option<Field> {
        let metadata = self.fields.get(&self.body, "metadata")?;
        json::members(&self.body, metadata.value.span).find(|field| field.is_named(&self.body, key))
    }
}

fn is_region_name(text: &str) -> bool {
    let is_of_one = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    text.len() <= NEUTRAL_REGION_BYTES_MAX && text.bytes().all(is_of_one)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::Operation;

    fn request(body: &str, headers: &[(&'static str, &str)]) -> Canonical {
        let headers = headers.iter().map(|(name, value)| {
            let value = value.parse().unwrap();
            (hyper::header::HeaderName::from_static(name), value)
        });
        Canonical {
            id: "id".into(),
            operation: Operation::ChatCompletions,
            group: "chat".into(),
            is_streaming: false,
            fields: json::scan(body.as_bytes(), json::Limits::ceiling()).unwrap(),
            body: body.to_owned().into(),
            seed: 1,
            started_ms: 0,
            headers: headers.collect(),
            ..Canonical::empty()
        }
    }

    #[track_caller]
    fn check(body: &str, name: &str, expected: Option<(&str, bool)>) {
        let headers = [("x-litellm-tags", "c, d"), ("user-agent", "curl/8")];
        let attribute = request(body, &headers).attribute(name);
        let read = attribute.as_ref().map(|read| (read.text.as_str(), read.is_neutral));
        assert_eq!(read, expected, "{name} of {body}");
    }

    #[test]
    fn tags_of_all_three_places_are_counted_through() {
        let body = r#"{"tags":["a"],"metadata":{"tags":["b"]}}"#;
        for (index, tag) in ["a", "b", "c", "d"].into_iter().enumerate() {
            check(body, &format!("tag.{index}"), Some((tag, false)));
        }
        check(body, "tag.4", None);
        check(body, "tag.x", None);
        check(
            r#"{"tags":"no list","metadata":"no object"}"#,
            "tag.0",
            Some(("c", false)),
        );
    }

    #[test]
    fn a_region_is_neutral_where_nothing_else_fits() {
        check(
            r#"{"allowed_model_region":"eu-west-1"}"#,
            "region",
            Some(("eu-west-1", true)),
        );
        check(
            r#"{"metadata":{"allowed_model_region":"eu"}}"#,
            "region",
            Some(("eu", true)),
        );
        check(
            r#"{"allowed_model_region":"My secret"}"#,
            "region",
            Some(("My secret", false)),
        );
        check(
            r#"{"allowed_model_region":["eu"]}"#,
            "region",
            Some((r#"["eu"]"#, false)),
        );
        check(r#"{"allowed_model_region":null}"#, "region", None);
        check("{}", "region", None);
    }

    #[test]
    fn media_are_neutral() {
        let body = r#"{"messages":[{"role":"user","content":[{"type":"text","text":"what is it?"},
            {"type":"image_url","image_url":{"url":"https://example.com/a.png"}}]}]}"#;
        check(body, "medium.image", Some(("true", true)));
        check(body, "medium.audio", None);
        check(body, "medium.smell", None);
        check(
            r#"{"messages":[{"role":"user","content":"image_url"}]}"#,
            "medium.image",
            None,
        );
    }

    #[test]
    fn what_names_a_person_is_not_neutral() {
        let body = r#"{"user":"J\u00f6rg","metadata":{"plan":"premium","seats":3}}"#;
        check(body, "end-user", Some(("Jörg", false)));
        check(body, "metadata.plan", Some(("premium", false)));
        check(body, "metadata.seats", None);
        check(body, "header.user-agent", Some(("curl/8", false)));
        check(body, "team", None);
    }
}
