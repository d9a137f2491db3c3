//! `usage-based-routing-v2`: ranks the deployment with the fewest tokens in the current minute first, and leaves out
//! deployments whose limits the exchange would exceed.
//!
//! **Hook**: `rank`, once for each exchange, before the first attempt; no other hook runs in between.
//! **Reads**: `tokens-this-minute`, which candidates are `exhausted`; for ties `weights`, and only if that column is
//! all zero `request-limits`, then `token-limits`; the exchange's seed. All of this is neutral, so the instance is used
//! again.
//! **Changes**: nothing. **Costs**: O(n log n); a few microseconds for a handful of deployments.

use sluice_sdk::candidates::{self, NumberColumn};
use sluice_sdk::ranking::{self, LiteLlmArgs, Turns};
use sluice_sdk::{Manifest, Plugin, RoutingError, RoutingStrategy};

/// The strategy. It keeps no state between exchanges.
pub struct UsageBasedRouting;

impl Plugin for UsageBasedRouting {
    type Settings = LiteLlmArgs;

    fn manifest() -> Manifest {
        Manifest::new(
            "usage-based-routing-v2",
            env!("CARGO_PKG_VERSION"),
            "Fewest tokens this minute first; those at their rpm or tpm are left out.",
        )
        .settings_schema(LiteLlmArgs::SCHEMA)
    }

    fn new(_: LiteLlmArgs) -> Result<Self, String> {
        Ok(Self)
    }
}

impl RoutingStrategy for UsageBasedRouting {
    fn rank(&mut self) -> Result<Vec<u32>, RoutingError> {
        let exhausted = candidates::exhausted();
        if !exhausted.is_empty() && exhausted.iter().all(|&exhausted| exhausted) {
            return Err(RoutingError::NoneSuitable(format!(
                "none of {} deployments has room for it within its `rpm` and `tpm` of this minute",
                exhausted.len()
            )));
        }
        let turns = Turns::by(ranking::shares());
        let usage = candidates::numbers(NumberColumn::TokensThisMinute);
        let with_room = (0..).zip(exhausted).filter(|(_, exhausted)| !exhausted);
        let keyed = with_room.map(|(index, _)| ((ranking::rising(usage[index]), turns.of(index)), index as u32));
        Ok(ranking::order_of(keyed))
    }
}

#[cfg(feature = "component")]
sluice_sdk::export!(UsageBasedRouting: RoutingStrategy);
