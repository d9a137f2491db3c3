//! A deployment as exchanges see it: its settings, its adapter, its address, its credential and its health.

mod capability;
pub mod columns;
mod cooldown;
mod credentials;
mod health;
mod health_check;
mod proof;
mod provider;
mod secrets;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use hyper::header::{HeaderName, HeaderValue};

use crate::config::{Secret, settings};
use crate::identity::{Identities, Identity, IdentityError};
use crate::json;
use crate::metrics::{DeploymentCounters, Labels, Metrics};
use crate::plugin::kinds::adapter::Attempted;
use crate::plugin::kinds::adapter::{Adapter, ProviderInfo, Target};
use crate::prices::{Catalogue, Model, Prices};
use crate::upstream::Origin;

pub use capability::Capability;
pub use cooldown::{Failure, Kind as FailureKind, Outage, Own, Probe, Standing};
pub use credentials::{AuthError, prove};
pub use health::{Health, InFlight, Success};
pub use health_check::{Change, CheckFailure, Finding, HealthCheck};
pub use provider::Provider;
pub use secrets::{Secrets, Sent};

/// One configured provider + model + credential + limits, serving a model group.
pub struct Deployment {
    pub settings: settings::Deployment,
    /// The prefix, without the model.
    pub provider: Box<str>,
    /// The model without its prefix. It contains `*` if the deployment serves a wildcard.
    pub model: Box<str>,
    pub target: Arc<Target>,
    /// Tokens and temporary keys, where it does not prove itself by keys of its own.
    identity: Identity,
    /// `None` for a deployment that only mocks.
    pub upstream: Option<Upstream>,
    /// Kept over reloads, by id.
    pub health: Arc<Health>,
    pub counters: Arc<DeploymentCounters>,
    /// `None` if neither the deployment nor the catalogue has prices.
    pub prices: Option<Prices>,
    /// Maximum tokens of a prompt: `model_info.max_input_tokens`, else the catalogue's; `None` if neither is known.
    pub max_input_tokens: Option<u64>,
    /// Maximum tokens of an answer: `model_info.max_output_tokens`, else the catalogue's; `None` if neither is known.
    max_output_tokens: Option<u64>,
    /// Capabilities that its model lacks, as far as they are known.
    pub lacks: Vec<Capability>,
    /// Its region: `region_name`, else the provider's own parameter; `None` if neither is set.
    pub region: Option<Box<str>>,
    /// `tags`: with tag filtering, they decide which requests the deployment serves.
    pub tags: Vec<String>,
    /// `extra_headers` and `headers`. The host adds them and plugins do not see them, since they may contain
    /// credentials.
    pub extra_headers: Vec<(HeaderName, HeaderValue)>,
    /// Texts that must not come back from its upstream.
    pub secrets: Secrets,
    /// `additional_drop_params`: the parts of a request that are never sent to this upstream.
    pub dropped: Vec<json::Path>,
    pub described: Described,
}

/// Values of the headers that name this deployment in answers; `None` if a text cannot be in a header.
pub struct Described {
    pub id: Option<HeaderValue>,
    pub model: Option<HeaderValue>,
    pub base: Option<HeaderValue>,
}

impl Described {
    fn new(settings: &settings::Deployment, upstream: Option<&Upstream>) -> Self {
        let value = |text: &str| HeaderValue::from_str(text).ok();
        Self {
            id: value(&settings.id),
            model: value(&settings.model),
            base: upstream.and_then(|upstream| value(&upstream.base)),
        }
    }
}

/// The provider's server: its adapter, its authentication and its address.
pub struct Upstream {
    pub adapter: Arc<Adapter>,
    /// The provider's description, with its way to authenticate.
    pub provider: Arc<ProviderInfo>,
    pub origin: Arc<Origin>,
    /// Path of the base URL, without a final slash.
    pub path: Box<str>,
    /// The base URL without its query, for headers and records.
    pub base: Box<str>,
    /// The base URL as the operator wrote it. Adapters see this one.
    written_base: Box<str>,
}

