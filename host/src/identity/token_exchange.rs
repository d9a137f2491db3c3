//! Access tokens for which a service takes a form with a credential of the deployment's: what an adapter says in its
//! provider's `extras` under `token-exchange` (`wit/README.md`).

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use serde::Deserialize;

use super::google::access_token;
use super::http::{self, Http};
use super::renewed::{Lease, Source as Fetch};
use super::{Configured, IdentityError};
use crate::config::Secret;

/// What an adapter says. Values with `{parameter}` or `{parameter|other}` are filled in here; adapters never see them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenExchange {
    /// An address, a path at the deployment's own, or the place of a parameter with an address; of several, with a space
    /// between them, the first that is configured.
    url: String,
    form: BTreeMap<String, String>,
    /// Name and password of HTTP's basic authentication.
    #[serde(default)]
    basic: Option<[String; 2]>,
}

/// A form to send.
#[derive(Debug)]
pub struct Form {
    url: String,
    /// The adapter named the address, and not the operator.
    is_adapters: bool,
    fields: Vec<(String, Secret)>,
    basic: Option<[Secret; 2]>,
}

impl TokenExchange {
    /// # Errors
    /// It is not what `wit/README.md` says.
    pub fn read(json: &str) -> Result<Self, IdentityError> {
        serde_json::from_str(json).map_err(|error| {
            IdentityError::Unusable(format!(
                "its adapter says `token-exchange` in a way that cannot be read: {error}"
            ))
        })
    }

    /// The form with its values; `None` if one of them is not configured.
    ///
    /// # Errors
    /// It goes to the deployment's own address, which is not set.
    pub fn fill(&self, configured: &dyn Configured, api_base: Option<&str>) -> Result<Option<Form>, IdentityError> {
        let field = |(name, template): (&String, &String)| Some((name.clone(), value(template, configured)?));
        let basic = match &self.basic {
            Some([name, password]) => value(name, configured).zip(value(password, configured)).map(Some),
            None => Some(None),
        };
        let fields: Option<Vec<_>> = self.form.iter().map(field).collect();
        let Some((fields, basic)) = fields.zip(basic) else {
            return Ok(None);
        };
        let url = self
            .url
            .split_whitespace()
            .find_map(|url| Some((url, value(url, configured)?)));
        let Some((template, url)) = url else {
            return Ok(None);
        };
        let is_path = url.expose().starts_with('/');
        Ok(Some(Form {
            is_adapters: !is_path && template == url.expose(),
            url: if is_path {
                format!("{}{}", origin(api_base)?, url.expose())
            } else {
                url.expose().to_owned()
            },
            fields,
            basic: basic.map(|(name, password)| [name, password]),
        }))
    }
}

impl Form {
    /// Where the adapter alone says that the credential goes.
    pub fn adapters_address(&self) -> Option<&str> {
        self.is_adapters.then_some(&self.url)
    }

    /// What tells two forms apart.
    pub fn fingerprint(&self) -> String {
        let fields = self
            .fields
            .iter()
            .map(|(name, value)| format!("{name}={}", value.expose()));
        let basic = self.basic.iter().flatten().map(|secret| secret.expose().to_owned());
        let parts: Vec<String> = std::iter::once(self.url.clone()).chain(fields).chain(basic).collect();
        parts.join("\n")
    }

    async fn token(&self, http: &Http) -> Result<Lease<Secret>, IdentityError> {
        let pairs: Vec<(&str, &str)> = self
            .fields
            .iter()
            .map(|(name, value)| (&**name, value.expose()))
            .collect();
        let mut request = http::form(http.post(&self.url), &pairs);
        if let Some([name, password]) = &self.basic {
            request = request.basic_auth(name.expose(), Some(password.expose()));
        }
        access_token(request).await.map_err(|error| self.masked(error))
    }

    /// A service may repeat what it was sent, and its sentence is logged.
    fn masked(&self, error: IdentityError) -> IdentityError {
        let IdentityError::Refused { at, status, sentence } = error else {
            return error;
        };
        let sent = self
            .fields
            .iter()
            .map(|(_, value)| value)
            .chain(self.basic.iter().flatten());
        let long = sent.map(Secret::expose).filter(|value| value.len() >= SECRET_BYTES_MIN);
        let sentence = long.fold(sentence, |sentence, value| sentence.replace(value, "****"));
        IdentityError::Refused { at, status, sentence }
    }
}

