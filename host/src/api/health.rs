//! `/health…`: cheap, always. No path here asks an upstream anything.

use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Response};
use serde::Serialize;

use super::json;
use crate::body::Body;
use crate::deployment::{Deployment, Outage, Standing};
use crate::exchange::identify;
use crate::gateway::Gateway;
use crate::moment::Moment;

/// The process runs.
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
}

/// It serves: a gateway that answers this has a configuration in force.
pub fn ready(_gateway: &Gateway) -> Response<Body> {
    json(&Ready {
        status: "healthy",
        litellm_version: env!("CARGO_PKG_VERSION"),
    })
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
    api_base: Option<String>,
    in_flight: u32,
    /// Seconds; `null` when not measured yet.
    latency_seconds: Option<f64>,
    first_token_seconds: Option<f64>,
    failure_rate: f64,
    requests_this_minute: u32,
    tokens_this_minute: u32,
    /// Share of its traffic that it takes: less than 1 for a while after a cooldown.
    share: f64,
    /// Why it sits out; absent while it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    cooldown: Option<Cooldown>,
}

#[derive(Serialize)]
struct Cooldown {
    /// LiteLLM's name for the kind of failure.
    kind: &'static str,
    error: String,
    /// Seconds since 1970.
    since: u64,
    /// Seconds that it lasts in all, and until it is tried again; 0 when the next exchange may be the probe.
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

/// Without a key only that it serves, since container health checks call it bare; with one, the deployments. A gateway
/// without a master key shows them to anyone it listens to.
pub fn health(gateway: &Gateway, headers: &HeaderMap) -> Response<Body> {
    let snapshot = gateway.snapshot();
    if identify(snapshot.settings.general.master_key.as_ref(), headers).is_err() {
        return ready(gateway);
    }
    let now = Moment::now();
    let deployments = snapshot.groups.deployments().iter();
    let endpoints = deployments.map(|deployment| Endpoint::of(deployment, now));
    let (healthy, unhealthy): (Vec<_>, Vec<_>) = endpoints.partition(|endpoint| endpoint.cooldown.is_none());
    json(&Health {
        healthy_count: healthy.len(),
        healthy_endpoints: healthy,
        unhealthy_count: unhealthy.len(),
        unhealthy_endpoints: unhealthy,
        faults: snapshot.faults.iter().map(ToString::to_string).collect(),
        uptime_seconds: gateway.started.elapsed().as_secs(),
    })
}

impl Endpoint {
    fn of(deployment: &Deployment, now: Moment) -> Self {
        let health = &deployment.health;
        let measured = |seconds: f64| Some(seconds).filter(|seconds| !seconds.is_nan());
        Self {
            model: deployment.settings.model.clone(),
            model_group: deployment.settings.group.clone(),
            model_id: deployment.settings.id.clone(),
            api_base: deployment.upstream.as_ref().map(|upstream| upstream.base.to_string()),
            in_flight: health.in_flight(),
            latency_seconds: measured(health.latency_seconds()),
            first_token_seconds: measured(health.first_token_seconds()),
            failure_rate: health.failure_rate(now),
            requests_this_minute: health.requests_this_minute(now),
            tokens_this_minute: health.tokens_this_minute(now),
            share: match health.standing(now) {
                Standing::In => 1.0,
                Standing::Ramping(share) => share,
                Standing::DueForProbe | Standing::Out(_) => 0.0,
            },
            cooldown: health.outage().map(|outage| Cooldown::of(outage, now)),
        }
    }
}
