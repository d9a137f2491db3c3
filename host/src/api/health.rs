//! `/health…`. `/health` reports the results of exchanges and health checks. It first checks deployments without a
//! recent result (`sluice.server.health_max_age_ms`). The other paths check no deployments.

use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Response, StatusCode, Uri};
use serde::Serialize;

use super::{json, query};
use crate::body::Body;
use crate::config::settings::{self, HealthChecks};
use crate::deployment::{Deployment, Finding, Outage, Standing};
use crate::exchange::identify;
use crate::gateway::Gateway;
use crate::moment::Moment;

/// Liveness: the process runs.
pub fn alive() -> Response<Body> {
    let mut response = Response::new(Body::from("\"I'm alive!\""));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[derive(Serialize)]
struct Ready {
    status: &'static str,
    litellm_version: &'static str,
    /// Files of the plugins directory that are still being loaded.
    plugins_loading: usize,
}

/// Readiness: a gateway that answers this has a configuration in force. It is ready unless a stop was requested.
pub fn ready(gateway: &Gateway) -> Response<Body> {
    let (code, status) = match gateway.is_stopping() {
        false => (StatusCode::OK, "healthy"),
        true => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
    };
    let mut response = json(&Ready {
        status,
        litellm_version: env!("CARGO_PKG_VERSION"),
        plugins_loading: gateway.snapshot().registry.loading.len(),
    });
    *response.status_mut() = code;
    response
}

#[derive(Serialize)]
struct Health {
    healthy_endpoints: Vec<Endpoint>,
    unhealthy_endpoints: Vec<Endpoint>,
    healthy_count: usize,
    unhealthy_count: usize,
    /// What is configured and does not work.
    faults: Vec<String>,
    uptime_seconds: u64,
}

#[derive(Serialize)]
struct Endpoint {
    model: String,
    model_group: String,
    model_id: String,
    /// Omitted with `health_check_details: false`.
    #[serde(flatten)]
    details: Option<Details>,
}

#[derive(Serialize)]
struct Details {
    api_base: Option<String>,
    in_flight: u32,
    /// Seconds; `null` when not measured yet.
    latency_seconds: Option<f64>,
    first_token_seconds: Option<f64>,
    failure_rate: f64,
    requests_this_minute: u32,
    tokens_this_minute: u32,
    /// The share of its traffic that the deployment gets: 0 in a cooldown or if a failed health check excludes it,
    /// below 1 for a while after a cooldown.
    share: f64,
    /// Why the deployment is out of service; absent if it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    cooldown: Option<Cooldown>,
    /// The error of the last health check, in the place where LiteLLM has it; absent if it passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Absent if the deployment was not checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    health_check: Option<HealthCheck>,
}

#[derive(Serialize)]
struct Cooldown {
    /// LiteLLM's name for the kind of failure.
    kind: &'static str,
    error: String,
    /// Seconds since 1970.
    since: u64,
    /// The length of the whole cooldown in seconds, and the seconds until the deployment is tried again; 0 if the next
    /// exchange may be the probe.
    seconds: f64,
    seconds_left: f64,
}

impl Cooldown {
    fn of(outage: Outage, now: Moment) -> Self {
        Self {
            kind: outage.kind.name(),
            since: outage.since.since_epoch().as_secs(),
            seconds: outage.time.as_secs_f64(),
            seconds_left: outage.remaining(now).as_secs_f64(),
            error: outage.message,
        }
    }
}

#[derive(Serialize)]
struct HealthCheck {
    passed: bool,
    /// Seconds since 1970.
    checked_at: u64,
    /// The time until the answer.
    seconds: f64,
    /// The HTTP status of the failure, and LiteLLM's name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
}

impl HealthCheck {
    fn of(finding: &Finding) -> Self {
        let failure = finding.failure.as_ref();
        Self {
            passed: failure.is_none(),
            checked_at: finding.at.since_epoch().as_secs(),
            seconds: finding.took().as_secs_f64(),
            status: failure.map(|failure| failure.status),
            kind: failure.map(|failure| failure.class),
        }
    }
}

/// The deployments that the caller wants.
struct Filter {
    /// `?model=`: a model group, or the model of a deployment as it is configured.
    model: Option<String>,
    /// `?model_id=`
    id: Option<String>,
}

impl Filter {
    fn of(uri: &Uri) -> Self {
        Self {
            model: query(uri, "model"),
            id: query(uri, "model_id"),
        }
    }

    fn takes(&self, deployment: &settings::Deployment) -> bool {
        let is_model = |model: &String| *model == deployment.group || *model == deployment.model;
        self.model.as_ref().is_none_or(is_model) && self.id.as_ref().is_none_or(|id| *id == deployment.id)
    }

    fn is_any(&self) -> bool {
        self.model.is_some() || self.id.is_some()
    }
}

/// Checks the deployments without a recent result, if the caller may see the deployments.
pub async fn inquire(gateway: &Gateway, headers: &HeaderMap) {
    let master_key = gateway.snapshot().settings.general.master_key.clone();
    if identify(master_key.as_ref(), headers).is_ok() {
        gateway.inquire().await;
    }
}

/// Without the key, the answer is that of the readiness check, since container health checks send no key. With the key,
/// it lists the deployments. A gateway without a master key lists them for every client that it serves.
///
/// If the caller wants certain deployments and none of them is healthy, the status is 503.
pub fn health(gateway: &Gateway, uri: &Uri, headers: &HeaderMap) -> Response<Body> {
    let snapshot = gateway.snapshot();
    if identify(snapshot.settings.general.master_key.as_ref(), headers).is_err() {
        return ready(gateway);
    }
    let now = Moment::now();
    let filter = Filter::of(uri);
    let rules = &snapshot.settings.health_checks;
    let all = snapshot.groups.deployments().iter();
    let asked = all.filter(|deployment| filter.takes(&deployment.settings));
    let (healthy, unhealthy): (Vec<_>, Vec<_>) = asked
        .map(|deployment| Endpoint::of(deployment, rules, now))
        .partition(|(is_healthy, _)| *is_healthy);
    let endpoints = |told: Vec<(bool, Endpoint)>| told.into_iter().map(|(_, endpoint)| endpoint).collect();
    let is_unavailable = filter.is_any() && healthy.is_empty();
    let mut response = json(&Health {
        healthy_count: healthy.len(),
        healthy_endpoints: endpoints(healthy),
        unhealthy_count: unhealthy.len(),
        unhealthy_endpoints: endpoints(unhealthy),
        faults: snapshot
            .faults
            .iter()
            .map(ToString::to_string)
            .chain(gateway.tasks.faults())
            .collect(),
        uptime_seconds: gateway.started.elapsed().as_secs(),
    });
    if is_unavailable {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    response
}

impl Endpoint {
    /// A deployment, and whether it is healthy: it is in service, and its last health check passed, if there was one.
    fn of(deployment: &Deployment, rules: &HealthChecks, now: Moment) -> (bool, Self) {
        let health = &deployment.health;
        let outage = health.outage();
        let is_asked = rules.cover(&deployment.settings) || rules.max_age.is_some();
        let finding = health.health_check.last().filter(|_| is_asked);
        let failure = finding.as_ref().and_then(|finding| finding.failure.as_ref());
        let is_healthy = outage.is_none() && failure.is_none();
        let details = rules
            .show_details
            .then(|| Details::of(deployment, rules, outage, finding, now));
        let endpoint = Self {
            model: deployment.settings.model.clone(),
            model_group: deployment.settings.group.clone(),
            model_id: deployment.settings.id.clone(),
            details,
        };
        (is_healthy, endpoint)
    }
}

impl Details {
    fn of(
        deployment: &Deployment,
        rules: &HealthChecks,
        outage: Option<Outage>,
        finding: Option<Finding>,
        now: Moment,
    ) -> Self {
        let health = &deployment.health;
        let measured = |seconds: f64| Some(seconds).filter(|seconds| !seconds.is_nan());
        Self {
            api_base: deployment.upstream.as_ref().map(|upstream| upstream.base.to_string()),
            in_flight: health.in_flight(),
            latency_seconds: measured(health.latency_seconds()),
            first_token_seconds: measured(health.first_token_seconds()),
            failure_rate: health.failure_rate(now),
            requests_this_minute: health.requests_this_minute(now),
            tokens_this_minute: health.tokens_this_minute(now),
            share: match health.standing(now) {
                _ if health.health_check.speaks_against(rules, now) => 0.0,
                Standing::In => 1.0,
                Standing::Ramping(share) => share,
                Standing::DueForProbe | Standing::Out(_) => 0.0,
            },
            cooldown: outage.map(|outage| Cooldown::of(outage, now)),
            health_check: finding.as_ref().map(HealthCheck::of),
            error: finding.and_then(|finding| Some(finding.failure?.message)),
        }
    }
}