/// What is shorter is a word of the form, and no key.
const SECRET_BYTES_MIN: usize = 8;

/// A template that is one place is filled in; any other text stands as it is.
pub(super) fn value(template: &str, configured: &dyn Configured) -> Option<Secret> {
    let place = template.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let Some(names) = place else {
        return Some(Secret::new(template.to_owned()));
    };
    let known = |name: &str| {
        configured
            .secret(name)
            .or_else(|| configured.text(name).map(Secret::new))
    };
    names.split('|').find_map(known)
}

fn origin(api_base: Option<&str>) -> Result<String, IdentityError> {
    let url = api_base.and_then(|base| reqwest::Url::parse(base).ok());
    url.map(|url| url.origin().ascii_serialization()).ok_or_else(|| {
        IdentityError::Unusable("its tokens come from the provider's own address: set `api_base`".into())
    })
}

/// Tokens for a form.
pub struct Source {
    form: Form,
    http: Http,
}

impl Source {
    pub fn new(form: Form, http: Http) -> Self {
        Self { form, http }
    }
}

impl Fetch<Secret> for Source {
    fn fetch(&self) -> Pin<Box<dyn Future<Output = Result<Lease<Secret>, IdentityError>> + Send + '_>> {
        Box::pin(self.form.token(&self.http))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Own(&'static [(&'static str, &'static str)]);

    impl Configured for Own {
        fn text(&self, name: &str) -> Option<String> {
            let found = self.0.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        }

        fn secret(&self, _: &str) -> Option<Secret> {
            None
        }

        fn variable(&self, _: &str) -> Option<String> {
            None
        }
    }

    const OF_A_WORKSPACE: &str = r#"{"url": "/oidc/v1/token", "form": {"grant_type": "client_credentials"},
        "basic": ["{client_id|user}", "{client_secret}"]}"#;

    fn filled(own: &'static [(&'static str, &'static str)], api_base: Option<&str>) -> Option<String> {
        let said = TokenExchange::read(OF_A_WORKSPACE).unwrap();
        let form = said.fill(&Own(own), api_base).unwrap();
        form.map(|form| form.fingerprint())
    }

    #[test]
    fn places_are_filled_with_the_first_parameter_that_is_set() {
        let base = Some("https://adb-1.azuredatabricks.net/serving-endpoints");
        let expected = "https://adb-1.azuredatabricks.net/oidc/v1/token\ngrant_type=client_credentials\nid\nsecret";
        let own = &[("user", "id"), ("client_secret", "secret")];
        assert_eq!(filled(own, base).as_deref(), Some(expected));
    }

    #[test]
    fn what_is_not_configured_is_not_exchanged() {
        assert_eq!(filled(&[("client_id", "id")], Some("https://host")), None);
    }

    #[test]
    fn an_operators_address_comes_before_the_adapters() {
        let said = r#"{"url": "{iam} https://iam.example/token", "form": {}}"#;
        let form = |own| {
            TokenExchange::read(said)
                .unwrap()
                .fill(&Own(own), None)
                .unwrap()
                .unwrap()
        };
        assert_eq!(form(&[]).adapters_address(), Some("https://iam.example/token"));
        let own = form(&[("iam", "http://127.0.0.1/token")]);
        assert_eq!(
            (own.url.as_str(), own.adapters_address()),
            ("http://127.0.0.1/token", None)
        );
    }

    #[test]
    fn an_address_of_the_deployments_own_must_be_set() {
        let said = TokenExchange::read(OF_A_WORKSPACE).unwrap();
        let error = said.fill(&Own(&[("client_id", "a"), ("client_secret", "b")]), None);
        assert!(error.unwrap_err().to_string().contains("set `api_base`"));
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        let error = TokenExchange::read(r#"{"uri": ""}"#).unwrap_err();
        assert!(error.to_string().contains("uri"), "{error}");
    }
}
