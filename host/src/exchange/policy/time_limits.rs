//! How long one attempt may take. The rules are LiteLLM's (<https://docs.litellm.ai/docs/proxy/timeout>).

use std::time::Duration;

use crate::canonical::Canonical;
use crate::config::settings::{Deployment, Router};
use crate::upstream::TimeLimits;

/// The longest time limit that a client can set. Adding a much larger one to the clock would overflow.
const CLIENT_LIMIT_MAX: Duration = Duration::from_secs(86_400);

/// Time limits that a request sets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    pub whole: Option<Duration>,
    pub first_content: Option<Duration>,
}

impl Asked {
    pub fn of(canonical: &Canonical) -> Self {
        let asked = |names: &[&str], header: &str| {
            let field = names
                .iter()
                .find_map(|name| canonical.field(name))
                .map(|field| field.json);
            let text = field.or_else(|| canonical.headers.get(header)?.to_str().ok())?;
            let limit = Duration::try_from_secs_f64(text.parse().ok()?).ok()?;
            Some(limit.min(CLIENT_LIMIT_MAX))
        };
        Self {
            whole: asked(&["timeout", "request_timeout"], "x-litellm-timeout"),
            first_content: asked(&["stream_timeout"], "x-litellm-stream-timeout"),
        }
    }

    pub fn is_any(self) -> bool {
        self.whole.is_some() || self.first_content.is_some()
    }
}

/// The limits of an attempt at a deployment: the request's own take precedence over the deployment's, those over the
/// router's. `silence`: how long a stream may be silent if neither request nor deployment says so.
pub fn of_attempt(
    asked: Asked,
    deployment: &Deployment,
    router: &Router,
    silence: Duration,
    is_streaming: bool,
) -> TimeLimits {
    let named = asked.whole.or(deployment.timeout);
    let whole = named.unwrap_or(router.timeout);
    if !is_streaming {
        return TimeLimits {
            whole: Some(whole),
            ..TimeLimits::default()
        };
    }
    let first = asked
        .first_content
        .or(deployment.stream_timeout)
        .or(router.stream_timeout)
        .unwrap_or(whole);
    TimeLimits {
        first_byte: Some(first),
        // As with LiteLLM, a stream may last longer than `timeout`, but must not be silent for longer. The router's
        // default is too long for that: it would not notice that an upstream is gone.
        between_chunks: Some(named.unwrap_or(router.timeout.min(silence))),
        whole: None,
    }
}
