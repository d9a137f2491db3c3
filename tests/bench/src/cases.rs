//! What is measured, as a list.

use crate::gateway::Make;
use crate::load::Pattern;
use crate::plans::Variant;
use crate::question::Wanted;

/// What a case's figures are divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Exchange,
    /// With its share of the exchange around it.
    Chunk,
}

/// One case.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    pub name: &'static str,
    /// The model group that gateways are asked for.
    pub group: &'static str,
    /// The model that a proxy without groups is asked for: the upstream's behaviour.
    pub model: &'static str,
    pub wanted: Wanted,
    /// Of the request.
    pub bytes: usize,
    pub pattern: Pattern,
    pub unit: Unit,
    /// The proxies that know no groups can do it too.
    pub has_floor: bool,
    /// Variants of Sluice for which it says something, beside Sluice as it comes.
    pub variants: &'static [Variant],
}

const PLAIN: Case = Case {
    name: "",
    group: "whole",
    model: "whole",
    wanted: Wanted::Whole,
    bytes: 1 << 10,
    pattern: Pattern::Closed(16),
    unit: Unit::Exchange,
    has_floor: true,
    variants: &[],
};

const ALL_BUT_STREAM: &[Variant] = &[
    Variant::Fresh,
    Variant::Guarded,
    Variant::Candidates(4),
    Variant::Candidates(1_000),
    Variant::Logging,
    Variant::Recorded,
    Variant::Blocked,
];

/// In the order of the table.
pub const CASES: &[Case] = &[
    Case {
        name: "1 KB, c=1",
        pattern: Pattern::Closed(1),
        ..PLAIN
    },
    Case {
        name: "1 KB, c=16",
        variants: ALL_BUT_STREAM,
        ..PLAIN
    },
    Case {
        name: "1 KB, c=64",
        pattern: Pattern::Closed(64),
        variants: ALL_BUT_STREAM,
        ..PLAIN
    },
    Case {
        name: "1 KB, c=256",
        pattern: Pattern::Closed(256),
        ..PLAIN
    },
    Case {
        name: "1 KB, 3,000 a second",
        pattern: Pattern::Open(3_000),
        ..PLAIN
    },
    Case {
        name: "100 KB, c=16",
        bytes: 100 << 10,
        ..PLAIN
    },
    Case {
        name: "1 MB, c=4",
        bytes: 1 << 20,
        pattern: Pattern::Closed(4),
        ..PLAIN
    },
    Case {
        name: "stream of 100, burst, c=16",
        group: "burst",
        model: "burst",
        wanted: Wanted::Stream,
        unit: Unit::Chunk,
        variants: &[Variant::StreamGuarded],
        ..PLAIN
    },
    Case {
        name: "stream of 100, own segments, c=64",
        group: "paced",
        model: "paced",
        wanted: Wanted::Stream,
        pattern: Pattern::Closed(64),
        unit: Unit::Chunk,
        variants: &[Variant::StreamGuarded],
        ..PLAIN
    },
    Case {
        // Each takes 4.7 s, so that 200 are open. Pace and rate have no common measure: chunks come evenly.
        name: "stream of 100 in 5 s, 43 a second",
        group: "unhurried",
        model: "unhurried",
        wanted: Wanted::Stream,
        pattern: Pattern::Open(43),
        unit: Unit::Chunk,
        ..PLAIN
    },
    Case {
        name: "OpenAI → Anthropic, 1 KB, c=16",
        group: "anthropic-whole",
        variants: &[Variant::Fresh],
        ..PLAIN
    },
    Case {
        name: "OpenAI → Anthropic, stream, burst, c=16",
        group: "anthropic-burst",
        model: "burst",
        wanted: Wanted::Stream,
        unit: Unit::Chunk,
        ..PLAIN
    },
    Case {
        name: "OpenAI → Anthropic, stream, own segments, c=64",
        group: "anthropic-paced",
        model: "paced",
        wanted: Wanted::Stream,
        pattern: Pattern::Closed(64),
        unit: Unit::Chunk,
        ..PLAIN
    },
    Case {
        name: "OpenAI → Gemini, 1 KB, c=16",
        group: "gemini-whole",
        ..PLAIN
    },
    Case {
        name: "OpenAI → Gemini, stream, burst, c=16",
        group: "gemini-burst",
        model: "burst",
        wanted: Wanted::Stream,
        unit: Unit::Chunk,
        ..PLAIN
    },
    Case {
        name: "OpenAI → Bedrock, 1 KB, c=16",
        group: "bedrock-whole",
        ..PLAIN
    },
    Case {
        name: "OpenAI → Bedrock, stream, burst, c=16",
        group: "bedrock-burst",
        model: "burst",
        wanted: Wanted::Stream,
        unit: Unit::Chunk,
        ..PLAIN
    },
    Case {
        name: "failover, c=16",
        group: "failover",
        has_floor: false,
        ..PLAIN
    },
    Case {
        name: "failover each time, refused, c=1",
        group: "failover-refused",
        pattern: Pattern::Closed(1),
        has_floor: false,
        ..PLAIN
    },
    Case {
        name: "failover each time, 429, c=1",
        group: "failover-limited",
        pattern: Pattern::Closed(1),
        has_floor: false,
        ..PLAIN
    },
];

impl Case {
    /// Whether this gateway is measured with it.
    pub fn is_for(&self, make: Make, name: &str) -> bool {
        let is_variant = |variant: &Variant| variant.name() == name;
        match make {
            Make::Floor | Make::Nginx => self.has_floor,
            Make::Gateway => {
                let is_some_variant = Variant::ALL[1..].iter().any(is_variant);
                !is_some_variant || self.variants.iter().any(is_variant)
            }
        }
    }

    /// What this gateway is asked for.
    pub fn asked_model(&self, make: Make) -> &'static str {
        match make {
            Make::Floor | Make::Nginx => self.model,
            Make::Gateway => self.group,
        }
    }
}
