//! Keys of AWS, found where AWS's own tools find them
//! (<https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html>), and the role that is assumed with them.

mod metadata;
mod profile;
mod sigv4;
mod sts;

use std::future::Future;
use std::pin::Pin;

pub use sigv4::{Signer, hash};

use super::http::Http;
use super::renewed::{Lease, Source as Fetch};
use super::{Configured, IdentityError};
use crate::config::Secret;
use metadata::{Container, Machine};
use profile::Files;
use sts::{Assume, WebIdentity};

/// Where no region is configured, as LiteLLM has it.
const DEFAULT_REGION: &str = "us-west-2";

/// The region that a model's name tells: `us-east-1/…`, or an ARN.
pub fn region_of_model(model: &str) -> Option<String> {
    let of_arn = || {
        let (_, arn) = model.split_once("arn:aws")?;
        arn.split(':').nth(2).filter(|region| !region.is_empty())
    };
    let named = model.split('/').find(|part| is_region(part)).or_else(of_arn);
    named.map(str::to_owned)
}

/// The region of a deployment that names none: of the environment, else of its profile.
pub fn default_region(configured: &dyn Configured) -> String {
    let variables = ["AWS_REGION_NAME", "AWS_REGION", "AWS_DEFAULT_REGION"];
    let of_environment = variables.iter().find_map(|name| configured.variable(name));
    let of_profile = || {
        let name = configured
            .text("aws_profile_name")
            .or_else(|| configured.variable("AWS_PROFILE"));
        Files::of(configured).region(name.as_deref().unwrap_or("default"))
    };
    of_environment
        .or_else(of_profile)
        .unwrap_or_else(|| DEFAULT_REGION.into())
}

/// `us-east-1`, `us-gov-west-1`: words, then a digit.
fn is_region(part: &str) -> bool {
    let parts: Vec<&str> = part.split('-').collect();
    let is_word = |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    match parts.as_slice() {
        [area, words @ .., number] => {
            area.len() == 2
                && !words.is_empty()
                && words.iter().all(is_word)
                && number.parse::<u8>().is_ok_and(|it| it < 10)
        }
        _ => false,
    }
}

/// What signs requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    pub access_key_id: Secret,
    pub secret_access_key: Secret,
    /// Of temporary keys.
    pub session_token: Option<Secret>,
}

impl Keys {
    /// A signer with these keys.
    pub fn signer<'k>(&'k self, region: &'k str, service: &'k str) -> Signer<'k> {
        Signer {
            access_key_id: self.access_key_id.expose(),
            secret_access_key: self.secret_access_key.expose(),
            session_token: self.session_token.as_ref().map(Secret::expose),
            region,
            service,
        }
    }

    /// Keys that stand beside each other: in the configuration, in the environment, in a profile.
    fn of(find: impl Fn(&str) -> Option<Secret>) -> Option<Self> {
        Some(Self {
            access_key_id: find("aws_access_key_id")?,
            secret_access_key: find("aws_secret_access_key")?,
            session_token: find("aws_session_token"),
        })
    }

    fn fingerprint(&self) -> String {
        let token = self.session_token.as_ref().map_or("", Secret::expose);
        format!(
            "{} {} {token}",
            self.access_key_id.expose(),
            self.secret_access_key.expose()
        )
    }
}

/// Where keys come from.
#[derive(Debug)]
enum Origin {
    Static(Keys),
    WebIdentity(WebIdentity),
    /// A role of a profile, assumed with another profile's keys.
    Role(Box<Origin>, Assume),
    Container(Container),
    Machine(Machine),
}

