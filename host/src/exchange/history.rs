//! [`History`]: what has happened in an exchange so far, as a list of events. Phases add events; the headers of the
//! answer, the log line, the record, the metrics and the recorded decisions are made from them.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::refusal::Refusal;
use crate::canonical::join::Transcript;
use crate::deployment::Candidate;
use crate::prices::Cost;
use crate::usage::Usage;

/// Events of an exchange that is answered at once.
const EVENTS_EXPECTED: usize = 8;

/// Something that happened in an exchange.
#[derive(Clone)]
pub enum Event {
    /// The name `asked` was resolved to a model group.
    Found {
        asked: Box<str>,
        group: Box<str>,
    },
    /// An attempt began.
    Attempted {
        candidate: Candidate,
        at: Instant,
    },
    /// The attempt was answered: by a whole answer, or by the first content of a stream.
    Answered {
        at: Instant,
    },
    /// The attempt failed. After `Answered`, its stream broke and another attempt was made to continue it.
    Failed {
        at: Instant,
        refusal: Box<Refusal>,
    },
    /// The attempt's stream broke after this usage, which is estimated from the length of the prompt and the number of
    /// events.
    CutOff {
        usage: Usage,
    },
    /// A model group failed, and another one is tried.
    FellBack(Box<Refusal>),
    /// A request hook has seen the request.
    Hooked(Box<HookReport>),
    /// A guardrail watches a stream. Its report follows at the stream's end.
    Watched {
        guardrail: Arc<str>,
    },
    Guarded(Box<GuardrailReport>),
    /// The first content was sent to the client.
    FirstContent {
        at: Instant,
    },
    /// What the last answer used.
    Used {
        usage: Usage,
        service_tier: Option<String>,
        is_estimated: bool,
    },
    /// Events of a streamed answer, without its end; the completion's tokens are estimated from their number.
    Streamed {
        events: u64,
    },
    /// The body of an answer that was not streamed, in canonical form.
    Said(Bytes),
    /// The chunks of a streamed answer, if a callback records them.
    Transcribed(Box<Transcript>),
    /// Cost of the usage of one deployment.
    Charged(Box<Cost>),
    Ended {
        at: Instant,
        ending: Box<Ending>,
    },
}

/// What has happened in one exchange.
#[derive(Clone)]
pub struct History {
    pub started: Instant,
    events: Vec<Event>,
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
#[derive(Clone, Copy)]
pub struct Attempt<'s> {
    pub candidate: &'s Candidate,
    pub begun: Instant,
    /// `None` while the attempt is running, and if it succeeded.
    pub failure: Option<&'s Refusal>,
}

/// What one request hook did.
#[derive(Debug, Clone)]
pub struct HookReport {
    /// As the configuration names it.
    pub name: String,
    /// `proceed`, `change`, `answer`, `refuse` or `failed`.
    pub decision: &'static str,
    pub took: Duration,
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

impl History {
    pub fn begin() -> Self {
        Self {
            started: Instant::now(),
            events: Vec::with_capacity(EVENTS_EXPECTED),
        }
    }

    pub fn add(&mut self, event: Event) {
        self.events.push(event);
    }

    /// What `pick` makes of each event, in order.
    fn each<'s, T: 's>(&'s self, pick: impl Fn(&'s Event) -> Option<T> + 's) -> impl Iterator<Item = T> + 's {
        self.events.iter().filter_map(pick)
    }

    /// What `pick` makes of the last event that it knows.
    fn last<'s, T>(&'s self, pick: impl Fn(&'s Event) -> Option<T>) -> Option<T> {
        self.events.iter().rev().find_map(pick)
    }
}

/// Model groups and attempts.
impl History {
    /// The model group that was found last.
    pub fn group(&self) -> Option<&str> {
        self.last(|event| match event {
            Event::Found { group, .. } => Some(group.as_ref()),
            _ => None,
        })
    }

