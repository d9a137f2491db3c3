//! Reproducible random numbers: the same seed gives the same numbers on every machine.

/// SplitMix64 (Steele, Lea and Flood, 2014, <https://doi.org/10.1145/2714064.2660195>): one addition and three mixing
/// steps for each number. Seeds that differ in one bit give unrelated sequences, so consecutive seeds are safe to use.
#[derive(Debug, Clone)]
pub struct SplitMix(u64);

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

impl SplitMix {
    /// The sequence for this seed.
    #[must_use]
    pub fn new(seed: u32) -> Self {
        Self(u64::from(seed))
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mixed(self.0)
    }

    /// Draws an index with a probability in proportion to its share. Shares must not be negative. `None` if all are 0.
    pub fn by_share(&mut self, shares: &[f64]) -> Option<usize> {
        let mut left = unit(self.bits()) * shares.iter().sum::<f64>();
        let mut is_drawn = |share: f64| {
            left -= share;
            share > 0.0 && left <= 0.0
        };
        // If rounding leaves a remainder, it belongs to the last index with a share.
        let last = || shares.iter().rposition(|&share| share > 0.0);
        shares.iter().position(|&share| is_drawn(share)).or_else(last)
    }

    /// Draws a whole number below `bound`: the upper half of a product. Its bias is below 2^-32, too small to need a
    /// loop.
    pub fn below(&mut self, bound: u32) -> u32 {
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u32
    }
}

/// The number at this place of a seed's sequence, from 0, without computing the earlier ones.
pub(super) fn nth(seed: u32, place: u64) -> u64 {
    mixed(u64::from(seed).wrapping_add(STEP.wrapping_mul(place + 1)))
}

fn mixed(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

/// Converts 64 bits to a number in (0, 1]. It is never 0, whose logarithm is infinite.
#[allow(clippy::cast_precision_loss, reason = "53 bits are exactly what a double holds")]
pub(super) fn unit(bits: u64) -> f64 {
    ((bits >> 11) + 1) as f64 / (1_u64 << 53) as f64
}
