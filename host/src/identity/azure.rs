//! Access tokens of Microsoft's Entra ID
//! (<https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>): an application's secret or
//! certificate, a user's password, workload identity, managed identity.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::google::access_token;
use super::http::{self, Http};
use super::jwt::{Signer, section};
use super::renewed::{Lease, Source as Fetch};
use super::{Configured, IdentityError, read_file};
use crate::config::Secret;

const SCOPE: &str = "https://cognitiveservices.azure.com/.default";
const AUTHORITY: &str = "https://login.microsoftonline.com";
const METADATA: &str = "http://169.254.169.254";

/// How a token is asked for.
#[derive(Debug)]
pub struct Grant {
    authority: String,
    tenant: String,
    client: String,
    scope: String,
    means: Means,
}

#[derive(Debug)]
enum Means {
    Secret(Secret),
    User {
        name: Secret,
        password: Secret,
    },
    /// PEM with certificate and private key.
    Certificate(String),
    /// A file with a token of the cluster.
    Federated(String),
    /// Azure's App Service: address and header.
    Service {
        endpoint: String,
        header: Secret,
    },
    /// The virtual machine's metadata service.
    Machine(String),
}

/// Whether the configuration asks for tokens: it names an application or a user.
pub fn is_asked_for(configured: &dyn Configured) -> bool {
    configured.secret("client_secret").is_some()
        || configured.secret("azure_password").is_some()
        || (configured.text("client_id").is_some() && configured.text("tenant_id").is_some())
}

impl Grant {
    /// The first that is complete of: secret, certificate, user, workload identity, managed identity.
    ///
    /// # Errors
    /// Something it needs is missing.
    pub fn find(configured: &dyn Configured) -> Result<Self, IdentityError> {
        let text =
            |parameter: &str, variable: &str| configured.text(parameter).or_else(|| configured.variable(variable));
        let secret = |parameter: &str, variable: &str| {
            let of_variable = || configured.variable(variable).map(Secret::new);
            configured.secret(parameter).or_else(of_variable)
        };
        let client = text("client_id", "AZURE_CLIENT_ID");
        let tenant = text("tenant_id", "AZURE_TENANT_ID");
        let means = Self::means(configured, &secret)?;
        let needs_application = !matches!(means, Means::Service { .. } | Means::Machine(_));
        let needed = |found: Option<String>, name: &str| match found {
            Some(found) => Ok(found),
            None if !needs_application => Ok(String::new()),
            None => Err(IdentityError::Unusable(format!(
                "a token of Entra ID needs `{name}`: set it in `litellm_params`"
            ))),
        };
        let authority = configured.variable("AZURE_AUTHORITY_HOST");
        Ok(Self {
            authority: authority
                .unwrap_or_else(|| AUTHORITY.into())
                .trim_end_matches('/')
                .to_owned(),
            tenant: needed(tenant, "tenant_id")?,
            client: needed(client, "client_id")?,
            scope: text("azure_scope", "AZURE_SCOPE").unwrap_or_else(|| SCOPE.into()),
            means,
        })
    }

    fn means(
        configured: &dyn Configured,
        secret: &dyn Fn(&str, &str) -> Option<Secret>,
    ) -> Result<Means, IdentityError> {
        if let Some(secret) = secret("client_secret", "AZURE_CLIENT_SECRET") {
            return Ok(Means::Secret(secret));
        }
        if let Some(path) = configured.variable("AZURE_CLIENT_CERTIFICATE_PATH") {
            return Ok(Means::Certificate(path));
        }
        let user = secret("azure_username", "AZURE_USERNAME").zip(secret("azure_password", "AZURE_PASSWORD"));
        if let Some((name, password)) = user {
            return Ok(Means::User { name, password });
        }
        if let Some(file) = configured.variable("AZURE_FEDERATED_TOKEN_FILE") {
            return Ok(Means::Federated(file));
        }
        let service = configured
            .variable("IDENTITY_ENDPOINT")
            .zip(configured.variable("IDENTITY_HEADER"));
        Ok(match service {
            Some((endpoint, header)) => Means::Service {
                endpoint,
                header: Secret::new(header),
            },
            None => Means::Machine(
                configured
                    .variable("AZURE_POD_IDENTITY_AUTHORITY_HOST")
                    .unwrap_or_else(|| METADATA.into()),
            ),
        })
    }