/// A deployment and the model that is requested from it. The model depends on the exchange only if the deployment
/// serves a wildcard.
#[derive(Clone)]
pub struct Candidate {
    pub deployment: Arc<Deployment>,
    pub target: Arc<Target>,
}

/// Why a deployment cannot be made. The message follows "deployment `id`: ".
#[derive(Debug, thiserror::Error)]
pub enum DeploymentError {
    #[error("no loaded adapter speaks for provider `{provider}` (of `{model}`)")]
    NoAdapter { provider: String, model: String },
    #[error("which provider serves `{model}` is not known: write it as `provider/{model}`")]
    NoProvider { model: String },
    #[error("provider `{provider}` has no address of its own: set `api_base`{hint}")]
    NoBase { provider: String, hint: String },
    #[error("`api_base`: {0}")]
    BadBase(#[from] crate::upstream::BadBase),
    #[error("`{parameter}` must map header names to values: {reason}")]
    BadHeaders { parameter: &'static str, reason: String },
    #[error(
        "plugin `{plugin}` wants to send its credential to `{address}`: allow that under `sluice.plugins.{plugin}.outbound`"
    )]
    Untrusted { plugin: String, address: String },
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error("price: {0}")]
    Price(#[from] crate::prices::PriceError),
}

/// The parts from which a deployment is made.
pub struct Parts<'a> {
    pub settings: settings::Deployment,
    /// `None` if no loaded adapter serves the provider.
    pub provider: Option<&'a Provider>,
    /// Looks up the provider's own environment variables, such as `OPENAI_API_KEY`.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    pub health: Arc<Health>,
    pub metrics: &'a Metrics,
    pub identities: &'a Identities,
    /// `litellm_settings.drop_params`, for deployments that do not set it.
    pub drop_params: bool,
}

impl Deployment {
    /// Completes the settings with the provider's defaults, and finds prices.
    ///
    /// # Errors
    /// [`DeploymentError`], which says how to correct it.
    pub fn new(provider: &str, model: &str, parts: Parts<'_>) -> Result<Self, DeploymentError> {
        let Parts {
            mut settings,
            provider: served,
            variable,
            health,
            metrics,
            identities,
            drop_params,
        } = parts;
        let extra_headers = take_headers(&mut settings)?;
        let tags = list(&settings, "tags");
        let dropped = list(&settings, "additional_drop_params");
        let dropped = dropped.iter().map(|path| json::Path::parse(path)).collect();
        if let Some(served) = served {
            proof::complete_by_model(&mut settings, served);
            served.read_environment(&mut settings, variable);
        }
        let identity = match served {
            Some(served) if settings.mock_response.is_none() => {
                proof::find(&mut settings, served, variable, identities)?
            }
            _ => Identity::Keys,
        };
        let region = crate::region::of(&settings);
        let upstream = match served {
            Some(served) if settings.mock_response.is_none() => Some(Upstream::new(&settings, served)?),
            _ if settings.mock_response.is_some() => None,
            _ => {
                return Err(DeploymentError::NoAdapter {
                    provider: provider.to_owned(),
                    model: settings.model.clone(),
                });
            }
        };
        complete_parameters(&mut settings, upstream.as_ref(), drop_params);
        let known = Catalogue::bundled().find(provider, model, base_model(&settings).as_deref());
        let max_input_tokens = info_count(&settings, "max_input_tokens").or(known.as_ref().and_then(|it| it.max_input));
        let max_output_tokens =
            info_count(&settings, "max_output_tokens").or(known.as_ref().and_then(|it| it.max_output));
        let lacks = Capability::lacking(&settings, known.as_ref());
        let prices = match Prices::from_parameters(&settings.parameters)? {
            Some(own) => Some(own),
            None => known.map(|known| known.prices),
        };
        let counters = metrics.deployment(Labels {
            group: &settings.group,
            model: &settings.model,
            id: &settings.id,
            api_base: upstream.as_ref().map_or("", |upstream| &upstream.base),
            provider,
        });
        Ok(Self {
            provider: provider.into(),
            model: model.into(),
            target: Arc::new(Target {
                provider: provider.to_owned(),
                model: model.to_owned(),
            }),
            described: Described::new(&settings, upstream.as_ref()),
            secrets: Secrets::of(&settings.credentials, &extra_headers),
            settings,
            identity,
            upstream,
            health,
            counters,
            prices,
            max_input_tokens,
            max_output_tokens,
            lacks,
            region,
            tags,
            extra_headers,
            dropped,
        })
    }

