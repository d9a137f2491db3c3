//! `settings`: the operator's settings for this use of the plugin.

use super::Guest;
use super::bindings::settings::Host;

impl Host for Guest {
    fn get(&mut self) -> wasmtime::Result<String> {
        Ok(self.identity.settings.to_string())
    }
}
