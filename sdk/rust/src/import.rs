//! What a plugin may ask of the host. On `wasm32` these are the component's imports; elsewhere, in a plugin's own unit
//! tests, they answer from [`crate::testing`].

#[cfg(target_arch = "wasm32")]
use crate::bindings::imports::sluice::plugin as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::testing::host;

pub mod candidates;

pub(crate) fn settings() -> String {
    host::settings::get()
}

/// The exchange being worked on. Reading what is not neutral (`wit/0.2/exchange.wit`) costs a fresh instance afterwards.
pub mod exchange {
    use super::host;

    pub use host::exchange::{
        attribute, body, field, id, is_streaming, model_group, operation, prompt_tokens, seed, started_ms,
    };
}

/// The deployment being attempted, and the headers of its answer.
pub mod deployment {
    use super::host;

    pub use host::deployment::{has_parameter, parameter, response_header};

    /// A parameter that is a string, without its JSON quotes; `None` when absent or of another type.
    #[must_use]
    pub fn text(name: &str) -> Option<String> {
        serde_json::from_str(&parameter(name)?).ok()
    }

    /// Whether a parameter is `true`.
    #[must_use]
    pub fn is_true(name: &str) -> bool {
        parameter(name).is_some_and(|json| json == "true")
    }
}

/// A small shared store, one namespace a plugin.
pub mod state {
    pub use crate::bindings::imports::sluice::plugin::state::Error;

    use super::host;

    pub use host::state::{get, increment, set};
}

/// Outbound HTTP to the hosts that the operator granted.
pub mod http {
    pub use crate::bindings::imports::sluice::plugin::http::{Error, Request, Response};

    use super::host;

    pub use host::http::send;
}

/// Log lines, tagged by the host with plugin and exchange.
pub mod log {
    pub use crate::bindings::imports::sluice::plugin::log::Level;

    use super::host;

    pub use host::log::write;

    /// Detail for someone who is looking for a fault.
    pub fn debug(message: &str) {
        write(Level::Debug, message);
    }

    /// Something the operator may like to know.
    pub fn info(message: &str) {
        write(Level::Info, message);
    }

    /// Something the operator should look at.
    pub fn warn(message: &str) {
        write(Level::Warn, message);
    }

    /// Something the operator must mend.
    pub fn error(message: &str) {
        write(Level::Error, message);
    }
}