    /// What the name `asked` was resolved to: the model group, and the group of the deployment that was tried last for
    /// this name. Both are `None` if another name was resolved since.
    pub fn groups_of(&self, asked: &str) -> [Option<&str>; 2] {
        let (mut found, mut tried_last) = (None, None);
        for event in &self.events {
            match event {
                Event::Found { asked, group } => {
                    if found.is_none_or(|(earlier, _)| earlier != asked) {
                        tried_last = None;
                    }
                    found = Some((asked, group));
                }
                Event::Attempted { candidate, .. } => tried_last = Some(candidate),
                _ => {}
            }
        }
        match found {
            Some((name, group)) if **name == *asked => {
                let own = tried_last.map(|candidate| candidate.deployment.settings.group.as_str());
                [Some(group), own]
            }
            _ => [None, None],
        }
    }

    pub fn attempts(&self) -> impl Iterator<Item = Attempt<'_>> {
        let begun = self.events.iter().enumerate();
        begun.filter_map(|(index, event)| self.attempt(index, event))
    }

    pub fn attempts_made(&self) -> usize {
        let is_attempt = |event: &&Event| matches!(event, Event::Attempted { .. });
        self.events.iter().filter(is_attempt).count()
    }

    /// The attempt that answered, else the last one that failed.
    pub fn last_attempt(&self) -> Option<Attempt<'_>> {
        let begun = self.events.iter().enumerate().rev();
        begun.into_iter().find_map(|(index, event)| self.attempt(index, event))
    }

    fn attempt<'s>(&'s self, index: usize, event: &'s Event) -> Option<Attempt<'s>> {
        let Event::Attempted { candidate, at } = event else {
            return None;
        };
        let after = self.events[index + 1..].iter();
        let own = after.take_while(|event| !matches!(event, Event::Attempted { .. }));
        let failure = own.filter_map(|event| match event {
            Event::Failed { refusal, .. } => Some(refusal.as_ref()),
            _ => None,
        });
        Some(Attempt {
            candidate,
            begun: *at,
            failure: failure.last(),
        })
    }

    /// The errors of the groups before the last.
    pub fn fallback_errors(&self) -> impl Iterator<Item = &Refusal> {
        self.each(|event| match event {
            Event::FellBack(refusal) => Some(refusal.as_ref()),
            _ => None,
        })
    }

    /// Number of model groups that were tried after the first.
    pub fn fallbacks(&self) -> usize {
        self.fallback_errors().count()
    }

    /// Number of attempts that were not the first one of their group.
    pub fn retries(&self) -> usize {
        self.attempts_made().saturating_sub(1 + self.fallbacks())
    }

    /// Chunks of the streams that were cut off; each counts as one token.
    pub fn cut_off_chunks(&self) -> u64 {
        let chunks = self.each(|event| match event {
            Event::CutOff { usage } => Some(usage.completion_tokens),
            _ => None,
        });
        chunks.sum()
    }

    /// Time spent waiting for upstreams: until the first content, that of all attempts; then until the end.
    pub fn upstream_time(&self) -> Duration {
        let (mut spent, mut attempted, mut first_content) = (Duration::ZERO, None, None);
        for event in &self.events {
            match event {
                Event::Attempted { at, .. } if first_content.is_none() => attempted = Some(at),
                Event::Answered { at } | Event::Failed { at, .. } => {
                    spent += attempted
                        .take()
                        .map_or(Duration::ZERO, |begun| at.duration_since(*begun));
                }
                Event::FirstContent { at } => first_content = Some(at),
                Event::Ended { at, .. } => {
                    spent += first_content.map_or(Duration::ZERO, |first| at.duration_since(*first));
                }
                _ => {}
            }
        }
        spent
    }
}

/// Request hooks and guardrails.
impl History {
    pub fn hooks(&self) -> impl Iterator<Item = &HookReport> {
        self.each(|event| match event {
            Event::Hooked(report) => Some(report.as_ref()),
            _ => None,
        })
    }

