//! Access tokens of Google (<https://google.aip.dev/auth/4110>): service accounts, users' refresh tokens, workload identity
//! and impersonation, as their JSON files say, and the metadata server.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use serde_json::{Value, json};

use super::http::{self, Http};
use super::jwt::Signer;
use super::renewed::{Lease, Source as Fetch};
use super::{Configured, IdentityError, read_file};
use crate::config::Secret;

const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";
const STS_URI: &str = "https://sts.googleapis.com/v1/token";
const METADATA_HOST: &str = "metadata.google.internal";

/// The longest that Google allows.
const LIFETIME: Duration = Duration::from_secs(3600);

/// Where the JSON of a credential is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    Json(Secret),
    File(String),
    /// The host of the metadata server.
    Metadata(String),
}

impl Credential {
    /// `vertex_credentials` (JSON or a path, also from the provider's environment variable), else the file that `gcloud auth
    /// application-default login` leaves, else the metadata server.
    ///
    /// # Errors
    /// What is configured is neither JSON nor the path of a file that can be read.
    pub fn find(configured: &dyn Configured) -> Result<Self, IdentityError> {
        if let Some(given) = configured.secret("vertex_credentials") {
            let credential = match given.expose().starts_with('{') {
                true => Self::Json(given),
                false => Self::File(given.expose().to_owned()),
            };
            Document::read(&credential.json()?)?;
            return Ok(credential);
        }
        let home = configured
            .variable("CLOUDSDK_CONFIG")
            .or_else(|| Some(configured.variable("HOME")? + "/.config/gcloud"));
        let file = home.map(|home| home + "/application_default_credentials.json");
        match file.filter(|file| std::path::Path::new(file).is_file()) {
            Some(file) => Ok(Self::File(file)),
            None => Ok(Self::Metadata(
                configured
                    .variable("GCE_METADATA_HOST")
                    .unwrap_or_else(|| METADATA_HOST.into()),
            )),
        }
    }

    /// What tells two credentials apart.
    pub fn fingerprint(&self) -> &str {
        match self {
            Self::Json(json) => json.expose(),
            Self::File(path) | Self::Metadata(path) => path,
        }
    }

    /// The project that the credential belongs to, if it says so.
    fn project(&self) -> Option<String> {
        let document = Document::read(&self.json().ok()?).ok()?;
        document.project_id.or(document.quota_project_id)
    }

    fn json(&self) -> Result<String, IdentityError> {
        match self {
            Self::Json(json) => Ok(json.expose().to_owned()),
            Self::File(path) => read_file(path),
            Self::Metadata(_) => Err(IdentityError::Unusable("the metadata server has no file".into())),
        }
    }
}

/// The project of the credential that would be used, if it names one.
pub fn project(configured: &dyn Configured) -> Option<String> {
    Credential::find(configured).ok()?.project()
}

/// A credential's JSON. Which fields it has depends on its type.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Document {
    #[serde(rename = "type")]
    kind: String,
    project_id: Option<String>,
    quota_project_id: Option<String>,
    client_email: String,
    private_key_id: Option<String>,
    private_key: String,
    token_uri: Option<String>,
    client_id: String,
    client_secret: String,
    refresh_token: String,
    audience: String,
    subject_token_type: String,
    token_url: Option<String>,
    credential_source: Option<SubjectSource>,
    service_account_impersonation_url: Option<String>,
    source_credentials: Option<Box<Document>>,
}

/// Where the token of another identity provider is.
#[derive(Deserialize, Default)]
#[serde(default)]
struct SubjectSource {
    file: Option<String>,
    url: Option<String>,
    headers: std::collections::BTreeMap<String, String>,
    format: Option<SubjectFormat>,
    executable: Option<Value>,
    environment_id: Option<String>,
}

#[derive(Deserialize)]
struct SubjectFormat {
    #[serde(rename = "type")]
    kind: String,
    subject_token_field_name: Option<String>,
}