    /// What tells two grants apart.
    pub fn fingerprint(&self) -> String {
        let means = match &self.means {
            Means::Secret(secret) => format!("secret {}", secret.expose()),
            Means::User { name, password } => format!("user {} {}", name.expose(), password.expose()),
            Means::Certificate(path) => format!("certificate {path}"),
            Means::Federated(path) => format!("federated {path}"),
            Means::Service { endpoint, header } => format!("service {endpoint} {}", header.expose()),
            Means::Machine(host) => format!("machine {host}"),
        };
        [&self.authority, &self.tenant, &self.client, &self.scope, &means]
            .map(String::as_str)
            .join("\n")
    }

    async fn token(&self, http: &Http) -> Result<Lease<Secret>, IdentityError> {
        let assertion_type = (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        );
        match &self.means {
            Means::Secret(secret) => {
                self.ask(http, "client_credentials", &[("client_secret", secret.expose())])
                    .await
            }
            Means::User { name, password } => {
                self.ask(
                    http,
                    "password",
                    &[("username", name.expose()), ("password", password.expose())],
                )
                .await
            }
            Means::Certificate(path) => {
                let assertion = self.assertion(&read_file(path)?)?;
                self.ask(
                    http,
                    "client_credentials",
                    &[assertion_type, ("client_assertion", &assertion)],
                )
                .await
            }
            Means::Federated(path) => {
                let assertion = read_file(path)?;
                self.ask(
                    http,
                    "client_credentials",
                    &[assertion_type, ("client_assertion", assertion.trim())],
                )
                .await
            }
            Means::Service { endpoint, header } => {
                let request = http.get(&self.managed(endpoint, "2019-08-01"));
                access_token(http.metadata(request.header("x-identity-header", header.expose()))).await
            }
            Means::Machine(host) => {
                let request = http.get(&self.managed(&format!("{host}/metadata/identity/oauth2/token"), "2018-02-01"));
                access_token(http.metadata(request.header("metadata", "true"))).await
            }
        }
    }

    /// <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>
    async fn ask(&self, http: &Http, grant: &str, proof: &[(&str, &str)]) -> Result<Lease<Secret>, IdentityError> {
        let mut form = vec![
            ("grant_type", grant),
            ("client_id", &self.client),
            ("scope", &self.scope),
        ];
        form.extend(proof);
        access_token(http::form(http.post(&self.token_url()), &form)).await
    }

    fn token_url(&self) -> String {
        format!(
            "{}/{}/oauth2/v2.0/token",
            self.authority,
            super::percent::encode(&self.tenant)
        )
    }

    /// Managed identities are asked for a resource, which is a scope without its end.
    fn managed(&self, url: &str, version: &str) -> String {
        let resource = self.scope.strip_suffix("/.default").unwrap_or(&self.scope);
        let mut query = vec![("api-version", version), ("resource", resource)];
        if !self.client.is_empty() {
            query.push(("client_id", &self.client));
        }
        http::with_query(url, &query)
    }

    /// <https://learn.microsoft.com/entra/identity-platform/certificate-credentials>
    fn assertion(&self, pem: &str) -> Result<String, IdentityError> {
        let unusable = |reason: String| {
            IdentityError::Unusable(format!("the certificate of `AZURE_CLIENT_CERTIFICATE_PATH`: {reason}"))
        };
        let certificate =
            section(pem, "CERTIFICATE").ok_or_else(|| unusable("it holds no certificate in PEM".into()))?;
        let signer = Signer::from_pem(pem).map_err(unusable)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let until = now + Duration::from_secs(600);
        let header = json!({"alg": "RS256", "typ": "JWT", "x5t#S256": BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(certificate))});
        let claims = json!({
            "aud": self.token_url(), "iss": self.client, "sub": self.client,
            "jti": format!("{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..)),
            "nbf": now.as_secs(), "exp": until.as_secs(),
        });
        signer.sign(&header, &claims).map_err(unusable)
    }
}

/// Tokens of a grant.
pub struct Source {
    grant: Grant,
    http: Http,
}

impl Source {
    pub fn new(grant: Grant, http: Http) -> Self {
        Self { grant, http }
    }
}

impl Fetch<Secret> for Source {
    fn fetch(&self) -> Pin<Box<dyn Future<Output = Result<Lease<Secret>, IdentityError>> + Send + '_>> {
        Box::pin(self.grant.token(&self.http))
    }
}
