//! Tokens that the host signs with a private key of the deployment, as Snowflake's API takes them
//! (<https://docs.snowflake.com/en/developer-guide/sql-api/authenticating#using-key-pair-authentication>). An adapter asks
//! for them under `signed-token` in the `extras` of its provider (`wit/README.md`).

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde_json::json;

use super::jwt::Signer;
use super::renewed::{Lease, Source as Fetch};
use super::token_exchange::value;
use super::{Configured, IdentityError, read_file};
use crate::config::Secret;

/// How long a token is valid. Snowflake takes an hour at most.
const LASTS: Duration = Duration::from_secs(55 * 60);

/// What an adapter says: places of parameters, such as `{account_id}`, which are filled in here.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedToken {
    /// A private RSA key in PEM, or the path of a file with one.
    key: String,
    /// What the token is for: each of these parameters, in upper case, with a period between them.
    subject: Vec<String>,
}

/// A key and what is signed with it.
pub struct Claim {
    key: Secret,
    subject: String,
}

impl SignedToken {
    /// # Errors
    /// It is not what `wit/README.md` says.
    pub fn read(json: &str) -> Result<Self, IdentityError> {
        serde_json::from_str(json).map_err(|error| {
            IdentityError::Unusable(format!(
                "its adapter says `signed-token` in a way that cannot be read: {error}"
            ))
        })
    }

    /// `None` if the key or a part of the subject is not configured.
    ///
    /// # Errors
    /// The key cannot be used.
    pub fn fill(&self, configured: &dyn Configured) -> Result<Option<Claim>, IdentityError> {
        let is_place = |template: &str| template.starts_with('{') && template.ends_with('}');
        if !is_place(&self.key) || !self.subject.iter().all(|part| is_place(part)) {
            let sentence = "its adapter says `signed-token` with something else than places of parameters";
            return Err(IdentityError::Unusable(sentence.into()));
        }
        // No credential: the token can be read by whoever gets it.
        let part = |template: &String| Some(configured.text(template.trim_matches(['{', '}']))?.to_uppercase());
        let subject: Option<Vec<_>> = self.subject.iter().map(part).collect();
        let Some((key, subject)) = value(&self.key, configured).zip(subject) else {
            return Ok(None);
        };
        let claim = Claim {
            key,
            subject: subject.join("."),
        };
        claim.signer()?;
        Ok(Some(claim))
    }
}

impl Claim {
    /// What tells two claims apart.
    pub fn fingerprint(&self) -> String {
        format!("{}\n{}", self.subject, self.key.expose())
    }

    /// The key. A file is read anew each time, since those who rotate keys replace it.
    fn signer(&self) -> Result<Signer, IdentityError> {
        let given = self.key.expose();
        let signer = match given.contains("-----BEGIN") {
            true => Signer::from_pem(given),
            false => Signer::from_pem(&read_file(given)?),
        };
        signer.map_err(IdentityError::Unusable)
    }

    fn token(&self, now: SystemTime) -> Result<Lease<Secret>, IdentityError> {
        let signer = self.signer()?;
        let issued = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let issuer = format!("{}.SHA256:{}", self.subject, signer.public_fingerprint());
        let header = json!({ "alg": "RS256", "typ": "JWT" });
        let claims = json!({ "iss": issuer, "sub": self.subject, "iat": issued, "exp": issued + LASTS.as_secs() });
        let token = signer.sign(&header, &claims).map_err(IdentityError::Unusable)?;
        Ok(Lease {
            value: Secret::new(token),
            lasts: Some(LASTS),
        })
    }
}

impl Fetch<Secret> for Claim {
    fn fetch(&self) -> Pin<Box<dyn Future<Output = Result<Lease<Secret>, IdentityError>> + Send + '_>> {
        Box::pin(std::future::ready(self.token(SystemTime::now())))
    }
}
