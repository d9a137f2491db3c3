//! What routing strategies share: chance that repeats, random order by weight, sorting, and the limits of the minute.
//!
//! A strategy gives each candidate a key, and [`order`] ranks the lowest key first. [`rising`] makes a key of a number;
//! a candidate's [`Turn`] at the end of its key decides between equals, at random and by weight:
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

/// Places of a ranking that are exact. No exchange makes so many attempts, and finding the first of a thousand takes a
/// quarter of the time of sorting all.
pub const EXACT_PLACES: usize = 64;

/// Candidates by their keys, lowest first; equal keys in the order of the configuration. Key i is candidate i's. After the
/// first [`EXACT_PLACES`] come the others in no particular order, the same each time.
pub fn order<K: Ord>(keys: impl IntoIterator<Item = K>) -> Vec<u32> {
    order_of(keys.into_iter().zip(0..))
}

/// The same of some candidates, each behind its key; the others are left out.
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

/// What `rank` answers where it sees none but these candidates, as indexes among all of them. Another strategy's ranking,
/// say: `among(&fast, || cheapest.rank())`.
///
/// # Errors
/// Those of `rank`.
pub fn among<E>(indexes: &[u32], rank: impl FnOnce() -> Result<Vec<u32>, E>) -> Result<Vec<u32>, E> {
    let ranking = candidates::narrowed(indexes.to_vec(), rank)?;
    Ok(ranking.into_iter().map(|place| indexes[place as usize]).collect())
}

/// A whole number that sorts as `number` does under [`f64::total_cmp`], but for NaN, which is last whatever its sign.
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

/// Each candidate's share of the traffic: the first of the columns `weights`, `request-limits` and `token-limits` that
/// says anything, as in LiteLLM; later ones are not even read. `None` where none does: all are alike.
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

/// A candidate's place among equals, lowest first: how long it waits, and the number that was drawn for it.
pub type Turn = (u64, u64);

/// Turns of candidates by the exchange's seed, each worked out when it is asked for; all candidates are as likely as any
/// other where there are no shares.
///
/// Weighted sampling without replacement, by exponential keys: candidate i comes up after a wait of mean 1/share, and
/// the order of arrival is the order wanted (Efraimidis and Spirakis, 2006, <https://doi.org/10.1016/j.ipl.2005.11.003>).
/// It holds among any of the candidates, so turns may decide within each tie of a longer ranking.
///
/// A candidate without a share waits for ever: it comes after all that have one, in random order, as a last resort.
#[derive(Debug)]
pub struct Turns {
    seed: u32,
    shares: Option<Vec<f64>>,
}

impl Turns {
    /// By shares, one a candidate.
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

    /// A number for a tie in which shares say nothing: cheaper than a turn.
    #[must_use]
    pub fn lot(&self, index: usize) -> u64 {
        random::nth(self.seed, index as u64)
    }
}

/// Every candidate's turn.
pub fn turns(shares: Option<Vec<f64>>) -> impl Iterator<Item = Turn> {
    let turns = Turns::by(shares);
    (0..).map(move |index| turns.of(index))
}
