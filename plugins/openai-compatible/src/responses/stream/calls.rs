//! The tool calls of a stream. Deltas refer to a call by an index that counts only calls.

use sluice_sdk::Failure;
use sluice_sdk::canonical::{Chunks, Object, Text};

use super::super::output::{nameless, write_call};
use super::super::wire::{Event, Item};

/// The calls of one stream.
#[derive(Default)]
pub struct Calls {
    /// Number of calls so far, which is the index of the next one.
    count: usize,
    /// The calls that have not ended: one, except for servers that interleave calls.
    growing: Vec<Growing>,
}

struct Growing {
    /// The index of the call among the items of the output.
    output_index: u64,
    id: String,
    /// The index of the call among the calls.
    index: usize,
    /// Whether arguments were seen.
    has_arguments: bool,
}

impl Calls {
    pub fn any(&self) -> bool {
        self.count > 0
    }

    /// Begins a call. Arguments that came with its beginning are written at once.
    ///
    /// # Errors
    /// The call has no function name.
    pub fn begin(
        &mut self,
        item: &Item,
        output_index: u64,
        answer: &str,
        chunks: &Chunks,
        out: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        if item.name.is_none() {
            return Err(nameless());
        }
        let index = self.count;
        self.count += 1;
        let arguments = item.arguments();
        let id = item.call_id(answer, index);
        self.growing.push(Growing {
            output_index,
            id: id.decoded().into_owned(),
            index,
            has_arguments: arguments.as_ref().is_some_and(|arguments| !arguments.is_empty()),
        });
        chunks.delta(out, |delta| {
            let mut calls = delta.list("tool_calls");
            let mut call = calls.object();
            call.number("index", index as u64);
            write_call(&mut call, item, &id, arguments.as_ref());
        });
        Ok(())
    }

    /// A piece of a call's arguments. It is a JSON string in both formats, so it is copied.
    pub fn grow(&mut self, event: &Event, chunks: &Chunks, out: &mut Vec<u8>) {
        let Some(piece) = event.delta.as_ref().filter(|piece| !piece.is_empty()) else {
            return;
        };
        let named = |growing: &Growing| event.output_index == Some(growing.output_index);
        // A server may leave the index out. Nearly all calls grow one after the other, so the last one is meant.
        let place = self.growing.iter().position(named);
        let place = place.unwrap_or_else(|| self.growing.len().saturating_sub(1));
        let Some(growing) = self.growing.get_mut(place) else {
            return;
        };
        growing.has_arguments = true;
        let index = growing.index;
        chunks.delta(out, |delta| write_arguments(delta, index, piece));
    }

    /// Called when a call is complete: writes what its events left out.
    ///
    /// # Errors
    /// The call did not begin before, and has no function name.
    pub fn end(
        &mut self,
        item: &Item,
        output_index: u64,
        answer: &str,
        chunks: &Chunks,
        out: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let has_id = |growing: &Growing| growing.id == item.call_id(answer, growing.index).decoded();
        let is_it = |growing: &Growing| growing.output_index == output_index || has_id(growing);
        let Some(place) = self.growing.iter().position(is_it) else {
            self.begin(item, output_index, answer, chunks, out)?;
            self.growing.pop();
            return Ok(());
        };
        let growing = self.growing.remove(place);
        let arguments = item.arguments().filter(|arguments| !arguments.is_empty());
        if let Some(arguments) = arguments.filter(|_| !growing.has_arguments) {
            chunks.delta(out, |delta| write_arguments(delta, growing.index, &arguments));
        }
        Ok(())
    }
}

fn write_arguments(delta: &mut Object, index: usize, arguments: &Text) {
    let mut calls = delta.list("tool_calls");
    let mut call = calls.object();
    call.number("index", index as u64);
    call.object("function").text("arguments", arguments);
}