    /// A parameter that an adapter may read, as JSON text. Credentials are never among these.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.settings.parameters.get(name).map(AsRef::as_ref)
    }

    #[must_use]
    pub fn credential(&self, name: &str) -> Option<&Secret> {
        self.settings.credentials.get(name)
    }

    /// Prices of the requested model. For a wildcard, they are looked up for each model.
    #[must_use]
    pub fn prices_of(&self, target: &Target) -> Option<Prices> {
        if !self.model.contains('*') {
            return self.prices.clone();
        }
        let own = Prices::from_parameters(&self.settings.parameters).ok().flatten();
        own.or_else(|| {
            Catalogue::bundled()
                .find(&self.provider, &target.model, None)
                .map(|known| known.prices)
        })
    }

    /// Maximum tokens of an answer for the requested model. For a wildcard, the catalogue's value is looked up for each
    /// model.
    #[must_use]
    pub fn max_output_tokens_of(&self, target: &Target) -> Option<u64> {
        if !self.model.contains('*') {
            return self.max_output_tokens;
        }
        let known = || {
            Catalogue::bundled()
                .find(&self.provider, &target.model, None)?
                .max_output
        };
        self.max_output_tokens.or_else(known)
    }

    /// The purpose of a model of this deployment, in LiteLLM's words (`chat`, `embedding`, …); `None` if neither
    /// `model_info.mode` nor the catalogue defines it.
    #[must_use]
    pub fn mode_of(&self, model: &str) -> Option<String> {
        let own = self
            .settings
            .info
            .get("mode")
            .and_then(|json| serde_json::from_str(json).ok());
        own.or_else(|| {
            let known = Catalogue::bundled().find(&self.provider, model, base_model(&self.settings).as_deref());
            Some(known?.mode.to_owned())
        })
    }

    /// The deployment's own settings of cooldowns.
    #[must_use]
    pub fn own_cooldown(&self) -> Own {
        Own {
            time: self.settings.cooldown_time,
            allowed_fails: self.settings.allowed_fails,
        }
    }

    /// USD per million tokens; NaN when unknown.
    #[must_use]
    pub fn input_usd_per_million(&self) -> f64 {
        self.prices.as_ref().map_or(f64::NAN, Prices::input_per_million)
    }

    /// USD per million tokens; NaN when unknown.
    #[must_use]
    pub fn output_usd_per_million(&self) -> f64 {
        self.prices.as_ref().map_or(f64::NAN, Prices::output_per_million)
    }
}

impl Upstream {
    fn new(settings: &settings::Deployment, served: &Provider) -> Result<Self, DeploymentError> {
        let base = match &settings.api_base {
            Some(base) => base.clone(),
            None => served.base(settings)?,
        };
        // Azure's portal shows base URLs with `?api-version=…`. The adapter reads the version from there; the path must
        // not include it.
        let (origin, path) = Origin::parse(base.split('?').next().unwrap_or_default())?;
        Ok(Self {
            adapter: Arc::clone(&served.adapter),
            provider: Arc::clone(&served.info),
            origin,
            path: path.into(),
            base: base.split('?').next().unwrap_or_default().trim_end_matches('/').into(),
            written_base: base.into(),
        })
    }
}

