//! JSON Merge Patch (RFC 7396) on values as bytes: `MergePatch(Target, Patch)` of its §2, without a tree.

use std::borrow::Cow;

use super::find::members;
use super::value::{Field, Kind, Span, Value};

/// Appends what the merge of `patch` into `target` gives. Both are valid JSON values without whitespace around them; a target that is absent, or not
/// an object, counts as `{}` for a patch that is one. Nests no deeper than the patch does.
pub(super) fn merge(out: &mut Vec<u8>, target: Option<&[u8]>, patch: &[u8]) {
    match Value::exactly(patch) {
        Some(Value {
            kind: Kind::Object,
            span,
        }) => merge_object(out, target.unwrap_or_default(), patch, span),
        _ => out.extend_from_slice(patch),
    }
}

fn merge_object(out: &mut Vec<u8>, target: &[u8], patch: &[u8], patch_object: Span) {
    let target_object = match Value::exactly(target) {
        Some(Value {
            kind: Kind::Object,
            span,
        }) => span,
        _ => Span::new(0, 0),
    };
    let mut changes = Changes::of(patch, patch_object);
    let mut object = ObjectWriter::begin(out);
    for field in members(target, target_object) {
        match changes.take(field.name(target).as_deref()) {
            None => object.member(field.key.of(target)).extend_from_slice(field.raw(target)),
            Some(change) if change.value.kind == Kind::Null => {}
            Some(change) => merge(
                object.member(field.key.of(target)),
                Some(field.raw(target)),
                change.raw(patch),
            ),
        }
    }
    for change in changes.left().filter(|change| change.value.kind != Kind::Null) {
        merge(object.member(change.key.of(patch)), None, change.raw(patch));
    }
    object.end();
}

/// The members of a patch, found by name.
struct Changes<'p> {
    /// Sorted by name; of members with one name only the last, as most parsers have it.
    sorted: Vec<Change<'p>>,
}

struct Change<'p> {
    name: Option<Cow<'p, str>>,
    field: Field,
    is_taken: bool,
}

impl<'p> Changes<'p> {
    fn of(patch: &'p [u8], object: Span) -> Self {
        let change = |field: Field| Change {
            name: field.name(patch),
            field,
            is_taken: false,
        };
        let mut sorted: Vec<_> = members(patch, object).map(change).collect();
        sorted.sort_by(|a, b| a.name.cmp(&b.name).then(b.field.key.start.cmp(&a.field.key.start)));
        sorted.dedup_by(|later, kept| later.name == kept.name);
        Self { sorted }
    }

    /// The member of this name. A target that repeats a name has each of its members changed alike.
    fn take(&mut self, name: Option<&str>) -> Option<Field> {
        let place = self
            .sorted
            .binary_search_by(|change| change.name.as_deref().cmp(&name))
            .ok()?;
        let change = &mut self.sorted[place];
        change.is_taken = true;
        Some(change.field)
    }

    /// Those that nobody took, in the order of the patch.
    fn left(self) -> impl Iterator<Item = Field> {
        let mut left: Vec<Field> = self
            .sorted
            .into_iter()
            .filter(|change| !change.is_taken)
            .map(|c| c.field)
            .collect();
        left.sort_by_key(|field| field.key.start);
        left.into_iter()
    }
}

/// Writes an object member by member.
struct ObjectWriter<'o> {
    out: &'o mut Vec<u8>,
    separator: u8,
}

impl<'o> ObjectWriter<'o> {
    fn begin(out: &'o mut Vec<u8>) -> Self {
        Self { out, separator: b'{' }
    }

    /// Writes a key, given with its quotes, and lends the output for the value.
    fn member(&mut self, key: &[u8]) -> &mut Vec<u8> {
        self.out.push(std::mem::replace(&mut self.separator, b','));
        self.out.extend_from_slice(key);
        self.out.push(b':');
        self.out
    }

    fn end(self) {
        if self.separator == b'{' {
            self.out.push(b'{');
        }
        self.out.push(b'}');
    }
}
