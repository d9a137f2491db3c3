//! `usage-based-routing-v2`: ranks the deployment with the fewest tokens this minute first, and leaves out those whose
//! limits the exchange would pass.
//!
//! **Hook**: `rank`, once an exchange, before the first attempt; nothing runs between it and the attempts.
//! **Reads**: `tokens-this-minute`, `request-limits`, `token-limits`; where there are limits `requests-this-minute` and
//! the prompt's length; for ties `weights`; the exchange's seed. All of it neutral, so the instance stays clean and is
//! used again.
//! **Changes**: nothing. **Costs**: O(n log n); a few microseconds for a handful of deployments.

use sluice_sdk::ranking::{self, LiteLlmArgs};
use sluice_sdk::{Manifest, Plugin, RoutingError, RoutingStrategy, candidates};

/// The strategy; it keeps nothing from one exchange to the next.
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
        let exhausted = ranking::exhausted();
        let room = exhausted.iter().filter(|&&exhausted| !exhausted).count();
        if room == 0 && !exhausted.is_empty() {
            return Err(RoutingError::NoneSuitable(format!(
                "none of {} deployments has room for it within its `rpm` and `tpm` of this minute",
                exhausted.len()
            )));
        }
        let turns = ranking::turns(ranking::shares().as_deref());
        let usage = candidates::tokens_this_minute().into_iter().zip(turns);
        let mut order = ranking::order(exhausted.into_iter().zip(usage));
        // The exhausted rank last, and no further than here.
        order.truncate(room);
        Ok(order)
    }
}

#[cfg(feature = "component")]
sluice_sdk::export!(UsageBasedRouting: RoutingStrategy);
