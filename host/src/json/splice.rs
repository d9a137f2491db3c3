//! Editing the top-level fields of a document: edits are collected first, then laid over the original bytes.

use std::borrow::Cow;

use bytes::Bytes;

use super::error::Error;
use super::parts::{Assembly, Parts};
use super::patch::merge;
use super::scan::{Fields, Limits, scan};
use super::text::write_string;
use super::value::{Field, Kind};

/// Edits to the top-level fields of one document, to be applied at once.
///
/// They work as if applied one after the other: a later edit of a field sees what earlier ones made of it. So the
/// host's own removals and defaults go in first and the adapter's patch after them.
///
/// Values are given as JSON text and are not checked here, but for the patch. Their sum is bounded by whoever makes
/// them: configuration, or the size limit on what a plugin returns.
#[derive(Debug, Clone, Default)]
pub struct Splice<'a> {
    edits: Vec<Edit<'a>>,
}

#[derive(Debug, Clone)]
struct Edit<'a> {
    name: Cow<'a, str>,
    change: Change<'a>,
    /// Its place among all edits: sorting by name must not lose it.
    order: usize,
}

#[derive(Debug, Clone)]
enum Change<'a> {
    Set(Cow<'a, [u8]>),
    SetDefault(Cow<'a, [u8]>),
    Remove,
    /// The patch for this field alone, an object.
    Merge(&'a [u8]),
}

impl<'a> Splice<'a> {
    /// Gives the field this value, JSON text, whether it was there or not.
    pub fn set(&mut self, name: impl Into<Cow<'a, str>>, json: impl Into<Cow<'a, [u8]>>) {
        self.edit(name.into(), Change::Set(json.into()));
    }

    /// Gives the field this value, JSON text, unless it is there. A field that is `null` is there.
    pub fn set_default(&mut self, name: impl Into<Cow<'a, str>>, json: impl Into<Cow<'a, [u8]>>) {
        self.edit(name.into(), Change::SetDefault(json.into()));
    }

    /// Takes the field away, if it is there.
    pub fn remove(&mut self, name: impl Into<Cow<'a, str>>) {
        self.edit(name.into(), Change::Remove);
    }

    /// Applies a JSON Merge Patch (RFC 7396): members that are `null` remove, objects are merged into objects, whatever
    /// else replaces.
    ///
    /// # Errors
    /// The patch is not a JSON object that [`scan`] accepts. Nothing of it is applied then.
    pub fn merge(&mut self, patch: &'a [u8], limits: Limits) -> Result<(), Error> {
        for field in &scan(patch, limits)? {
            let change = match field.value.kind {
                Kind::Null => Change::Remove,
                Kind::Object => Change::Merge(field.raw(patch)),
                _ => Change::Set(field.raw(patch).into()),
            };
            self.edit(field.name(patch).unwrap_or_default(), change);
        }
        Ok(())
    }

    /// Whether no edit was asked for, so that [`Splice::finish`] gives back the document.
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    fn edit(&mut self, name: Cow<'a, str>, change: Change<'a>) {
        let order = self.edits.len();
        self.edits.push(Edit { name, change, order });
    }

    /// Lays the edits over `document`, of which `fields` are the scan. Fields keep their order and new ones come last,
    /// in the order they were first named. A document that the edits leave as it was is given back untouched.
    pub fn finish(mut self, document: &Bytes, fields: &Fields) -> Parts {
        if self.edits.is_empty() {
            return Parts::from(document.clone());
        }
        self.edits
            .sort_by(|a, b| a.name.cmp(&b.name).then(a.order.cmp(&b.order)));
        let mut names: Vec<EditsOfName<'_, 'a>> = self
            .edits
            .chunk_by(|a, b| a.name == b.name)
            .map(|edits| EditsOfName { edits, is_used: false })
            .collect();
        let mut writer = ObjectEditor::begin(document, fields);
        for field in fields {
            match find(&mut names, document, field) {
                None => writer.keep(field),
                Some(edits) => writer.put(field, resolve(Some(field.raw(document)), edits)),
            }
        }
        names.retain(|name| !name.is_used);
        names.sort_by_key(|name| name.edits[0].order);
        for name in names {
            if let Outcome::Becomes(json) = resolve(None, name.edits) {
                writer.add(&name.edits[0].name, &json);
            }
        }
        writer.finish()
    }
}

/// The edits of one field in the order they were asked for; never empty.
struct EditsOfName<'e, 'a> {
    edits: &'e [Edit<'a>],
    /// Whether the document has the field.
    is_used: bool,
}

fn find<'e, 'a>(names: &mut [EditsOfName<'e, 'a>], document: &[u8], field: &Field) -> Option<&'e [Edit<'a>]> {
    let key = field.name(document)?;
    let place = names.binary_search_by(|name| name.edits[0].name.cmp(&key)).ok()?;
    names[place].is_used = true;
    Some(names[place].edits)
}

