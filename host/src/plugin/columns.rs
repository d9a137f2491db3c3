//! The candidates of one choice as columns: as they are now, or as a choice of the past saw them.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::deployment::{Candidate, Deployment, Health, is_within};
use crate::moment::Moment;

/// The candidates of one choice.
pub enum Columns {
    Live(Live),
    Recorded(Recorded),
}

/// Deployments, in the order of the configuration.
pub struct Live {
    pub candidates: Vec<Candidate>,
    /// Weights that an alias gives, one a candidate; they replace the deployments' own.
    pub weights: Option<Vec<f64>>,
    /// When the choice is made.
    pub now: Moment,
}

/// Columns by their names in `wit/candidates.wit`; `info.<name>` for attributes. What was not recorded is 0, or empty.
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    pub count: usize,
    pub columns: BTreeMap<String, Values>,
}

macro_rules! columns {
    ($(#[$meta:meta])* $kind:ident { $($column:ident $name:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $kind { $($column),* }

        impl $kind {
            pub const ALL: [Self; [$(Self::$column),*].len()] = [$(Self::$column),*];

            /// As in `wit/candidates.wit`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$column => $name),* }
            }
        }
    };
}

columns! {
    /// Columns of numbers.
    Number {
        Weights "weights",
        LatencySeconds "latency-seconds",
        FirstTokenSeconds "first-token-seconds",
        TokensPerSecond "tokens-per-second",
        SampleAges "sample-ages",
        FailureRates "failure-rates",
        InputPrices "input-prices",
        OutputPrices "output-prices",
    }
}

columns! {
    /// Columns of whole numbers.
    Count {
        Orders "orders",
        InFlight "in-flight",
        RequestsThisMinute "requests-this-minute",
        TokensThisMinute "tokens-this-minute",
        RequestLimits "request-limits",
        TokenLimits "token-limits",
    }
}

columns! {
    /// Columns of text.
    Text {
        Ids "ids",
        Providers "providers",
        Models "models",
        Regions "regions",
    }
}

/// How it is written down who had no room.
pub(super) const EXHAUSTED: &str = "exhausted";

/// What can be asked of a deployment with a word: `fact` in `wit/candidates.wit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    Id,
    Provider,
    Model,
    Tag,
    Region,
}

/// What [`Fact`] is asked of.
struct Facts<'f> {
    id: &'f str,
    provider: &'f str,
    model: &'f str,
    tags: &'f [String],
    region: &'f str,
}

impl Facts<'_> {
    /// But for a region, a word may end in `*`.
    fn has(&self, fact: Fact, word: &str) -> bool {
        let is = |own: &str| match word.strip_suffix('*') {
            Some(start) => own.starts_with(start),
            None => own == word,
        };
        match fact {
            Fact::Id => is(self.id),
            Fact::Provider => is(self.provider),
            Fact::Model => is(self.model),
            Fact::Tag => self.tags.iter().any(|tag| is(tag)),
            Fact::Region => is_within(self.region, word),
        }
    }
}

/// Whether one more request, or so many tokens more, would pass a limit; 0 is none.
fn is_over(limit: u32, used: u32, more: u32) -> bool {
    limit > 0 && used.saturating_add(more) > limit
}

impl Columns {
    /// Which candidates have no room in this minute for a prompt of so many tokens.
    #[must_use]
    pub fn exhausted(&self, prompt_tokens: u32) -> Vec<bool> {
        match self {
            Self::Live(live) => live.each(|Candidate { deployment, .. }| {
                let (health, now) = (&deployment.health, live.now);
                let is_over = |limit: Option<u32>, used: fn(&Health, Moment) -> u32, more| {
                    limit.is_some_and(|limit| is_over(limit, used(health, now), more))
                };
                is_over(deployment.settings.rpm, Health::requests_this_minute, 1)
                    || is_over(deployment.settings.tpm, Health::tokens_this_minute, prompt_tokens)
            }),
            Self::Recorded(recorded) if recorded.columns.contains_key(EXHAUSTED) => {
                let answers = recorded.numbers(EXHAUSTED).into_iter();
                answers.map(|answer| answer > 0.0).collect()
            }
            Self::Recorded(recorded) => {
                let over = |limits, used, more| {
                    let columns = self.counts(limits).into_iter().zip(self.counts(used));
                    columns.map(move |(limit, used)| is_over(limit, used, more))
                };
                let requests = over(Count::RequestLimits, Count::RequestsThisMinute, 1);
                let tokens = over(Count::TokenLimits, Count::TokensThisMinute, prompt_tokens);
                let either = requests.zip(tokens).map(|(requests, tokens)| requests || tokens);
                either.take(recorded.count).collect()
            }
        }
    }

