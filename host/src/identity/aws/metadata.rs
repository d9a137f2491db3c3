//! Keys that a container or a virtual machine is given
//! (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html>,
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html>).

use std::time::{Duration, SystemTime};

use super::Keys;
use crate::config::Secret;
use crate::identity::http::{self, Answer, Http};
use crate::identity::renewed::Lease;
use crate::identity::{Configured, IdentityError, read_file};

const CONTAINER: &str = "http://169.254.170.2";
const MACHINE: &str = "http://169.254.169.254";

/// For an answer that does not say until when its keys are valid.
const SHORT: Duration = Duration::from_secs(900);

/// A container's address for keys.
#[derive(Debug)]
pub struct Container {
    url: String,
    token: Option<Secret>,
    token_file: Option<String>,
}

impl Container {
    /// # Errors
    /// The address would send the container's token to a stranger in plain text.
    pub fn find(configured: &dyn Configured) -> Result<Option<Self>, IdentityError> {
        let relative = configured.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
        let relative = relative.map(|path| format!("{CONTAINER}{path}"));
        let Some(url) = relative.or_else(|| configured.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI")) else {
            return Ok(None);
        };
        if !is_trusted(&url) {
            return Err(IdentityError::Unusable(
                "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https, or an address of this machine".into(),
            ));
        }
        Ok(Some(Self {
            url,
            token: configured
                .variable("AWS_CONTAINER_AUTHORIZATION_TOKEN")
                .map(Secret::new),
            token_file: configured.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
        }))
    }

    pub async fn keys(&self, http: &Http) -> Result<Lease<Keys>, IdentityError> {
        let token = match &self.token_file {
            Some(file) => Some(Secret::new(read_file(file)?)),
            None => self.token.clone(),
        };
        let mut request = http.metadata(http.get(&self.url));
        if let Some(token) = token {
            request = request.header("authorization", token.expose());
        }
        lease(&http::json(request).await?)
    }
}

/// Plain text goes to this machine and to the addresses of container services alone.
fn is_trusted(url: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(url) else {
        return false;
    };
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_matches(['[', ']']);
    let is_local = host == "localhost"
        || host
            .parse()
            .is_ok_and(|address: std::net::IpAddr| address.is_loopback());
    url.scheme() == "https" || is_local || ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"].contains(&host)
}

/// A virtual machine's metadata service, version 2.
#[derive(Debug)]
pub struct Machine {
    endpoint: String,
}

impl Machine {
    /// `None` where `AWS_EC2_METADATA_DISABLED` says so.
    pub fn find(configured: &dyn Configured) -> Option<Self> {
        let is_disabled = configured.variable("AWS_EC2_METADATA_DISABLED");
        if is_disabled.is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return None;
        }
        let endpoint = configured.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
        let endpoint = endpoint.unwrap_or_else(|| MACHINE.into());
        Some(Self {
            endpoint: endpoint.trim_end_matches('/').to_owned(),
        })
    }

    pub async fn keys(&self, http: &Http) -> Result<Lease<Keys>, IdentityError> {
        let endpoint = &self.endpoint;
        let request = http.put(&format!("{endpoint}/latest/api/token"));
        let request = request.header("x-aws-ec2-metadata-token-ttl-seconds", "300");
        let session = Secret::new(http::text(http.metadata(request)).await.map_err(not_here)?);
        let get = |path: &str| {
            let request = http.get(&format!("{endpoint}/latest/meta-data/iam/security-credentials/{path}"));
            http.metadata(request.header("x-aws-ec2-metadata-token", session.expose()))
        };
        let roles = http::text(get("")).await?;
        let role = roles.lines().next().unwrap_or_default().trim();
        lease(&http::json(get(role)).await?)
    }
}

/// Most who come so far have no machine at AWS, but have forgotten their keys.
fn not_here(error: IdentityError) -> IdentityError {
    match error {
        IdentityError::Unreachable { .. } => IdentityError::Unusable(
            "there are no AWS keys, and this machine is none of AWS that has a role: set `aws_access_key_id` and `aws_secret_access_key`, `aws_profile_name`, or the environment variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY".into(),
        ),
        other => other,
    }
}

fn lease(answer: &Answer) -> Result<Lease<Keys>, IdentityError> {
    Ok(Lease {
        value: Keys {
            access_key_id: Secret::new(answer.text("AccessKeyId")?),
            secret_access_key: Secret::new(answer.text("SecretAccessKey")?),
            session_token: answer.text("Token").ok().map(Secret::new),
        },
        lasts: Some(answer.text("Expiration").map_or(SHORT, until)),
    })
}

/// From now to this time, which is of RFC 3339.
pub fn until(time: &str) -> Duration {
    let until = humantime::parse_rfc3339_weak(time.trim());
    until.map_or(SHORT, |until| {
        until.duration_since(SystemTime::now()).unwrap_or_default()
    })
}