/// What becomes of a field.
#[derive(PartialEq)]
enum Outcome<'a> {
    /// It stays as it is, there or absent.
    Stays,
    Becomes(Cow<'a, [u8]>),
    Goes,
}

fn resolve<'e>(original: Option<&[u8]>, edits: &'e [Edit<'_>]) -> Outcome<'e> {
    edits.iter().fold(Outcome::Stays, |outcome, edit| {
        let current = match &outcome {
            Outcome::Stays => original,
            Outcome::Becomes(json) => Some(json.as_ref()),
            Outcome::Goes => None,
        };
        match &edit.change {
            Change::Set(json) => Outcome::Becomes(Cow::Borrowed(json)),
            Change::SetDefault(json) if current.is_none() => Outcome::Becomes(Cow::Borrowed(json)),
            Change::SetDefault(_) => outcome,
            Change::Remove => Outcome::Goes,
            Change::Merge(patch) => {
                let mut merged = Vec::with_capacity(current.map_or(0, <[u8]>::len) + patch.len());
                merge(&mut merged, current, patch);
                Outcome::Becomes(merged.into())
            }
        }
    })
}

/// Rewrites an object field by field. A field brings along what stands between the one before it and itself, comma
/// included, unless it has become the first.
struct ObjectEditor<'d> {
    document: &'d Bytes,
    out: Assembly<'d>,
    /// Where the value before the next field ends; before the first, where the key of the first begins.
    before: usize,
    has_fields: bool,
}

impl<'d> ObjectEditor<'d> {
    fn begin(document: &'d Bytes, fields: &Fields) -> Self {
        let past_brace = fields.object.start as usize + 1;
        let before = fields.iter().next().map_or(past_brace, |first| first.key.range().start);
        let mut out = Assembly::new(document);
        out.keep(0..before);
        Self {
            document,
            out,
            before,
            has_fields: false,
        }
    }

    fn keep(&mut self, field: &Field) {
        let end = self.start_field(field);
        self.out.keep(end..field.value.span.range().end);
    }

    fn put(&mut self, field: &Field, outcome: Outcome<'_>) {
        match outcome {
            Outcome::Stays => self.keep(field),
            Outcome::Becomes(json) if json.as_ref() == field.raw(self.document) => self.keep(field),
            Outcome::Becomes(json) => {
                let end = self.start_field(field);
                self.out.keep(end..field.value.span.range().start);
                self.out.write(&json);
            }
            Outcome::Goes => self.before = field.value.span.range().end,
        }
    }

    /// Where the bytes begin that lead up to the field's value.
    fn start_field(&mut self, field: &Field) -> usize {
        let from = if self.has_fields {
            self.before
        } else {
            field.key.range().start
        };
        self.has_fields = true;
        self.before = field.value.span.range().end;
        from
    }

    fn add(&mut self, name: &str, json: &[u8]) {
        let mut member = Vec::with_capacity(name.len() + 4);
        if self.has_fields {
            member.push(b',');
        }
        write_string(&mut member, name);
        member.push(b':');
        self.out.write(&member);
        self.out.write(json);
        self.has_fields = true;
    }

    fn finish(mut self) -> Parts {
        self.out.keep(self.before..self.document.len());
        self.out.finish()
    }
}

#[cfg(test)]
mod tests;