    /// Which candidates are such.
    #[must_use]
    pub fn having(&self, fact: Fact, word: &str) -> Vec<bool> {
        match self {
            Self::Live(live) => live.each(|Candidate { deployment, target }| {
                let facts = Facts {
                    id: &deployment.settings.id,
                    provider: &deployment.provider,
                    model: &target.model,
                    tags: &deployment.tags,
                    region: deployment.region.as_deref().unwrap_or_default(),
                };
                facts.has(fact, word)
            }),
            Self::Recorded(recorded) => {
                let [ids, providers, models, regions] = Text::ALL.map(|column| self.texts(column));
                let tags = self.tags();
                let has = |at: usize| {
                    let facts = Facts {
                        id: &ids[at],
                        provider: &providers[at],
                        model: &models[at],
                        tags: &tags[at],
                        region: &regions[at],
                    };
                    facts.has(fact, word)
                };
                (0..recorded.count).map(has).collect()
            }
        }
    }

    #[must_use]
    pub fn count(&self) -> usize {
        match self {
            Self::Live(live) => live.candidates.len(),
            Self::Recorded(recorded) => recorded.count,
        }
    }

    /// The deployment that candidate `index` is; `None` for one of the past.
    #[must_use]
    pub fn candidate(&self, index: usize) -> Option<&Candidate> {
        match self {
            Self::Live(live) => live.candidates.get(index),
            Self::Recorded(_) => None,
        }
    }

    #[must_use]
    pub fn numbers(&self, column: Number) -> Vec<f64> {
        match self {
            Self::Live(live) => live.numbers(column),
            Self::Recorded(recorded) => recorded.numbers(column.name()),
        }
    }

    #[must_use]
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "what was recorded of a `u32` fits one; anything else in the file is cut to the nearest"
    )]
    pub fn counts(&self, column: Count) -> Vec<u32> {
        match self {
            Self::Live(live) => live.counts(column),
            Self::Recorded(recorded) => {
                let numbers = recorded.numbers(column.name());
                numbers.into_iter().map(|number| number as u32).collect()
            }
        }
    }

    #[must_use]
    pub fn texts(&self, column: Text) -> Vec<String> {
        match self {
            Self::Live(live) => live.texts(column),
            Self::Recorded(recorded) => recorded.texts(column.name()),
        }
    }

    #[must_use]
    pub fn tags(&self) -> Vec<Vec<String>> {
        match self {
            Self::Live(live) => live.each(|candidate| candidate.deployment.tags.clone()),
            Self::Recorded(recorded) => match recorded.columns.get("tags") {
                Some(Values::Lists(lists)) => lists.clone(),
                _ => vec![Vec::new(); recorded.count],
            },
        }
    }

    /// One attribute of each deployment's `model_info`, as JSON text.
    #[must_use]
    pub fn info(&self, name: &str) -> Vec<String> {
        match self {
            Self::Live(live) => {
                let json = |deployment: &Deployment| deployment.settings.info.get(name).map(|json| json.to_string());
                live.each(|candidate| json(&candidate.deployment).unwrap_or_default())
            }
            Self::Recorded(recorded) => recorded.texts(&format!("info.{name}")),
        }
    }
}

impl Live {
    fn each<T>(&self, value: impl Fn(&Candidate) -> T) -> Vec<T> {
        self.candidates.iter().map(value).collect()
    }

