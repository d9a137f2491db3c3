//! What happened in an exchange, as the phases tell it: each writes its own part, and only account and record read it.

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

/// Failed groups that a client may be told of: a header has little room.
pub const FALLBACK_ERRORS_MAX: usize = 8;

/// The account of one exchange.
#[derive(Default, Clone)]
pub struct Story {
    pub user_agent: Option<Box<str>>,
    /// The model group that was found.
    pub group: Option<Box<str>>,
    /// The name that it was found under, and the attempts before.
    found_as: Option<(Box<str>, usize)>,
    pub attempts: Vec<AttemptReport>,
    /// Model groups that were asked after the first.
    pub fallbacks: usize,
    /// The errors of the groups before the last, at most [`FALLBACK_ERRORS_MAX`].
    pub fallback_errors: Vec<Refusal>,
    pub guardrails: Vec<GuardrailReport>,
    /// Answers that broke in the middle and went on elsewhere.
    pub cut_off: Vec<CutOff>,
    /// As the upstream counted; `None` when it did not say.
    pub usage: Option<Usage>,
    /// Whether `usage` is an estimate of ours, because the upstream never said.
    pub usage_is_estimated: bool,
    pub service_tier: Option<String>,
    pub cost: Option<Cost>,
    /// When the first content went to the client.
    pub first_content: Option<Instant>,
    /// Time spent waiting for upstreams, all attempts together.
    pub upstream_time: Duration,
    /// Content events relayed so far; the completion's tokens are estimated from them.
    pub content_events: u64,
    /// What was answered, canonical, when someone wants to record it.
    pub answer: Option<Bytes>,
    /// The same put together from the chunks of a stream.
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

/// One try at one deployment.
#[derive(Clone)]
pub struct AttemptReport {
    pub candidate: Candidate,
    pub begun: Instant,
    /// `None` while it is under way and when it succeeded.
    pub failure: Option<Refusal>,
}

/// The beginning of an answer, from a deployment that broke.
#[derive(Clone)]
pub struct CutOff {
    pub candidate: Candidate,
    /// Estimated: it never came to say.
    pub usage: Usage,
}

/// One look of a guardrail.
#[derive(Debug, Clone)]
pub struct GuardrailReport {
    pub name: Arc<str>,
    pub mode: &'static str,
    /// `success`, `guardrail_intervened` or `guardrail_failed_to_respond`, LiteLLM's words.
    pub status: &'static str,
    pub took: Duration,
    /// The violation's code, when it blocked.
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

    /// The attempt that answered, or failed last.
    pub fn last_attempt(&self) -> Option<&AttemptReport> {
        self.attempts.last()
    }

    /// A name that was asked for led to a group.
    pub fn found(&mut self, asked: &str, group: &str) {
        self.group = Some(group.into());
        if self.found_as.as_ref().is_none_or(|(earlier, _)| **earlier != *asked) {
            self.found_as = Some((asked.into(), self.attempts.len()));
        }
    }

    /// Where a name that is being asked for led: the group, and that of the deployment that was asked last.
    pub fn groups_of(&self, asked: &str) -> [Option<&str>; 2] {
        let Some((_, before)) = self.found_as.as_ref().filter(|(found, _)| **found == *asked) else {
            return [None, None];
        };
        let last = self.attempts.get(*before..).and_then(<[_]>::last);
        let last = last.map(|attempt| attempt.candidate.deployment.settings.group.as_str());
        [self.group.as_deref(), last]
    }

    /// A group failed, and another is asked.
    pub fn fell_back(&mut self, failure: Refusal) {
        self.fallbacks += 1;
        if self.fallback_errors.len() < FALLBACK_ERRORS_MAX {
            self.fallback_errors.push(failure);
        }
    }

    /// Attempts that were no group's first.
    pub fn retries(&self) -> usize {
        self.attempts.len().saturating_sub(1 + self.fallbacks)
    }

    /// Chunks of answers that were cut off: each counts as a token.
    pub fn cut_off_chunks(&self) -> u64 {
        self.cut_off.iter().map(|cut_off| cut_off.usage.completion_tokens).sum()
    }

    /// Names of the guardrails that looked, each once, in the order of their first look.
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

/// An address as records name it.
pub fn ip(peer: std::net::SocketAddr) -> IpAddr {
    peer.ip().to_canonical()
}
