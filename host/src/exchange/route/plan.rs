//! Which candidates of a model group may be tried now, and in which levels the strategy ranks them.

use std::time::Duration;

use crate::deployment::{Candidate, Standing};
use crate::exchange::policy::attempts::{Ranked, order};
use crate::moment::Moment;
use crate::snapshot::Found;

/// The candidates of one choice, including those that are left out for now.
pub struct Plan {
    /// By `order`, lowest first: a level is tried when all levels before it have failed. No level is empty.
    pub levels: Vec<Found>,
    /// They are coming back from a cooldown, and this exchange is not in their share of the traffic. They are tried
    /// when the others have failed.
    pub ramping: Vec<Candidate>,
    /// They are in cooldown, for the remaining time.
    pub out: Vec<(Duration, Candidate)>,
}

impl Plan {
    /// `seed` decides whether a deployment that is coming back gets this exchange.
    pub fn of(mut found: Found, seed: u32, now: Moment) -> Self {
        let (mut ramping, mut out) = (Vec::new(), Vec::new());
        found.retain(|candidate| {
            match candidate.deployment.health.standing(now) {
                Standing::In | Standing::DueForProbe => return true,
                Standing::Ramping(share) if draw(seed, candidate) < share => return true,
                Standing::Ramping(_) => ramping.push(candidate.clone()),
                Standing::Out(remaining) => out.push((remaining, candidate.clone())),
            }
            false
        });
        out.sort_by_key(|(remaining, _)| *remaining);
        Self {
            levels: levels(found),
            ramping,
            out,
        }
    }

    /// For the case that no level is left: the candidates that are coming back, else all that are in cooldown, ordered
    /// by the end of the cooldown.
    pub fn least_bad(self) -> Ranked {
        match self.ramping.is_empty() {
            true => self.out.into_iter().map(|(_, candidate)| candidate).collect(),
            false => self.ramping.into(),
        }
    }
}

fn levels(found: Found) -> Vec<Found> {
    let first = match found.candidates.first() {
        None => return Vec::new(),
        Some(first) => order(first),
    };
    if found.candidates.iter().all(|candidate| order(candidate) == first) {
        return vec![found];
    }
    let mut orders: Vec<u32> = found.candidates.iter().map(order).collect();
    orders.sort_unstable();
    orders.dedup();
    let of_level = |level: u32| {
        let mut own = found.clone();
        own.retain(|candidate| order(candidate) == level);
        own
    };
    orders.into_iter().map(of_level).collect()
}

/// A number from 0 to 1 that is always the same for this exchange and deployment.
fn draw(seed: u32, candidate: &Candidate) -> f64 {
    let id = candidate.deployment.settings.id.as_bytes();
    let mixed = id.iter().fold(u64::from(seed), |mixed, byte| {
        (mixed ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    });
    f64::from((mixed >> 32) as u32) / f64::from(u32::MAX)
}