    fn numbers(&self, column: Number) -> Vec<f64> {
        let now = self.now;
        let each = |value: fn(&Deployment, Moment) -> f64| self.each(|candidate| value(&candidate.deployment, now));
        match column {
            Number::Weights => match &self.weights {
                Some(weights) => weights.clone(),
                None => each(|deployment, _| deployment.settings.weight.unwrap_or(0.0)),
            },
            Number::LatencySeconds => each(|deployment, _| deployment.health.latency_seconds()),
            Number::FirstTokenSeconds => each(|deployment, _| deployment.health.first_token_seconds()),
            Number::TokensPerSecond => each(|deployment, _| deployment.health.tokens_per_second()),
            Number::SampleAges => each(|deployment, now| deployment.health.sample_age(now)),
            Number::FailureRates => each(|deployment, now| deployment.health.failure_rate(now)),
            Number::InputPrices => each(|deployment, _| deployment.input_usd_per_million()),
            Number::OutputPrices => each(|deployment, _| deployment.output_usd_per_million()),
        }
    }

    fn counts(&self, column: Count) -> Vec<u32> {
        let now = self.now;
        let each = |value: fn(&Deployment, Moment) -> u32| self.each(|candidate| value(&candidate.deployment, now));
        match column {
            Count::Orders => each(|deployment, _| deployment.settings.order.unwrap_or(0)),
            Count::InFlight => each(|deployment, _| deployment.health.in_flight()),
            Count::RequestsThisMinute => each(|deployment, now| deployment.health.requests_this_minute(now)),
            Count::TokensThisMinute => each(|deployment, now| deployment.health.tokens_this_minute(now)),
            Count::RequestLimits => each(|deployment, _| deployment.settings.rpm.unwrap_or(0)),
            Count::TokenLimits => each(|deployment, _| deployment.settings.tpm.unwrap_or(0)),
        }
    }

    fn texts(&self, column: Text) -> Vec<String> {
        self.each(|candidate| match column {
            Text::Ids => candidate.deployment.settings.id.clone(),
            Text::Providers => candidate.deployment.provider.to_string(),
            Text::Models => candidate.target.model.clone(),
            Text::Regions => candidate.deployment.region.as_deref().unwrap_or_default().to_owned(),
        })
    }
}

impl Recorded {
    fn numbers(&self, name: &str) -> Vec<f64> {
        match self.columns.get(name) {
            Some(Values::Numbers(numbers)) => numbers.iter().map(|number| number.0).collect(),
            _ => vec![0.0; self.count],
        }
    }

    fn texts(&self, name: &str) -> Vec<String> {
        match self.columns.get(name) {
            Some(Values::Texts(texts)) => texts.clone(),
            _ => vec![String::new(); self.count],
        }
    }
}

/// One column, as it is written down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Values {
    Numbers(Vec<Written>),
    Texts(Vec<String>),
    Lists(Vec<Vec<String>>),
}

impl Values {
    /// Whether it is what a column is that was not recorded.
    pub(super) fn is_zero(&self) -> bool {
        matches!(self, Self::Numbers(numbers) if numbers.iter().all(|number| *number == Written(0.0)))
    }

    #[must_use]
    pub fn of_numbers(numbers: &[f64]) -> Self {
        Self::Numbers(numbers.iter().copied().map(Written).collect())
    }

    /// 1 for yes.
    #[must_use]
    pub fn of_answers(answers: &[bool]) -> Self {
        Self::Numbers(
            answers
                .iter()
                .map(|&answer| Written(f64::from(u8::from(answer))))
                .collect(),
        )
    }

    #[must_use]
    pub fn of_counts(counts: &[u32]) -> Self {
        Self::Numbers(counts.iter().map(|&count| Written(f64::from(count))).collect())
    }
}

/// A number that JSON gives back bit for bit, but for which NaN it was: whole ones without a fraction, NaN as `null`,
/// infinities as words.
#[derive(Debug, Clone, Copy)]
pub struct Written(pub f64);

