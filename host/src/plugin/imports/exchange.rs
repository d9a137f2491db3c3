//! `exchange`: the request that the guest works on. The imports record whether the guest has read what a client wrote.

use super::Guest;
use super::bindings::exchange::Host;
use crate::canonical::Canonical;
use crate::plugin::crossing::shapes::check_name;

impl Guest {
    pub(super) fn canonical(&self) -> wasmtime::Result<&Canonical> {
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
        Ok(self.canonical()?.operation.row().name.to_owned())
    }

    fn model_group(&mut self) -> wasmtime::Result<String> {
        Ok(self.canonical()?.group.to_string())
    }

    fn is_streaming(&mut self) -> wasmtime::Result<bool> {
        Ok(self.canonical()?.asks_for_stream())
    }

    fn field(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        check_name(&name)?;
        let field = self.canonical()?.field(&name);
        let has_read_content = field.is_some_and(|field| !field.is_neutral);
        let json = field.map(|field| field.json.to_owned());
        self.has_read_content |= has_read_content;
        if let Some(reads) = &mut self.reads {
            reads.field(name, json.clone());
        }
        Ok(json)
    }

    fn body(&mut self) -> wasmtime::Result<Vec<u8>> {
        let body = self.canonical()?.body.to_vec();
        self.has_read_content = true;
        if let Some(reads) = &mut self.reads {
            reads.is_partial = true;
        }
        Ok(body)
    }

    fn prompt_tokens(&mut self) -> wasmtime::Result<u32> {
        Ok(self.canonical()?.prompt_tokens())
    }

    fn attribute(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        check_name(&name)?;
        let attribute = self.canonical()?.attribute(&name);
        self.has_read_content |= attribute.as_ref().is_some_and(|attribute| !attribute.is_neutral);
        let text = attribute.map(|attribute| attribute.text);
        if let Some(reads) = &mut self.reads {
            reads.attribute(name, text.clone());
        }
        Ok(text)
    }

    fn started_ms(&mut self) -> wasmtime::Result<u64> {
        Ok(self.canonical()?.started_ms)
    }

    fn seed(&mut self) -> wasmtime::Result<u32> {
        Ok(self.canonical()?.seed)
    }
}
