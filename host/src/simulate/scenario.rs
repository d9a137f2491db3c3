//! What happens to the gateway in a simulation: who asks when, and how deployments behave.

use fastrand::Rng;
use serde::Deserialize;

/// A scenario, as `sluice simulate --load FILE` reads it: YAML with these keys, each of which may be left out.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scenario {
    /// All that is random follows from it.
    pub seed: u64,
    pub exchanges: u64,
    /// Exchanges a second, on average; they come at random (a Poisson process).
    pub per_second: f64,
    /// The model that is asked for; default: the configuration's first.
    pub model: Option<String>,
    /// Share of the exchanges that are streams.
    pub streams: f64,
    pub prompt_tokens: Spread,
    pub completion_tokens: Spread,
    /// Tags of every request, for `enable_tag_filtering`.
    pub tags: Vec<String>,
    /// Of each deployment, the first entry that fits its id.
    pub deployments: Vec<Behaviour>,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            seed: 1,
            exchanges: 100_000,
            per_second: 10.0,
            model: None,
            streams: 0.5,
            prompt_tokens: Spread {
                median: 400.0,
                p84: 1_200.0,
            },
            completion_tokens: Spread {
                median: 150.0,
                p84: 450.0,
            },
            tags: Vec::new(),
            deployments: Vec::new(),
        }
    }
}

/// A log-normal distribution, by two of its points: half of the samples are below the first, 84 % below the second.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    pub median: f64,
    pub p84: f64,
}

impl Spread {
    pub fn draw(&self, random: &mut Rng) -> f64 {
        // Box and Muller: two uniform numbers make a normal one.
        let radius = (-2.0 * (1.0 - random.f64()).ln()).sqrt();
        let normal = radius * (std::f64::consts::TAU * random.f64()).cos();
        self.median * (self.p84 / self.median).powf(normal)
    }
}

/// How deployments behave whose id fits.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Behaviour {
    /// An id; `*` stands for any text.
    #[serde(rename = "match")]
    pub ids: String,
    pub first_token_ms: Spread,
    pub tokens_per_second: f64,
    /// Attempts at once up to which none slows the others; beyond, all take longer in proportion.
    pub capacity: u32,
    /// Attempts at once from which on further ones are refused as overload; default four times the capacity.
    pub refuses_at: Option<u32>,
    /// Share of the attempts that end in an error of the provider.
    pub failures: f64,
    pub outages: Vec<Outage>,
    /// After the beginning, and after each outage: seconds in which answers take three times as long.
    pub warm_up_s: f64,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            ids: "*".into(),
            first_token_ms: Spread {
                median: 300.0,
                p84: 500.0,
            },
            tokens_per_second: 60.0,
            capacity: 50,
            refuses_at: None,
            failures: 0.001,
            outages: Vec::new(),
            warm_up_s: 0.0,
        }
    }
}

impl Behaviour {
    pub fn fits(&self, id: &str) -> bool {
        match self.ids.split_once('*') {
            Some((start, end)) => id.len() >= start.len() + end.len() && id.starts_with(start) && id.ends_with(end),
            None => self.ids == id,
        }
    }
}

/// A time in which nothing works.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outage {
    pub from_s: f64,
    pub for_s: f64,
    /// What every attempt meets.
    #[serde(rename = "as")]
    pub kind: Trouble,
}

/// A way to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// 500, after a while.
    Error,
    /// The connection is refused at once.
    Refused,
    /// No answer, until the gateway's own limit.
    Hang,
    /// 429, without `Retry-After`.
    RateLimit,
}

/// What most models write at most.
const COMPLETION_TOKENS_MAX: f64 = 8_192.0;

/// One exchange to come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arrival {
    /// Seconds since the beginning.
    pub at: f64,
    pub is_streaming: bool,
    pub prompt_tokens: u32,
    pub completion_tokens: u32,
}

impl Scenario {
    /// All exchanges, in order; the same each time.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "tokens are few enough, and none is negative"
    )]
    pub fn arrivals(&self) -> impl Iterator<Item = Arrival> + use<> {
        let scenario = self.clone();
        let mut random = Rng::with_seed(self.seed);
        let mut at = 0.0;
        (0..self.exchanges).map(move |_| {
            at += -(1.0 - random.f64()).ln() / scenario.per_second;
            Arrival {
                at,
                is_streaming: random.f64() < scenario.streams,
                prompt_tokens: scenario.prompt_tokens.draw(&mut random).clamp(1.0, 1e6) as u32,
                completion_tokens: scenario
                    .completion_tokens
                    .draw(&mut random)
                    .clamp(1.0, COMPLETION_TOKENS_MAX) as u32,
            }
        })
    }

    /// Why it makes no sense, if it does not.
    ///
    /// # Errors
    /// The key and what it must be.
    pub fn check(&self) -> Result<(), String> {
        let is_positive = |number: f64| number.is_finite() && number > 0.0;
        let spread = |name: &str, spread: &Spread| match is_positive(spread.median) && spread.p84 >= spread.median {
            true => Ok(()),
            false => Err(format!("`{name}`: `median` must be above 0, and `p84` no less")),
        };
        if !is_positive(self.per_second) {
            return Err("`per_second` must be above 0".into());
        }
        if !(0.0..=1.0).contains(&self.streams) {
            return Err("`streams` is a share, from 0 to 1".into());
        }
        spread("prompt_tokens", &self.prompt_tokens)?;
        spread("completion_tokens", &self.completion_tokens)?;
        for own in &self.deployments {
            spread("first_token_ms", &own.first_token_ms)?;
            if !is_positive(own.tokens_per_second) || own.capacity == 0 || !(0.0..=1.0).contains(&own.failures) {
                return Err(format!(
                    "`deployments`, `match: {}`: `tokens_per_second` and `capacity` must be above 0, `failures` is a share",
                    own.ids
                ));
            }
        }
        Ok(())
    }
}
