//! AWS's Security Token Service (<https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html>): keys for a role.

use std::time::SystemTime;

use hyper::Request;
use hyper::header::CONTENT_TYPE;

use super::{Keys, hash};
use crate::config::Secret;
use crate::identity::http::{self, Http, between};
use crate::identity::renewed::Lease;
use crate::identity::{Configured, IdentityError, read_file};

const VERSION: (&str, &str) = ("Version", "2011-06-15");
const FORM: &str = "application/x-www-form-urlencoded";
const SESSION_NAME: &str = "sluice";

/// A role, and as what it is assumed.
#[derive(Debug, Clone)]
pub struct Assume {
    pub role: String,
    pub session_name: String,
    pub external_id: Option<String>,
    pub region: String,
    pub endpoint: String,
}

impl Assume {
    /// `aws_role_name`, `aws_session_name`, `aws_external_id`, `aws_sts_endpoint`.
    pub fn configured(configured: &dyn Configured, region: &str) -> Option<Self> {
        let role = configured.text("aws_role_name")?;
        Some(Self::new(
            configured,
            role,
            configured.text("aws_session_name"),
            configured.text("aws_external_id"),
            region,
        ))
    }

    pub fn new(
        configured: &dyn Configured,
        role: String,
        session_name: Option<String>,
        external_id: Option<String>,
        region: &str,
    ) -> Self {
        Self {
            role,
            session_name: session_name.unwrap_or_else(|| SESSION_NAME.into()),
            external_id,
            region: region.to_owned(),
            endpoint: endpoint(configured, region),
        }
    }

    /// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>
    pub async fn keys(&self, http: &Http, with: &Keys) -> Result<Lease<Keys>, IdentityError> {
        let mut form = vec![
            ("Action", "AssumeRole"),
            VERSION,
            ("RoleArn", &self.role),
            ("RoleSessionName", &self.session_name),
        ];
        form.extend(self.external_id.as_deref().map(|id| ("ExternalId", id)));
        let body = http::encoded(&form);
        let unusable = |reason: String| {
            IdentityError::Unusable(format!(
                "the endpoint of STS `{}` cannot be used: {reason}",
                self.endpoint
            ))
        };
        let url = reqwest::Url::parse(&self.endpoint).map_err(|error| unusable(error.to_string()))?;
        let host = url.host_str().unwrap_or_default();
        let host = url
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let mut signed = Request::post("/")
            .header(CONTENT_TYPE, FORM)
            .body(())
            .map_err(|error| unusable(error.to_string()))?;
        let signer = with.signer(&self.region, "sts");
        signer
            .sign(
                &mut signed,
                hash([body.as_bytes()].into_iter()),
                &host,
                SystemTime::now(),
            )
            .map_err(|_| unusable("a key holds a character that no header can carry".into()))?;
        let request = http.post(url.as_str()).headers(signed.headers().clone()).body(body);
        temporary(&http::text(request).await?)
    }
}

/// A token of another identity provider, with which a role is assumed.
#[derive(Debug)]
pub struct WebIdentity {
    token: Token,
    assume: Assume,
}

#[derive(Debug)]
enum Token {
    Text(Secret),
    File(String),
}

impl WebIdentity {
    /// `aws_web_identity_token` (text or the path of a file) with `aws_role_name`.
    pub fn configured(configured: &dyn Configured, region: &str) -> Result<Option<Self>, IdentityError> {
        let Some(given) = configured.secret("aws_web_identity_token") else {
            return Ok(None);
        };
        let assume = Assume::configured(configured, region).ok_or_else(|| {
            IdentityError::Unusable(
                "`aws_web_identity_token` needs the role that it is for: set `aws_role_name`".into(),
            )
        })?;
        // A JWT has no slash.
        let token = match given.expose().contains('/') {
            true => Token::File(given.expose().to_owned()),
            false => Token::Text(given),
        };
        Ok(Some(Self { token, assume }))
    }

    /// `AWS_WEB_IDENTITY_TOKEN_FILE` with `AWS_ROLE_ARN`, as Kubernetes sets them.
    pub fn of_environment(configured: &dyn Configured, region: &str) -> Option<Self> {
        let file = configured.variable("AWS_WEB_IDENTITY_TOKEN_FILE")?;
        let role = configured.variable("AWS_ROLE_ARN")?;
        Some(Self::of_file(
            configured,
            file,
            role,
            configured.variable("AWS_ROLE_SESSION_NAME"),
            region,
        ))
    }

    pub fn of_file(
        configured: &dyn Configured,
        file: String,
        role: String,
        session_name: Option<String>,
        region: &str,
    ) -> Self {
        Self {
            token: Token::File(file),
            assume: Assume::new(configured, role, session_name, None, region),
        }
    }

    pub fn fingerprint(&self) -> String {
        let token = match &self.token {
            Token::Text(token) => token.expose(),
            Token::File(path) => path,
        };
        format!("{:?} {token}", self.assume)
    }

    /// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html>
    pub async fn keys(&self, http: &Http) -> Result<Lease<Keys>, IdentityError> {
        let token = match &self.token {
            Token::Text(token) => token.clone(),
            Token::File(path) => Secret::new(read_file(path)?),
        };
        let form = [
            ("Action", "AssumeRoleWithWebIdentity"),
            VERSION,
            ("RoleArn", &self.assume.role),
            ("RoleSessionName", &self.assume.session_name),
            ("WebIdentityToken", token.expose()),
        ];
        temporary(&http::text(http::form(http.post(&self.assume.endpoint), &form)).await?)
    }
}

/// `aws_sts_endpoint`, else AWS's variable, else the region's own.
fn endpoint(configured: &dyn Configured, region: &str) -> String {
    let domain = if region.starts_with("cn-") {
        "amazonaws.com.cn"
    } else {
        "amazonaws.com"
    };
    configured
        .text("aws_sts_endpoint")
        .or_else(|| configured.variable("AWS_ENDPOINT_URL_STS"))
        .unwrap_or_else(|| format!("https://sts.{region}.{domain}"))
}

/// The keys in an answer's XML.
fn temporary(xml: &str) -> Result<Lease<Keys>, IdentityError> {
    let field = |name: &str| {
        let found = between(xml, &format!("<{name}>"), &format!("</{name}>"));
        found.ok_or_else(|| IdentityError::Malformed {
            at: "AWS STS".into(),
            reason: format!("there is no `{name}`"),
        })
    };
    Ok(Lease {
        value: Keys {
            access_key_id: Secret::new(field("AccessKeyId")?),
            secret_access_key: Secret::new(field("SecretAccessKey")?),
            session_token: Some(Secret::new(field("SessionToken")?)),
        },
        lasts: Some(super::metadata::until(field("Expiration")?)),
    })
}
