//! The functions of the host that a plugin may call. On `wasm32` they are the component's imports; on other targets,
//! for unit tests, [`crate::testing`] answers them.

#[cfg(target_arch = "wasm32")]
use crate::bindings::imports::sluice::plugin as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::testing::host;

pub mod candidates;

pub(crate) fn settings() -> String {
    host::settings::get()
}

/// The current exchange. An instance that has read anything not neutral serves no other exchange
/// (`wit/0.2.1/exchange.wit`).
pub mod exchange {
    use super::host;

    pub use host::exchange::{
        attribute, body, field, id, is_streaming, model_group, operation, prompt_tokens, seed, started_ms,
    };
}

/// The deployment of the current attempt, and the headers of the upstream's answer.
pub mod deployment {
    use super::host;

    pub use host::deployment::{has_parameter, parameter, response_header};

    /// A parameter that is a string, without its JSON quotes; `None` if it is absent or of another type.
    #[must_use]
    pub fn text(name: &str) -> Option<String> {
        serde_json::from_str(&parameter(name)?).ok()
    }

    /// Whether a parameter is `true`; false if it is absent or of another type.
    #[must_use]
    pub fn is_true(name: &str) -> bool {
        parameter(name).is_some_and(|json| json == "true")
    }
}

/// A small key-value store that the instances of a plugin share, with one namespace for each plugin.
pub mod state {
    pub use crate::bindings::imports::sluice::plugin::state::Error;

    use super::host;

    pub use host::state::{get, increment, set};
}

/// Notes of the current exchange: what a call leaves, later calls of the plugin find, of whatever kind and instance, until
/// the exchange ends.
pub mod notes {
    pub use crate::bindings::imports::sluice::plugin::notes::Error;

    use super::host;

    pub use host::notes::{get, publish, put};
}

/// Outbound HTTP to the hosts that the operator allows.
pub mod http {
    pub use crate::bindings::imports::sluice::plugin::http::{Error, Request, Response};

    use super::host;

    pub use host::http::send;
}

/// Log lines; the host adds plugin and exchange.
pub mod log {
    pub use crate::bindings::imports::sluice::plugin::log::Level;

    use super::host;

    pub use host::log::write;

    /// Writes detail for the search for a fault.
    pub fn debug(message: &str) {
        write(Level::Debug, message);
    }

    /// Writes something that may interest the operator.
    pub fn info(message: &str) {
        write(Level::Info, message);
    }

    /// Writes something that the operator should look at.
    pub fn warn(message: &str) {
        write(Level::Warn, message);
    }

    /// Writes something that the operator must fix.
    pub fn error(message: &str) {
        write(Level::Error, message);
    }
}
