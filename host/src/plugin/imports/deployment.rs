//! `deployment`: the deployment that is being tried, without its credentials, and the headers of its answer.

use std::borrow::Cow;

use super::Guest;
use super::bindings::deployment::Host;
use crate::plugin::attempted::Attempted;
use crate::plugin::crossing::shapes::check_name;

/// Headers of an answer that guests never get: they can contain credentials or name other clients.
const HIDDEN: [&str; 4] = ["set-cookie", "authorization", "proxy-authorization", "www-authenticate"];

impl Guest {
    fn attempted(&self) -> wasmtime::Result<&dyn Attempted> {
        self.attempted
            .as_deref()
            .ok_or_else(|| wasmtime::Error::msg("there is no deployment in this call"))
    }
}

impl Host for Guest {
    fn parameter(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        check_name(&name)?;
        let parameter = self.attempted()?.parameter(&name);
        let readable = parameter.filter(|_| self.identity.parameters.include(&name));
        Ok(readable.map(Cow::into_owned))
    }

    fn has_parameter(&mut self, name: String) -> wasmtime::Result<bool> {
        check_name(&name)?;
        let attempted = self.attempted()?;
        Ok(attempted.parameter(&name).is_some() || attempted.has_credential(&name))
    }

    fn response_header(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        check_name(&name)?;
        if HIDDEN.iter().any(|hidden| name.eq_ignore_ascii_case(hidden)) {
            return Ok(None);
        }
        let value = self.answer_headers.get(name.as_str());
        let value = value.and_then(|value| value.to_str().ok()).map(str::to_owned);
        // Upstreams also write a client's text, or text derived from it, into headers.
        self.has_read_content |= value.is_some();
        Ok(value)
    }
}
