//! Health checks: a small request of the gateway itself to one deployment, through the deployment's adapter. It is not an
//! exchange: it is not charged, not recorded, and changes no averages.
//!
//! The request is the same as LiteLLM's (<https://docs.litellm.ai/docs/proxy/health>); the table of operations has it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::refusal::{Cause, Refusal};
use super::state::new_id;
use super::{attempt, masks, outgoing};
use crate::canonical::operation::TestRequest;
use crate::canonical::{Canonical, Operation};
use crate::deployment::{Candidate, CheckFailure, Deployment, Finding};
use crate::json::{self, Limits};
use crate::moment::Moment;
use crate::upstream::{Connections, TimeLimits};

/// Longer answers are an error: the request asks for a few tokens, or for one embedding.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Longer error messages of upstreams are cut.
const MESSAGE_CHARS_MAX: usize = 300;

/// A deployment, and the request to check it with.
pub struct Question {
    candidate: Candidate,
    canonical: Arc<Canonical>,
    timeout: Duration,
}

impl Question {
    /// `None` if there is nothing to ask: the deployment is a mock, a wildcard without `health_check_model`, or for
    /// something that the gateway does not serve.
    #[must_use]
    pub fn to(deployment: &Arc<Deployment>) -> Option<Self> {
        let own = &deployment.settings.health_check;
        let prefix = format!("{}/", deployment.provider);
        let model = own.model.as_deref().unwrap_or(&deployment.model);
        let model = model.strip_prefix(&prefix).unwrap_or(model);
        if deployment.upstream.is_none() || model.contains('*') {
            return None;
        }
        let operation = Operation::of_mode(deployment.mode_of(model).as_deref().unwrap_or("chat"))?;
        let TestRequest { fields, uploads } = (operation.row().health_check)(model, own.tokens_max);
        let body = Bytes::from(fields.to_string());
        let canonical = Canonical {
            id: new_id(),
            operation,
            group: deployment.settings.group.as_str().into(),
            fields: json::scan(&body, Limits::ceiling()).ok()?,
            body,
            uploads,
            seed: fastrand::u32(..),
            started_ms: Moment::now().millis(),
            ..Canonical::empty()
        };
        Some(Self {
            candidate: Candidate::with_model(deployment, model.to_owned()),
            canonical: Arc::new(canonical),
            timeout: own.timeout,
        })
    }

    /// Sends the request, and waits for the whole answer.
    pub async fn put(self, connections: &Connections) -> Finding {
        let begun = Moment::now();
        let deployment = &self.candidate.deployment;
        let failure = match self.answered(connections).await {
            Ok(()) => None,
            Err(refusal) => Some(failure(masks::scrubbed(refusal, deployment))),
        };
        Finding {
            begun,
            at: Moment::now(),
            failure,
        }
    }

    async fn answered(&self, connections: &Connections) -> Result<(), Refusal> {
        let deployment = &self.candidate.deployment;
        let Some(upstream) = &deployment.upstream else {
            return Err(Refusal::new(Cause::Internal, "the deployment has no upstream"));
        };
        let canonical = outgoing::prepare(&self.canonical, deployment)?;
        let limits = TimeLimits {
            whole: Some(self.timeout),
            ..TimeLimits::default()
        };
        let accepted = attempt::send(connections, &canonical, &self.candidate, upstream, limits).await?;
        accepted.check(canonical.operation, deployment, ANSWER_BYTES_MAX).await
    }
}

fn failure(refusal: Refusal) -> CheckFailure {
    CheckFailure {
        status: refusal.cause.status(),
        class: refusal.cause.class(),
        message: refusal.message.chars().take(MESSAGE_CHARS_MAX).collect(),
    }
}
