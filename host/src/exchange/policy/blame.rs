//! Whether a failed attempt counts against its deployment, and as what. Errors of the client say nothing about it.

use super::time_limits::Asked;
use crate::deployment::{Deployment, FailureKind};
use crate::exchange::refusal::Cause;

/// The kind of failure that counts against the deployment; `None` if nothing counts.
pub fn kind(cause: Cause, deployment: &Deployment, asked: Asked) -> Option<FailureKind> {
    match cause {
        // Behind a wildcard, the client chose the model that does not exist.
        Cause::NotFound if deployment.model.contains('*') => None,
        // The client chose the time limit that was too short.
        Cause::Timeout if asked.is_any() => None,
        cause => cause.row().counts,
    }
}
