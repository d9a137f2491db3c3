//! What routing strategies share: reproducible random numbers, random order by weight, and sorting.
//!
//! A strategy gives each candidate a key, and [`order`] ranks the lowest key first. [`rising`] turns a number into a
//! key. A candidate's [`Turn`] at the end of its key orders candidates whose keys are otherwise equal, at random and by
//! weight:
//!
//! ```
//! use sluice_sdk::candidates::{self, NumberColumn};
//! use sluice_sdk::{ranking, testing::Host};
//! # let columns = [("in-flight".to_owned(), vec![2.0, 0.0])].into();
//! # Host { candidates: 2, columns, ..Host::default() }.install();
//! let turns = ranking::turns(ranking::shares());
//! let load = candidates::numbers(NumberColumn::InFlight);
//! let fewest_first = ranking::order(load.into_iter().map(ranking::rising).zip(turns));
//! assert_eq!(fewest_first, [1, 0]);
//! ```

mod args;
mod random;
#[cfg(test)]
mod tests;

use crate::candidates::{self, NumberColumn};
use crate::exchange;

pub use args::LiteLlmArgs;
pub use random::SplitMix;

/// Number of leading places that a ranking sorts exactly. No exchange makes more attempts, and finding the best 64 of a
/// thousand takes a quarter of the time of sorting all.
pub const EXACT_PLACES: usize = 64;

/// Ranks candidates by their keys, lowest first; key i belongs to candidate i. Equal keys keep the order of the
/// configuration. After the first [`EXACT_PLACES`] the others follow in an unspecified order, the same each time.
pub fn order<K: Ord>(keys: impl IntoIterator<Item = K>) -> Vec<u32> {
    order_of(keys.into_iter().zip(0..))
}

/// Like [`order`], for some of the candidates: each item is a key and its candidate. Other candidates are left out.
pub fn order_of<K: Ord>(keyed: impl IntoIterator<Item = (K, u32)>) -> Vec<u32> {
    let mut keyed: Vec<(K, u32)> = keyed.into_iter().collect();
    let first = if keyed.len() > EXACT_PLACES {
        keyed.select_nth_unstable(EXACT_PLACES - 1);
        &mut keyed[..EXACT_PLACES]
    } else {
        &mut keyed[..]
    };
    first.sort_unstable();
    keyed.into_iter().map(|(_, index)| index).collect()
}

/// Calls `rank` such that only the candidates `indexes` are visible, and returns its ranking as indexes among all
/// candidates. For instance, with another strategy: `among(&fast, || cheapest.rank())`.
///
/// # Errors
/// Those of `rank`.
pub fn among<E>(indexes: &[u32], rank: impl FnOnce() -> Result<Vec<u32>, E>) -> Result<Vec<u32>, E> {
    let ranking = candidates::narrowed(indexes.to_vec(), rank)?;
    Ok(ranking.into_iter().map(|place| indexes[place as usize]).collect())
}

/// A whole number that sorts as `number` does under [`f64::total_cmp`], except that NaN is last whatever its sign.
#[must_use]
pub fn rising(number: f64) -> u64 {
    const SIGN: u64 = 1 << 63;
    let bits = number.to_bits();
    if number.is_nan() {
        u64::MAX
    } else if bits & SIGN == 0 {
        bits | SIGN
    } else {
        !bits
    }
}

/// Each candidate's share of the traffic, as in LiteLLM: the first of the columns `weights`, `request-limits` and
/// `token-limits` that has a positive number; later columns are not read. `None` if no column has one: all candidates
/// are then equal.
#[must_use]
pub fn shares() -> Option<Vec<f64>> {
    let given = |column: &Vec<f64>| column.iter().any(|&share| share > 0.0);
    let columns = [
        NumberColumn::Weights,
        NumberColumn::RequestLimits,
        NumberColumn::TokenLimits,
    ];
    columns.into_iter().map(candidates::numbers).find(given)
}

/// A candidate's place among equals, lowest first: its waiting time, and the random number that was drawn for it.
pub type Turn = (u64, u64);

/// The turns of candidates, from the exchange's seed. Each is computed when it is asked for. Without shares, all
/// candidates are equally likely.
///
/// The method is weighted sampling without replacement by exponential keys: candidate i waits for a random time of mean
/// 1/share, and the order of arrival is the result (Efraimidis and Spirakis, 2006,
/// <https://doi.org/10.1016/j.ipl.2005.11.003>). It holds for any subset of the candidates, so turns may decide within
/// each tie of a longer ranking.
///
/// A candidate without a share waits for ever: it comes after all that have one, in random order, as a last resort.
#[derive(Debug)]
pub struct Turns {
    seed: u32,
    shares: Option<Vec<f64>>,
}

impl Turns {
    /// Turns for these shares, one for each candidate.
    #[must_use]
    pub fn by(shares: Option<Vec<f64>>) -> Self {
        let are_alike = |shares: &Vec<f64>| shares.iter().all(|&share| share > 0.0 && share == shares[0]);
        Self {
            seed: exchange::seed(),
            shares: shares.filter(|shares| !are_alike(shares)),
        }
    }

    /// The turn of one candidate.
    #[must_use]
    pub fn of(&self, index: usize) -> Turn {
        let draw = random::nth(self.seed, index as u64);
        match &self.shares {
            None => (0, draw),
            Some(shares) if shares[index] > 0.0 => (rising(-random::unit(draw).ln() / shares[index]), draw),
            Some(_) => (rising(f64::INFINITY), draw),
        }
    }

    /// A random number for a tie in which shares do not matter; it costs less than a turn.
    #[must_use]
    pub fn lot(&self, index: usize) -> u64 {
        random::nth(self.seed, index as u64)
    }
}

/// The turns of all candidates, in order.
pub fn turns(shares: Option<Vec<f64>>) -> impl Iterator<Item = Turn> {
    let turns = Turns::by(shares);
    (0..).map(move |index| turns.of(index))
}