    pub fn guardrails(&self) -> impl Iterator<Item = &GuardrailReport> {
        self.each(|event| match event {
            Event::Guarded(report) => Some(report.as_ref()),
            _ => None,
        })
    }

    /// Names of the guardrails that checked something, each once, in the order of their first check.
    pub fn applied_guardrails(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        let checking = self.each(|event| match event {
            Event::Guarded(report) => Some(report.name.as_ref()),
            Event::Watched { guardrail } => Some(guardrail.as_ref()),
            _ => None,
        });
        for name in checking {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

/// Usage and cost.
impl History {
    /// What each answer used, also one that a guardrail refused or that was cut off: the deployment, the usage, and the
    /// service tier.
    pub fn used(&self) -> impl Iterator<Item = (&Candidate, Usage, Option<&str>)> {
        let mut attempted = None;
        self.events.iter().filter_map(move |event| match event {
            Event::Attempted { candidate, .. } => {
                attempted = Some(candidate);
                None
            }
            Event::Used {
                usage, service_tier, ..
            } => Some((attempted?, *usage, service_tier.as_deref())),
            Event::CutOff { usage } => Some((attempted?, *usage, None)),
            _ => None,
        })
    }

    /// The usage of all answers; `None` if nothing is known.
    pub fn usage(&self) -> Option<Usage> {
        self.used().map(|(_, usage, _)| usage).reduce(|one, other| one + other)
    }

    /// Whether the usage of the last attempt is known.
    pub fn last_usage_is_known(&self) -> bool {
        let known = self.last(|event| match event {
            Event::Attempted { .. } => Some(false),
            Event::Used { .. } => Some(true),
            _ => None,
        });
        known.unwrap_or(false)
    }

    /// Whether the usage is an estimate, at least in part, because an upstream did not report it.
    pub fn usage_is_estimated(&self) -> bool {
        self.events
            .iter()
            .any(|event| matches!(event, Event::CutOff { .. } | Event::Used { is_estimated: true, .. }))
    }

    /// Events of the streamed answer, without those of streams that were cut off.
    pub fn content_events(&self) -> u64 {
        let streamed = self.last(|event| match event {
            Event::Streamed { events } => Some(*events),
            _ => None,
        });
        streamed.unwrap_or_default()
    }

    pub fn cost(&self) -> Option<Cost> {
        let charged = self.each(|event| match event {
            Event::Charged(cost) => Some(Cost::clone(cost)),
            _ => None,
        });
        charged.reduce(|one, other| one + other)
    }
}

/// The answer and the end.
impl History {
    pub fn answer(&self) -> Option<&Bytes> {
        self.last(|event| match event {
            Event::Said(body) => Some(body),
            _ => None,
        })
    }

    pub fn transcript(&self) -> Option<&Transcript> {
        self.last(|event| match event {
            Event::Transcribed(transcript) => Some(transcript.as_ref()),
            _ => None,
        })
    }

    /// The same history for its record. The transcript may have a megabyte, so it is moved.
    pub fn take(&mut self) -> Self {
        let is_transcript = |event: &mut Event| matches!(event, Event::Transcribed(_));
        let transcript = self.events.extract_if(.., is_transcript).last();
        let mut taken = self.clone();
        taken.events.extend(transcript);
        taken
    }

    pub fn first_content(&self) -> Option<Instant> {
        self.last(|event| match event {
            Event::FirstContent { at } => Some(*at),
            _ => None,
        })
    }

    pub fn ending(&self) -> Option<&Ending> {
        self.last(|event| match event {
            Event::Ended { ending, .. } => Some(ending.as_ref()),
            _ => None,
        })
    }

    /// From the beginning to the end; until now if the exchange has not ended.
    pub fn took(&self) -> Duration {
        let ended = self.last(|event| match event {
            Event::Ended { at, .. } => Some(*at),
            _ => None,
        });
        ended.unwrap_or_else(Instant::now).duration_since(self.started)
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
