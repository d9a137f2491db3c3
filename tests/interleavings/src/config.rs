//! Of `host/src/config/`: the settings of cooldowns.

#[path = "../../../host/src/config/settings/resilience.rs"]
mod resilience;

pub mod settings {
    pub use super::resilience::Cooldowns;
}

/// What the settings of health checks look at.
#[derive(Debug)]
pub struct Deployment {
    pub group: String,
    pub health_check: resilience::OwnHealthCheck,
}