impl Attempted for Candidate {
    /// `max_output_tokens` is the model's own limit if the configuration does not set it.
    fn parameter(&self, name: &str) -> Option<Cow<'_, str>> {
        let known = || (name == "max_output_tokens").then(|| self.deployment.max_output_tokens_of(&self.target))?;
        let own = self.deployment.parameter(name).map(Cow::Borrowed);
        own.or_else(|| known().map(|tokens| Cow::Owned(tokens.to_string())))
    }

    fn has_credential(&self, name: &str) -> bool {
        let deployment = &self.deployment;
        let is_fetched = name == proof::ENTRA_TOKEN && matches!(deployment.identity, Identity::Azure(_));
        is_fetched || deployment.credential(name).is_some()
    }
}

impl Candidate {
    /// The catalogue's entry of the requested model.
    #[must_use]
    pub fn known(&self) -> Option<Model<'static>> {
        let base = base_model(&self.deployment.settings);
        Catalogue::bundled().find(&self.deployment.provider, &self.target.model, base.as_deref())
    }

    /// A deployment with its own model.
    #[must_use]
    pub fn of(deployment: &Arc<Deployment>) -> Self {
        Self {
            deployment: Arc::clone(deployment),
            target: Arc::clone(&deployment.target),
        }
    }

    /// A wildcard's deployment with the model that the client named.
    #[must_use]
    pub fn with_model(deployment: &Arc<Deployment>, model: String) -> Self {
        let target = Target {
            provider: deployment.provider.to_string(),
            model,
        };
        Self {
            deployment: Arc::clone(deployment),
            target: Arc::new(target),
        }
    }
}

/// Removes `headers` and `extra_headers` from the parameters that adapters may read, and returns them.
fn take_headers(settings: &mut settings::Deployment) -> Result<Vec<(HeaderName, HeaderValue)>, DeploymentError> {
    let mut headers = Vec::new();
    for parameter in ["headers", "extra_headers"] {
        let Some(json) = settings.parameters.remove(parameter) else {
            continue;
        };
        let bad = |reason: String| DeploymentError::BadHeaders { parameter, reason };
        let map: BTreeMap<String, serde_json::Value> =
            serde_json::from_str(&json).map_err(|error| bad(error.to_string()))?;
        for (name, value) in map {
            // YAML reads `x-version: 2` as a number.
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let mut value = HeaderValue::from_str(&value).map_err(|_| bad(format!("the value of `{name}`")))?;
            value.set_sensitive(true);
            headers.push((
                name.parse().map_err(|_| bad(format!("`{name}` is no header name")))?,
                value,
            ));
        }
    }
    Ok(headers)
}

/// A count in `model_info`.
fn info_count(settings: &settings::Deployment, name: &str) -> Option<u64> {
    settings.info.get(name)?.parse().ok()
}

/// A parameter that is a list of strings; empty if it is absent or of another type.
fn list(settings: &settings::Deployment, name: &str) -> Vec<String> {
    settings
        .parameters
        .get(name)
        .and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default()
}

/// Adds the parameters that adapters expect and that are in other places of the configuration.
fn complete_parameters(settings: &mut settings::Deployment, upstream: Option<&Upstream>, drop_params: bool) {
    let base_model = settings.info.get("base_model").cloned();
    let parameters = &mut settings.parameters;
    if let Some(upstream) = upstream {
        parameters.insert("api_base".into(), quoted(&upstream.written_base));
    }
    if let Some(base_model) = base_model {
        parameters.entry("base_model".into()).or_insert(base_model);
    }
    if drop_params {
        parameters.entry("drop_params".into()).or_insert_with(|| "true".into());
    }
}

fn quoted(text: &str) -> Box<str> {
    serde_json::Value::from(text).to_string().into()
}

/// `model_info.base_model`: the model behind the name of an Azure deployment.
fn base_model(settings: &settings::Deployment) -> Option<String> {
    serde_json::from_str(settings.info.get("base_model")?).ok()
}
