//! Columns of a past decision, as they were recorded.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Columns, Fact, Facts, Number, Text, is_over};

/// The name of the recorded result of [`Columns::exhausted`].
pub(in crate::plugin) const EXHAUSTED: &str = "exhausted";

/// Columns by their names in `wit/0.2.1/candidates.wit`, and `info.<name>` for attributes. A column that was not recorded is
/// 0 or empty.
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    pub count: usize,
    pub columns: BTreeMap<String, Values>,
}

impl Recorded {
    /// A column of numbers. It has one entry per candidate, whatever the file contains.
    fn written(&self, name: &str) -> Vec<f64> {
        let mut numbers: Vec<f64> = match self.columns.get(name) {
            Some(Values::Numbers(numbers)) => numbers.iter().map(|number| number.0).collect(),
            _ => Vec::new(),
        };
        numbers.resize(self.count, 0.0);
        numbers
    }

    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "what was recorded of a `u32` fits one; anything else in the file is cut to the nearest"
    )]
    fn counts(&self, column: Number) -> Vec<u32> {
        let numbers = self.written(column.name());
        numbers.into_iter().map(|number| number as u32).collect()
    }

    fn words(&self, name: &str) -> Vec<String> {
        let mut texts = match self.columns.get(name) {
            Some(Values::Texts(texts)) => texts.clone(),
            _ => Vec::new(),
        };
        texts.resize(self.count, String::new());
        texts
    }
}

impl Columns for Recorded {
    fn count(&self) -> usize {
        self.count
    }

    fn numbers(&self, column: Number) -> Vec<f64> {
        self.written(column.name())
    }

    fn texts(&self, column: Text) -> Vec<String> {
        self.words(column.name())
    }

    fn tags(&self) -> Vec<Vec<String>> {
        let mut tags = match self.columns.get("tags") {
            Some(Values::Lists(lists)) => lists.clone(),
            _ => Vec::new(),
        };
        tags.resize(self.count, Vec::new());
        tags
    }

    fn info(&self, name: &str) -> Vec<String> {
        self.words(&format!("info.{name}"))
    }

    fn having(&self, fact: Fact, word: &str) -> Vec<bool> {
        let [ids, providers, models, regions] =
            [Text::Ids, Text::Providers, Text::Models, Text::Regions].map(|column| self.texts(column));
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
        (0..self.count).map(has).collect()
    }

    fn exhausted(&self, prompt_tokens: u32) -> Vec<bool> {
        if self.columns.contains_key(EXHAUSTED) {
            return self.written(EXHAUSTED).into_iter().map(|answer| answer > 0.0).collect();
        }
        let over = |limits, used, more| {
            let columns = self.counts(limits).into_iter().zip(self.counts(used));
            columns.map(move |(limit, used)| is_over(limit, used, more))
        };
        let requests = over(Number::RequestLimits, Number::RequestsThisMinute, 1);
        let tokens = over(Number::TokenLimits, Number::TokensThisMinute, prompt_tokens);
        requests
            .zip(tokens)
            .map(|(requests, tokens)| requests || tokens)
            .collect()
    }
}

/// One column in the form in which it is recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Values {
    Numbers(Vec<Written>),
    Texts(Vec<String>),
    Lists(Vec<Vec<String>>),
}

impl Values {
    /// Whether all values are zero, like those of a column that was not recorded.
    pub(in crate::plugin) fn is_zero(&self) -> bool {
        matches!(self, Self::Numbers(numbers) if numbers.iter().all(|number| *number == Written(0.0)))
    }

    #[must_use]
    pub fn of_numbers(numbers: &[f64]) -> Self {
        Self::Numbers(numbers.iter().copied().map(Written).collect())
    }

    /// 1 for true, 0 for false.
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

/// A number that JSON preserves bit by bit, except for the bits of a NaN. Whole numbers are written without a fraction,
/// NaN as `null`, infinities as words.
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
        let columns = Recorded {
            count: expected.len(),
            columns: columns.collect(),
        };
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
        let columns = Recorded {
            count: 2,
            columns: [("orders".to_owned(), Values::of_counts(&[4, 5]))].into(),
        };
        assert_eq!(columns.numbers(Number::Orders), [4.0, 5.0]);
        assert_eq!(columns.numbers(Number::InFlight), [0.0, 0.0]);
        assert_eq!(columns.texts(Text::Ids), ["", ""]);
        assert_eq!(columns.info("region"), ["", ""]);
    }
}