impl Document {
    /// Reads it and checks that it is of a kind that is served.
    fn read(json: &str) -> Result<Self, IdentityError> {
        let unusable = |reason: String| IdentityError::Unusable(format!("`vertex_credentials`: {reason}"));
        let document: Self =
            serde_json::from_str(json).map_err(|error| unusable(format!("no JSON of a Google credential: {error}")))?;
        document.check().map_err(unusable)?;
        Ok(document)
    }

    fn check(&self) -> Result<(), String> {
        let needed = |fields: &[(&str, &str)]| {
            let missing = fields.iter().find(|(_, value)| value.is_empty());
            missing.map_or(Ok(()), |(name, _)| {
                Err(format!("a credential of type `{}` without its `{name}`", self.kind))
            })
        };
        match self.kind.as_str() {
            "service_account" => {
                needed(&[("client_email", &self.client_email), ("private_key", &self.private_key)])?;
                Signer::from_pem(&self.private_key).map(drop)
            }
            "authorized_user" => needed(&[
                ("client_id", &self.client_id),
                ("client_secret", &self.client_secret),
                ("refresh_token", &self.refresh_token),
            ]),
            "external_account" => {
                needed(&[
                    ("audience", &self.audience),
                    ("subject_token_type", &self.subject_token_type),
                ])?;
                match self.credential_source.as_ref() {
                    Some(source) if source.executable.is_some() => Err("a subject token from a program is not served: the gateway starts no programs; have it written to a file".into()),
                    Some(source) if source.environment_id.is_some() => Err("a subject token of AWS is not served; use a file or a URL".into()),
                    Some(source) if source.file.is_some() || source.url.is_some() => Ok(()),
                    _ => Err("its `credential_source` has neither `file` nor `url`".into()),
                }
            }
            "impersonated_service_account" => {
                let url = self.service_account_impersonation_url.as_deref().unwrap_or_default();
                needed(&[("service_account_impersonation_url", url)])?;
                self.source_credentials
                    .as_ref()
                    .map_or_else(|| Err("it has no `source_credentials`".into()), |source| source.check())
            }
            "" => Err("the JSON of a Google credential has a `type`, and this has none".into()),
            other => Err(format!(
                "a credential of type `{other}` is not served; use a service account, a user's refresh token, or workload identity"
            )),
        }
    }

    /// Asks for a token.
    async fn token(&self, http: &Http, scope: &str) -> Result<Lease<Secret>, IdentityError> {
        let lease = match self.kind.as_str() {
            "service_account" => self.of_service_account(http, scope).await?,
            "authorized_user" => self.of_user(http).await?,
            "external_account" => self.of_workload(http, scope).await?,
            _ => match &self.source_credentials {
                Some(source) => Box::pin(source.token(http, scope)).await?,
                None => return Err(IdentityError::Unusable("`source_credentials` is missing".into())),
            },
        };
        match &self.service_account_impersonation_url {
            Some(url) => impersonate(http, url, &lease.value, scope).await,
            None => Ok(lease),
        }
    }