impl PartialEq for Written {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits() || self.0.is_nan() && other.0.is_nan()
    }
}

impl Serialize for Written {
    #[allow(
        clippy::cast_possible_truncation,
        reason = "only whole numbers of up to 53 bits are cast"
    )]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;
        let number = self.0;
        if number.is_nan() {
            serializer.serialize_unit()
        } else if number.is_infinite() {
            serializer.serialize_str(if number > 0.0 { "inf" } else { "-inf" })
        } else if number.fract() == 0.0 && number.abs() < WHOLE_MAX && !(number == 0.0 && number.is_sign_negative()) {
            serializer.serialize_i64(number as i64)
        } else {
            serializer.serialize_f64(number)
        }
    }
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "kebab-case")]
        enum Infinite {
            Inf,
            #[serde(rename = "-inf")]
            MinusInf,
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Number(f64),
            Infinite(Infinite),
            NotANumber(()),
        }
        Ok(Self(match Form::deserialize(deserializer)? {
            Form::Number(number) => number,
            Form::Infinite(Infinite::Inf) => f64::INFINITY,
            Form::Infinite(Infinite::MinusInf) => f64::NEG_INFINITY,
            Form::NotANumber(()) => f64::NAN,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_bit_for_bit() {
        let all = [
            0.0,
            -0.0,
            3.0,
            -7.0,
            0.1 + 0.2,
            1e-320,
            f64::MAX,
            1.0 / 3.0,
            9_007_199_254_740_993.0,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
        ];
        let written = Values::of_numbers(&all);
        let json = serde_json::to_string(&written).unwrap();
        assert!(json.starts_with("[0,-0.0,3,-7,0.30000000000000004,"), "{json}");
        assert_eq!(serde_json::from_str::<Values>(&json).unwrap(), written, "{json}");
        let texts = Values::Texts(vec!["inf".into()]);
        let json = serde_json::to_string(&texts).unwrap();
        assert!(serde_json::from_str::<Values>(&json).is_ok());
    }

    #[track_caller]
    fn check_exhausted(columns: &[(&str, &[u32])], expected: &[bool]) {
        let columns = columns
            .iter()
            .map(|(name, counts)| ((*name).to_owned(), Values::of_counts(counts)));
        let columns = Columns::Recorded(Recorded {
            count: expected.len(),
            columns: columns.collect(),
        });
        assert_eq!(columns.exhausted(10), expected);
    }

    #[test]
    fn a_limit_is_reached_by_the_request_that_would_pass_it() {
        let requests: [(&str, &[u32]); 2] = [
            ("request-limits", &[0, 10, 10, 10]),
            ("requests-this-minute", &[99, 9, 10, 11]),
        ];
        check_exhausted(&requests, &[false, false, true, true]);
        let tokens: [(&str, &[u32]); 2] = [
            ("token-limits", &[0, 100, 100, 5]),
            ("tokens-this-minute", &[999, 90, 91, 0]),
        ];
        check_exhausted(&tokens, &[false, false, true, true]);
        let high: [(&str, &[u32]); 2] = [
            ("token-limits", &[u32::MAX, u32::MAX - 1]),
            ("tokens-this-minute", &[u32::MAX, u32::MAX]),
        ];
        check_exhausted(&high, &[false, true]);
        check_exhausted(&[("requests-this-minute", &[1_000, 0])], &[false, false]);
        check_exhausted(&[("exhausted", &[1, 0]), ("request-limits", &[0, 1])], &[true, false]);
    }

    #[test]
    fn what_was_not_recorded_is_nothing() {
        let columns = Columns::Recorded(Recorded {
            count: 2,
            columns: [("orders".to_owned(), Values::of_counts(&[4, 5]))].into(),
        });
        assert_eq!(columns.counts(Count::Orders), [4, 5]);
        assert_eq!(columns.counts(Count::InFlight), [0, 0]);
        assert_eq!(columns.texts(Text::Ids), ["", ""]);
        assert_eq!(columns.info("region"), ["", ""]);
    }
}