impl Origin {
    /// In AWS's order: the configuration, a named profile, the environment, web identity, the default profile, the
    /// container, the machine.
    fn find(configured: &dyn Configured, region: &str) -> Result<Self, IdentityError> {
        if let Some(keys) = Keys::of(|name| configured.secret(name)) {
            return Ok(Self::Static(keys));
        }
        if let Some(web) = WebIdentity::configured(configured, region)? {
            return Ok(Self::WebIdentity(web));
        }
        let files = Files::of(configured);
        let named = configured
            .text("aws_profile_name")
            .or_else(|| configured.variable("AWS_PROFILE"));
        if let Some(name) = named {
            return files.origin(configured, &name, region);
        }
        let variable = |name: &str| configured.variable(&name.to_uppercase()).map(Secret::new);
        if let Some(keys) = Keys::of(variable) {
            return Ok(Self::Static(keys));
        }
        if let Some(web) = WebIdentity::of_environment(configured, region) {
            return Ok(Self::WebIdentity(web));
        }
        if files.has("default") {
            return files.origin(configured, "default", region);
        }
        Self::of_machine(configured)
    }

    /// What a container or a virtual machine is given.
    fn of_machine(configured: &dyn Configured) -> Result<Self, IdentityError> {
        if let Some(container) = Container::find(configured)? {
            return Ok(Self::Container(container));
        }
        Machine::find(configured).map(Self::Machine).ok_or_else(|| {
            IdentityError::Unusable(
                "there are no AWS keys: set `aws_access_key_id` and `aws_secret_access_key`, `aws_profile_name`, or the environment variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY".into(),
            )
        })
    }

    fn fingerprint(&self) -> String {
        match self {
            Self::Static(keys) => format!("static {}", keys.fingerprint()),
            Self::WebIdentity(web) => format!("web {}", web.fingerprint()),
            Self::Role(origin, assume) => format!("role {assume:?} {}", origin.fingerprint()),
            Self::Container(container) => format!("container {container:?}"),
            Self::Machine(machine) => format!("machine {machine:?}"),
        }
    }

    fn fetch<'a>(
        &'a self,
        http: &'a Http,
    ) -> Pin<Box<dyn Future<Output = Result<Lease<Keys>, IdentityError>> + Send + 'a>> {
        Box::pin(async move {
            match self {
                Self::Static(keys) => Ok(Lease {
                    value: keys.clone(),
                    lasts: None,
                }),
                Self::WebIdentity(web) => web.keys(http).await,
                Self::Role(origin, assume) => assume.keys(http, &origin.fetch(http).await?.value).await,
                Self::Container(container) => container.keys(http).await,
                Self::Machine(machine) => machine.keys(http).await,
            }
        })
    }
}

/// From keys to the keys that sign.
#[derive(Debug)]
pub struct Chain {
    origin: Origin,
    /// `aws_role_name`
    role: Option<Assume>,
}

impl Chain {
    /// # Errors
    /// There are no keys, or what is configured cannot be used.
    pub fn find(configured: &dyn Configured) -> Result<Self, IdentityError> {
        let region = configured
            .text("aws_region_name")
            .unwrap_or_else(|| DEFAULT_REGION.into());
        let origin = Origin::find(configured, &region)?;
        let role = match origin {
            // It was assumed with the web identity already.
            Origin::WebIdentity(_) => None,
            _ => Assume::configured(configured, &region),
        };
        Ok(Self { origin, role })
    }

    /// What tells two chains apart.
    pub fn fingerprint(&self) -> String {
        format!("{:?} {}", self.role, self.origin.fingerprint())
    }
}

/// Keys of a chain.
pub struct Source {
    chain: Chain,
    http: Http,
}

impl Source {
    pub fn new(chain: Chain, http: Http) -> Self {
        Self { chain, http }
    }
}

impl Fetch<Keys> for Source {
    fn fetch(&self) -> Pin<Box<dyn Future<Output = Result<Lease<Keys>, IdentityError>> + Send + '_>> {
        Box::pin(async {
            let lease = self.chain.origin.fetch(&self.http).await?;
            match &self.chain.role {
                Some(role) => role.keys(&self.http, &lease.value).await,
                None => Ok(lease),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::is_region;

    #[test]
    fn regions_are_told_from_models() {
        for region in ["us-east-1", "us-gov-west-1", "ap-southeast-2"] {
            assert!(is_region(region), "{region}");
        }
        for other in [
            "anthropic.claude-3-5-haiku-20241022-v1:0",
            "us",
            "us-1",
            "converse",
            "mistral-7b-2",
        ] {
            assert!(!is_region(other), "{other}");
        }
    }
}
