//! Checking a whole document and noting where its top-level fields are.

use std::borrow::Cow;

use super::error::{Error, Problem};
use super::grammar::Reader;
use super::value::{Field, Kind, Span, Value};

/// What a document may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Levels of objects and arrays, the outermost counted: 1 allows `{}` and nothing inside it but scalars. Default
    /// 127, the most that serde_json reads: what passes here can be read by plugins. Values over [`DEPTH_CEILING`] count
    /// as that.
    pub depth_max: u16,
    /// Fields of the outermost object. Default: any number.
    pub fields_max: usize,
}

/// The deepest document that is read whatever the limits say. Each level is a few calls on the stack; this many fit
/// many times over in the smallest stack a worker thread has.
pub const DEPTH_CEILING: u16 = 512;

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth_max: 127,
            fields_max: usize::MAX,
        }
    }
}

impl Limits {
    /// For documents of our own making, out of ones that were within the limits.
    pub fn ceiling() -> Self {
        Self {
            depth_max: DEPTH_CEILING,
            ..Self::default()
        }
    }
}

/// The top-level fields of a document that was found to be one JSON object and nothing else. No two have the same
/// name. (Objects inside may repeat a key: whoever looks into those must look at every member.)
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    pub(super) object: Span,
    pub(super) fields: Vec<Field>,
}

/// Room for the fields of all but unusual requests, so that the vector is allocated once.
const FIELDS_EXPECTED: usize = 16;

/// Checks that `document` is one JSON object (RFC 8259), all of it, and says where its fields are.
///
/// # Errors
/// Anything outside the grammar, bytes that are not UTF-8, a byte order mark, nesting or fields over the limit, a key
/// given twice at the top level, and documents over 4 GiB.
pub fn scan(document: &[u8], limits: Limits) -> Result<Fields, Error> {
    if u32::try_from(document.len()).is_err() {
        return Err(Error::TooLong { bytes: document.len() });
    }
    if document.starts_with(b"\xef\xbb\xbf") {
        return Err(Error::malformed(document, 0, Problem::ByteOrderMark));
    }
    if let Err(error) = std::str::from_utf8(document) {
        return Err(Error::malformed(document, error.valid_up_to(), Problem::NotUtf8));
    }
    let mut reader = Reader::new(document, limits.depth_max.min(DEPTH_CEILING));
    let fields = read_fields(&mut reader, limits.fields_max)
        .map_err(|problem| Error::malformed(document, reader.at(), problem))?;
    refuse_duplicates(document, &fields.fields)?;
    Ok(fields)
}

fn read_fields(reader: &mut Reader<'_>, fields_max: usize) -> Result<Fields, Problem> {
    let mut fields = Vec::with_capacity(FIELDS_EXPECTED);
    reader.whitespace();
    match reader.peek() {
        Some(b'{') => {}
        Some(byte) => return Err(Kind::begun_by(byte).map_or(Problem::Object, Problem::NotAnObject)),
        None => return Err(Problem::Object),
    }
    let start = reader.at();
    reader.object(|reader, key| {
        if fields.len() >= fields_max {
            return Err(Problem::TooManyFields(fields_max));
        }
        let start = reader.at();
        let kind = reader.value()?;
        fields.push(Field {
            key: Span::new(key.start, key.end),
            value: Value {
                span: Span::new(start, reader.at()),
                kind,
            },
            key_is_escaped: key.is_escaped,
        });
        Ok(())
    })?;
    let object = Span::new(start, reader.at());
    reader.whitespace();
    match reader.peek() {
        None => Ok(Fields { object, fields }),
        Some(_) => Err(Problem::Trailing),
    }
}

/// Up to this many fields each pair is compared; above, names are sorted, lest a body of a million keys take hours.
const PAIRWISE_MAX: usize = 24;

fn refuse_duplicates(document: &[u8], fields: &[Field]) -> Result<(), Error> {
    let second = if fields.len() <= PAIRWISE_MAX && fields.iter().all(|field| !field.key_is_escaped) {
        second_of_pairs(document, fields)
    } else {
        second_of_sorted(document, fields)
    };
    match second {
        None => Ok(()),
        Some(field) => {
            let name = field.name(document).unwrap_or_default();
            Err(Error::duplicate(document, field.key.start as usize, &name))
        }
    }
}

fn second_of_pairs<'a>(document: &[u8], fields: &'a [Field]) -> Option<&'a Field> {
    let same = |a: &Field, b: &Field| a.key.len() == b.key.len() && a.key.of(document) == b.key.of(document);
    let mut later = fields.iter().enumerate();
    later
        .find(|(i, field)| fields[..*i].iter().any(|earlier| same(earlier, field)))
        .map(|(_, field)| field)
}

fn second_of_sorted<'a>(document: &[u8], fields: &'a [Field]) -> Option<&'a Field> {
    let mut named: Vec<(Option<Cow<'_, str>>, &Field)> = fields.iter().map(|f| (f.name(document), f)).collect();
    named.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.key.start.cmp(&b.1.key.start)));
    let seconds = named
        .windows(2)
        .filter(|pair| pair[0].0 == pair[1].0)
        .map(|pair| pair[1].1);
    seconds.min_by_key(|field| field.key.start)
}

impl Fields {
    /// The field of this name, however its key is written. `document` is what was scanned.
    pub fn get(&self, document: &[u8], name: &str) -> Option<Field> {
        self.fields.iter().find(|field| field.is_named(document, name)).copied()
    }

    /// In the order of the document.
    pub fn iter(&self) -> std::slice::Iter<'_, Field> {
        self.fields.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// True for `{}`.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

impl<'a> IntoIterator for &'a Fields {
    type Item = &'a Field;
    type IntoIter = std::slice::Iter<'a, Field>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests;
