//! The strategy that orders the deployments of a rule: another bundled strategy with its default settings.

use sluice_sdk::serde_json::{self, json};
use sluice_sdk::{RoutingError, RoutingStrategy};

type Make = fn() -> Result<Order, String>;

const STRATEGIES: [(&str, Make); 8] = [
    ("simple-shuffle", Order::of::<simple_shuffle::SimpleShuffle>),
    ("adaptive", Order::of::<adaptive::Adaptive>),
    ("least-busy", Order::of::<least_busy::LeastBusy>),
    (
        "latency-based-routing",
        Order::of::<latency_based_routing::LatencyBasedRouting>,
    ),
    ("cost-based-routing", Order::of::<cost_based_routing::CostBasedRouting>),
    (
        "usage-based-routing-v2",
        Order::of::<usage_based_routing_v2::UsageBasedRouting>,
    ),
    (
        "weighted-round-robin",
        Order::of::<weighted_round_robin::WeightedRoundRobin>,
    ),
    ("priority", Order::of::<priority::Priority>),
];

/// Another strategy's function `rank`.
pub(crate) struct Order(Box<dyn FnMut() -> Result<Vec<u32>, RoutingError>>);

impl Order {
    /// The strategy with this name.
    ///
    /// # Errors
    /// There is no such strategy; the message lists those that exist.
    pub fn named(name: &str) -> Result<Self, String> {
        match STRATEGIES.iter().find(|(known, _)| *known == name) {
            Some((_, make)) => make(),
            None => {
                let known = STRATEGIES.map(|(known, _)| known).join("`, `");
                Err(format!("there is no strategy `{name}`: take one of `{known}`"))
            }
        }
    }

    fn of<S: RoutingStrategy>() -> Result<Self, String> {
        let settings = serde_json::from_value(json!({})).map_err(|error| error.to_string())?;
        let mut strategy = S::new(settings)?;
        Ok(Self(Box::new(move || strategy.rank())))
    }

    pub fn rank(&mut self) -> Result<Vec<u32>, RoutingError> {
        (self.0)()
    }
}
