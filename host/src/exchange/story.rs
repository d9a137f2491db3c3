//! [`Story`]: what has happened in an exchange so far. Each phase writes its own part; `account`, `record` and the
//! headers of the answer are made from it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::HeaderMap;
use hyper::header::USER_AGENT;

use super::refusal::Refusal;
use crate::deployment::Candidate;
use crate::prices::Cost;
use crate::usage::Usage;

/// Longer user agents are cut: they go into logs and records.
const USER_AGENT_BYTES_MAX: usize = 256;

/// Errors of failed groups that are kept: they are reported in a header, whose size is limited.
pub const FALLBACK_ERRORS_MAX: usize = 8;

/// What has happened in one exchange: its attempts, guardrails, usage, cost and end.
#[derive(Default, Clone)]
pub struct Story {
    pub user_agent: Option<Box<str>>,
    /// The model group that was found.
    pub group: Option<Box<str>>,
    /// The name that `group` was found under, and the number of attempts before that.
    found_as: Option<(Box<str>, usize)>,
    pub attempts: Vec<AttemptReport>,
    /// Number of model groups that were tried after the first.
    pub fallbacks: usize,
    /// The errors of the groups before the last, at most [`FALLBACK_ERRORS_MAX`].
    pub fallback_errors: Vec<Refusal>,
    pub guardrails: Vec<GuardrailReport>,
    /// Attempts whose stream broke after its first content, if a continuation was tried.
    pub cut_off: Vec<CutOff>,
    /// The usage that the upstream reported, else an estimate; `None` if there is neither.
    pub usage: Option<Usage>,
    /// Whether `usage` is an estimate, at least in part, because an upstream did not report it.
    pub usage_is_estimated: bool,
    pub service_tier: Option<String>,
    pub cost: Option<Cost>,
    /// When the first content was sent to the client.
    pub first_content: Option<Instant>,
    /// Time spent waiting for upstreams, over all attempts.
    pub upstream_time: Duration,
    /// Events of a streamed answer, without `[DONE]`; the completion's tokens are estimated from their number.
    pub content_events: u64,
    /// The body of an answer that was not streamed, in canonical form.
    pub answer: Option<Bytes>,
    /// The chunks of a streamed answer, if a callback records them.
    pub transcript: Option<crate::canonical::join::Transcript>,
    pub ending: Option<Ending>,
    pub took: Option<Duration>,
}

/// How an exchange ended.
#[derive(Debug, Clone)]
pub enum Ending {
    Answered {
        status: u16,
    },
    Refused(Refusal),
    /// A stream that failed after content had been sent.
    Broken(Refusal),
}

/// One attempt at one deployment.
#[derive(Clone)]
pub struct AttemptReport {
    pub candidate: Candidate,
    pub begun: Instant,
    /// `None` while the attempt is running, and if it succeeded.
    pub failure: Option<Refusal>,
}

/// An attempt whose stream broke after its first content.
#[derive(Clone)]
pub struct CutOff {
    pub candidate: Candidate,
    /// Estimated from the length of the prompt and the number of events.
    pub usage: Usage,
}

/// One check by a guardrail; for a stream, all checks by that guardrail together.
#[derive(Debug, Clone)]
pub struct GuardrailReport {
    pub name: Arc<str>,
    pub mode: &'static str,
    /// `success`, `guardrail_intervened` or `guardrail_failed_to_respond`: LiteLLM's terms.
    pub status: &'static str,
    pub took: Duration,
    /// The violation's code, if the guardrail blocked.
    pub code: Option<String>,
}

impl Story {
    pub fn new(headers: &HeaderMap) -> Self {
        let user_agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
        let cut = |text: &str| text[..text.floor_char_boundary(USER_AGENT_BYTES_MAX)].into();
        Self {
            user_agent: user_agent.map(cut),
            ..Self::default()
        }
    }

    /// The attempt that answered, else the last one that failed.
    pub fn last_attempt(&self) -> Option<&AttemptReport> {
        self.attempts.last()
    }

    /// Records that the name `asked` was resolved to `group`.
    pub fn found(&mut self, asked: &str, group: &str) {
        self.group = Some(group.into());
        if self.found_as.as_ref().is_none_or(|(earlier, _)| **earlier != *asked) {
            self.found_as = Some((asked.into(), self.attempts.len()));
        }
    }

    /// What the name `asked` was resolved to: the model group, and the group of the deployment that was tried last for
    /// this name. Both are `None` if another name was resolved since.
    pub fn groups_of(&self, asked: &str) -> [Option<&str>; 2] {
        let Some((_, before)) = self.found_as.as_ref().filter(|(found, _)| **found == *asked) else {
            return [None, None];
        };
        let last = self.attempts.get(*before..).and_then(<[_]>::last);
        let last = last.map(|attempt| attempt.candidate.deployment.settings.group.as_str());
        [self.group.as_deref(), last]
    }

    /// Records that a group failed and that another one is tried.
    pub fn fell_back(&mut self, failure: Refusal) {
        self.fallbacks += 1;
        if self.fallback_errors.len() < FALLBACK_ERRORS_MAX {
            self.fallback_errors.push(failure);
        }
    }

    /// Number of attempts that were not the first one of their group.
    pub fn retries(&self) -> usize {
        self.attempts.len().saturating_sub(1 + self.fallbacks)
    }

    /// Chunks of the streams that were cut off; each counts as one token.
    pub fn cut_off_chunks(&self) -> u64 {
        self.cut_off.iter().map(|cut_off| cut_off.usage.completion_tokens).sum()
    }

    /// Names of the guardrails that checked something, each once, in the order of their first check.
    pub fn applied_guardrails(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for report in &self.guardrails {
            if !names.contains(&report.name.as_ref()) {
                names.push(report.name.as_ref());
            }
        }
        names
    }
}

impl Ending {
    pub fn status(&self) -> u16 {
        match self {
            Self::Answered { status } => *status,
            Self::Refused(refusal) | Self::Broken(refusal) => refusal.cause.status(),
        }
    }

    pub fn failure(&self) -> Option<&Refusal> {
        match self {
            Self::Answered { .. } => None,
            Self::Refused(refusal) | Self::Broken(refusal) => Some(refusal),
        }
    }
}

/// An address in the form that logs and records use: an IPv4-mapped IPv6 address becomes IPv4.
pub fn ip(peer: std::net::SocketAddr) -> IpAddr {
    peer.ip().to_canonical()
}
