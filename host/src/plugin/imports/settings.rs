//! `settings`: the operator's settings for this use of the plugin.

use super::bindings::settings::Host;
use super::Guest;

impl Host for Guest {
    fn get(&mut self) -> wasmtime::Result<String> {
        Ok(self.identity.settings.to_string())
    }
}
