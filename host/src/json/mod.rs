//! JSON as bytes: checked once, looked into by span, edited by splicing. No tree is ever built.
//!
//! Nobody parses what nobody changes. A request body is scanned when it arrives ([`scan()`]): the whole document is
//! checked and the places of its top-level fields are noted. What must change (the model's name, an adapter's merge
//! patch) is collected in a [`Splice`], whose result shares the untouched middle of the body. Inside a value, and in the
//! chunks of a stream, [`find`] walks by span.
//!
//! In reading order: `value` (what a span is), `text` (strings), `grammar` and `scan` (checking), `find`
//! (looking), `parts`, `splice`, `patch`, `replace`, `remove` and `edit` (editing). Everything outside those modules sees offsets only
//! through [`Span`]. Fuzz targets for each stand in `tests/fuzz`.

pub mod edit;
mod error;
pub mod find;
mod grammar;
mod parts;
mod patch;
mod remove;
mod replace;
mod scan;
mod splice;
#[cfg(test)]
pub(crate) mod testing;
pub mod text;
mod value;

pub use error::{Error, Position, Problem};
pub use find::{elements, member, members};
pub(crate) use parts::Assembly;
pub use parts::Parts;
pub use remove::{Path, without};
pub use replace::{ReplaceError, replace};
pub use scan::{DEPTH_CEILING, Fields, Limits, scan};
pub use splice::Splice;
pub use value::{Field, Kind, Span, Value};