    /// <https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests>
    async fn of_service_account(&self, http: &Http, scope: &str) -> Result<Lease<Secret>, IdentityError> {
        let uri = self.token_uri.as_deref().unwrap_or(TOKEN_URI);
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": self.private_key_id});
        let claims =
            json!({"iss": self.client_email, "scope": scope, "aud": uri, "iat": now, "exp": now + LIFETIME.as_secs()});
        let signer = Signer::from_pem(&self.private_key).map_err(IdentityError::Unusable)?;
        let assertion = signer.sign(&header, &claims).map_err(IdentityError::Unusable)?;
        let grant = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("assertion", &assertion),
        ];
        access_token(http::form(http.post(uri), &grant)).await
    }

    /// <https://developers.google.com/identity/protocols/oauth2/web-server#offline>
    async fn of_user(&self, http: &Http) -> Result<Lease<Secret>, IdentityError> {
        let uri = self.token_uri.as_deref().unwrap_or(TOKEN_URI);
        let grant = [
            ("grant_type", "refresh_token"),
            ("client_id", &self.client_id),
            ("client_secret", &self.client_secret),
            ("refresh_token", &self.refresh_token),
        ];
        access_token(http::form(http.post(uri), &grant)).await
    }

    /// <https://docs.cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token>
    async fn of_workload(&self, http: &Http, scope: &str) -> Result<Lease<Secret>, IdentityError> {
        let subject = self.subject_token(http).await?;
        // The token that is impersonated with is for that alone.
        let scope = match self.service_account_impersonation_url {
            Some(_) => "https://www.googleapis.com/auth/cloud-platform",
            None => scope,
        };
        let grant = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("audience", &self.audience),
            ("scope", scope),
            ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
            ("subject_token_type", &self.subject_token_type),
            ("subject_token", subject.expose()),
        ];
        access_token(http::form(
            http.post(self.token_url.as_deref().unwrap_or(STS_URI)),
            &grant,
        ))
        .await
    }

    async fn subject_token(&self, http: &Http) -> Result<Secret, IdentityError> {
        let source = self.credential_source.as_ref();
        let source = source.ok_or_else(|| IdentityError::Unusable("`credential_source` is missing".into()))?;
        let text = match (&source.file, &source.url) {
            (Some(file), _) => read_file(file)?,
            (None, Some(url)) => {
                let request = source
                    .headers
                    .iter()
                    .fold(http.get(url), |request, (name, value)| request.header(name, value));
                http::text(request).await?
            }
            (None, None) => {
                return Err(IdentityError::Unusable(
                    "`credential_source` has neither `file` nor `url`".into(),
                ));
            }
        };
        let Some(format) = source.format.as_ref().filter(|format| format.kind == "json") else {
            return Ok(Secret::new(text));
        };
        let field = format.subject_token_field_name.as_deref().unwrap_or("access_token");
        let json: Value = serde_json::from_str(&text).unwrap_or_default();
        let token = json.get(field).and_then(Value::as_str);
        token
            .map(Secret::new)
            .ok_or_else(|| IdentityError::Unusable(format!("the subject token's JSON has no `{field}`")))
    }
}

/// <https://docs.cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken>
async fn impersonate(http: &Http, url: &str, token: &Secret, scope: &str) -> Result<Lease<Secret>, IdentityError> {
    let lifetime = format!("{}s", LIFETIME.as_secs());
    let request = http
        .post(url)
        .bearer_auth(token.expose())
        .header("content-type", "application/json")
        .body(json!({"scope": [scope], "lifetime": lifetime}).to_string());
    let answer = http::json(request).await?;
    let until = humantime::parse_rfc3339_weak(answer.text("expireTime")?);
    let until = until.map_err(|error| answer.malformed(&format!("`expireTime`: {error}")))?;
    Ok(Lease {
        value: Secret::new(answer.text("accessToken")?),
        lasts: Some(until.duration_since(SystemTime::now()).unwrap_or_default()),
    })
}

/// An answer of OAuth (RFC 6749 §5.1).
pub async fn access_token(request: reqwest::RequestBuilder) -> Result<Lease<Secret>, IdentityError> {
    let answer = http::json(request).await?;
    Ok(Lease {
        value: Secret::new(answer.text("access_token")?),
        lasts: Some(answer.seconds("expires_in").unwrap_or(LIFETIME)),
    })
}

/// Tokens of a credential for a scope.
pub struct Source {
    credential: Credential,
    scope: String,
    http: Http,
}

impl Source {
    pub fn new(credential: Credential, scope: &str, http: Http) -> Self {
        Self {
            credential,
            scope: scope.to_owned(),
            http,
        }
    }

    async fn token(&self) -> Result<Lease<Secret>, IdentityError> {
        if let Credential::Metadata(host) = &self.credential {
            let url = format!("http://{host}/computeMetadata/v1/instance/service-accounts/default/token");
            let request = self.http.get(&http::with_query(&url, &[("scopes", &self.scope)]));
            return access_token(self.http.metadata(request.header("metadata-flavor", "Google"))).await;
        }
        Document::read(&self.credential.json()?)?
            .token(&self.http, &self.scope)
            .await
    }
}

impl Fetch<Secret> for Source {
    fn fetch(&self) -> Pin<Box<dyn Future<Output = Result<Lease<Secret>, IdentityError>> + Send + '_>> {
        Box::pin(self.token())
    }
}
