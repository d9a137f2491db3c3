//! `exchange`: the request being worked on, and the record of whether a guest has read what a client wrote.

use super::Guest;
use super::bindings::exchange::Host;
use crate::canonical::Canonical;

impl Guest {
    fn canonical(&self) -> wasmtime::Result<&Canonical> {
        self.exchange
            .as_deref()
            .ok_or_else(|| wasmtime::Error::msg("there is no exchange in this call"))
    }
}

impl Host for Guest {
    fn id(&mut self) -> wasmtime::Result<String> {
        Ok(self.canonical()?.id.to_string())
    }

    fn operation(&mut self) -> wasmtime::Result<String> {
        Ok(self.canonical()?.operation.as_str().to_owned())
    }

    fn model_group(&mut self) -> wasmtime::Result<String> {
        Ok(self.canonical()?.group.to_string())
    }

    fn is_streaming(&mut self) -> wasmtime::Result<bool> {
        Ok(self.canonical()?.is_streaming)
    }

    fn field(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        let canonical = self.canonical()?;
        let Some(field) = canonical.field(&name) else {
            return Ok(None);
        };
        let json = field.json.to_owned();
        let neutral = field.is_neutral;
        self.has_read_content |= !neutral;
        Ok(Some(json))
    }

    fn body(&mut self) -> wasmtime::Result<Vec<u8>> {
        let body = self.canonical()?.body.to_vec();
        self.has_read_content = true;
        Ok(body)
    }

    fn prompt_tokens(&mut self) -> wasmtime::Result<u32> {
        Ok(self.canonical()?.prompt_tokens())
    }

    fn attribute(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        let Some(attribute) = self.canonical()?.attribute(&name) else {
            return Ok(None);
        };
        self.has_read_content |= !attribute.is_neutral;
        Ok(Some(attribute.text))
    }

    fn started_ms(&mut self) -> wasmtime::Result<u64> {
        Ok(self.canonical()?.started_ms)
    }

    fn seed(&mut self) -> wasmtime::Result<u32> {
        Ok(self.canonical()?.seed)
    }
}
