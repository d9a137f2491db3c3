//! `notes`: what a plugin keeps and says of an exchange while it lasts.

use serde_json::value::RawValue;

use super::Guest;
use super::bindings::notes::{Error, Host};
use crate::notes::{ATTRIBUTION, TooLarge};

impl From<TooLarge> for Error {
    fn from(TooLarge: TooLarge) -> Self {
        Self::TooLarge
    }
}

impl Host for Guest {
    fn get(&mut self, key: String) -> wasmtime::Result<Option<Vec<u8>>> {
        let value = self.canonical()?.notes.get(&self.identity.name, &key);
        self.has_read_content |= value.is_some();
        // A replay has no notes.
        if let Some(reads) = &mut self.reads {
            reads.is_partial = true;
        }
        Ok(value)
    }

    fn put(&mut self, key: String, value: Vec<u8>) -> wasmtime::Result<Result<(), Error>> {
        let notes = &self.canonical()?.notes;
        Ok(notes.put(&self.identity.name, &key, value).map_err(Into::into))
    }

    fn publish(&mut self, name: String, json: String) -> wasmtime::Result<Result<(), Error>> {
        let fact = match self.fact(&name, json) {
            Ok(fact) => fact,
            Err(reason) => return Ok(Err(Error::AccessDenied(reason))),
        };
        let notes = &self.canonical()?.notes;
        Ok(notes.publish(&self.identity.name, &name, fact).map_err(Into::into))
    }
}

impl Guest {
    /// The value to publish under a name, or why it may not be published.
    fn fact(&self, name: &str, json: String) -> Result<Box<RawValue>, String> {
        let plugin = &self.identity.name;
        if ATTRIBUTION.contains(&name) {
            if !self.identity.may_attribute {
                self.identity.counters.access_denied.inc();
                return Err(format!(
                    "`{name}` says whom the exchange is counted for: the operator must set `sluice.plugins.{plugin}.attribution: true`"
                ));
            }
            let is_shaped = match name {
                "tags" => serde_json::from_str::<Vec<String>>(&json).is_ok(),
                _ => serde_json::from_str::<String>(&json).is_ok(),
            };
            if !is_shaped {
                let shape = if name == "tags" { "a list of texts" } else { "a text" };
                return Err(format!("`{name}` must be {shape}, as JSON"));
            }
        }
        RawValue::from_string(json).map_err(|error| format!("the value is not JSON: {error}"))
    }
}
