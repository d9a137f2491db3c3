//! JSON Schema in Google's dialect, a part of OpenAPI's (<https://ai.google.dev/api/caching#Schema>): references are put in
//! place, `null` becomes `nullable`, `oneOf` is `anyOf`, and what it has no word for is left out, or, where it says which
//! values there are, written into the description.

use std::borrow::Cow;

use sluice_sdk::Failure;
use sluice_sdk::canonical::{Fields, Object, RawValue, Rest, Text, write_string};

/// Deepest nesting.
const DEPTH_MAX: usize = 32;
/// Most schemas in one, with each reference put in place: a small document may refer to itself many times over.
const SCHEMAS_MAX: usize = 4096;

/// What is copied.
const KEPT: [&str; 13] = [
    "title",
    "description",
    "maxItems",
    "minItems",
    "minProperties",
    "maxProperties",
    "minLength",
    "maxLength",
    "pattern",
    "example",
    "minimum",
    "maximum",
    "nullable",
];

/// The formats there are, by type.
const FORMATS: [(&str, &str); 6] = [
    ("string", "enum"),
    ("string", "date-time"),
    ("number", "float"),
    ("number", "double"),
    ("integer", "int32"),
    ("integer", "int64"),
];

/// A schema in Google's dialect. With `orders`, each object says the order of its properties, in which the model writes
/// them.
///
/// # Errors
/// It nests too deep, or is too large once its references are in place.
pub fn translate(out: &mut Vec<u8>, schema: &RawValue, orders: bool, parameter: &str) -> Result<(), Failure> {
    let root: Fields = serde_json::from_str(schema.get()).unwrap_or_default();
    let mut writer = Writer {
        definitions: definitions(&root),
        orders,
        schemas: 0,
        open: Vec::new(),
    };
    writer.schema(out, schema, 0).map_err(|TooLarge| {
        let message = format!(
            "a schema in `{parameter}` is nested deeper than {DEPTH_MAX} levels, or has more than {SCHEMAS_MAX} parts"
        );
        Failure::bad_request(parameter, message)
    })
}

fn definitions<'a>(root: &Fields<'a>) -> Vec<(String, &'a RawValue)> {
    let mut all = Vec::new();
    for place in ["$defs", "definitions"] {
        let named = root
            .get(place)
            .and_then(|raw| serde_json::from_str::<Fields>(raw.get()).ok());
        let Fields(named) = named.unwrap_or_default();
        all.extend(
            named
                .into_iter()
                .map(|(name, schema)| (format!("#/{place}/{name}"), schema)),
        );
    }
    all
}

struct TooLarge;

type Written = Result<(), TooLarge>;

struct Writer<'a> {
    definitions: Vec<(String, &'a RawValue)>,
    orders: bool,
    schemas: usize,
    /// References that are being put in place: one that leads to itself ends there.
    open: Vec<String>,
}

/// One schema with its references, `allOf` and lone choices put in place.
#[derive(Default)]
struct Flat<'a> {
    fields: Rest<'a>,
    types: Vec<Cow<'a, str>>,
    nullable: bool,
    choices: Vec<&'a RawValue>,
    /// References that were followed.
    followed: usize,
}

impl<'a> Flat<'a> {
    fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.fields.iter().find(|(key, _)| key == name).map(|(_, value)| *value)
    }
}

impl<'a> Writer<'a> {
    fn schema(&mut self, out: &mut Vec<u8>, schema: &'a RawValue, depth: usize) -> Written {
        self.schema_beside(out, schema, &[], false, depth)
    }

    /// A schema; `beside` counts where it has no such fields of its own.
    fn schema_beside(
        &mut self,
        out: &mut Vec<u8>,
        schema: &'a RawValue,
        beside: &[(Cow<'a, str>, &'a RawValue)],
        nullable: bool,
        depth: usize,
    ) -> Written {
        let mut flat = Flat {
            nullable,
            ..Flat::default()
        };
        self.flatten(schema, &mut flat, depth)?;
        for (name, value) in beside {
            if flat.get(name).is_none() {
                flat.fields.push((name.clone(), value));
            }
        }
        let written = self.write(out, &flat, depth);
        self.open.truncate(self.open.len().saturating_sub(flat.followed));
        written
    }

    fn flatten(&mut self, schema: &'a RawValue, flat: &mut Flat<'a>, depth: usize) -> Written {
        self.schemas += 1;
        if self.schemas > SCHEMAS_MAX || depth > DEPTH_MAX {
            return Err(TooLarge);
        }
        let Fields(fields) = serde_json::from_str(schema.get()).unwrap_or_default();
        // References last: what stands beside one counts before what it leads to.
        let (mut within, mut choices) = (Vec::new(), Vec::new());
        for (name, value) in fields {
            match &*name {
                "$ref" => within.extend(self.follow(value, flat)),
                "allOf" => within.extend(list(value)),
                "anyOf" | "oneOf" => choices.extend(list(value)),
                "type" => flat.add_types(value),
                _ if flat.get(&name).is_none() => flat.fields.push((name, value)),
                _ => {}
            }
        }
        for schema in within {
            self.flatten(schema, flat, depth + 1)?;
        }
        let before = choices.len();
        choices.retain(|choice| !is_null(choice));
        flat.nullable |= choices.len() < before;
        match choices.as_slice() {
            [only] if flat.choices.is_empty() => self.flatten(only, flat, depth + 1),
            _ => {
                flat.choices.extend(choices);
                Ok(())
            }
        }
    }

    fn follow(&mut self, reference: &RawValue, flat: &mut Flat<'a>) -> Option<&'a RawValue> {
        let reference = Text::of(reference)?.decoded().into_owned();
        if self.open.contains(&reference) {
            return None;
        }
        let (_, schema) = self.definitions.iter().find(|(name, _)| *name == reference)?;
        self.open.push(reference);
        flat.followed += 1;
        Some(schema)
    }

    fn write(&mut self, out: &mut Vec<u8>, flat: &Flat<'a>, depth: usize) -> Written {
        let several_types = flat.types.len() > 1;
        if !flat.choices.is_empty() || several_types {
            return self.write_choices(out, flat, depth);
        }
        let values = Values::of(flat);
        let kind = flat
            .types
            .first()
            .map_or_else(|| kind_of(flat, &values), |kind| &**kind);
        let mut object = Object::begin(out);
        object.string("type", kind);
        if flat.nullable || values.null {
            object.json("nullable", "true");
        }
        write_kept(&mut object, flat, &values.note);
        if !values.texts.is_empty() && kind == "string" {
            let mut list = object.list("enum");
            for text in &values.texts {
                write_string(list.item(), text);
            }
        }
        if let Some(format) = flat.get("format").filter(|format| is_format(kind, format)) {
            object.raw("format", format);
        }
        if let Some(default) = flat.get("default").filter(|value| value.get() != "null") {
            object.raw("default", default);
        }
        match kind {
            "array" => self.write_items(&mut object, flat, depth),
            "object" => self.write_properties(&mut object, flat, depth),
            _ => Ok(()),
        }
    }

    /// Google takes nothing beside `anyOf`, so that what is said of all choices is said of each.
    fn write_choices(&mut self, out: &mut Vec<u8>, flat: &Flat<'a>, depth: usize) -> Written {
        let beside: Rest<'a> = flat
            .fields
            .iter()
            .filter(|(name, _)| flat.choices.is_empty() || matches!(&**name, "title" | "description"))
            .cloned()
            .collect();
        let mut object = Object::begin(out);
        let mut choices = object.list("anyOf");
        for choice in &flat.choices {
            self.schema_beside(choices.item(), choice, &beside, flat.nullable, depth + 1)?;
        }
        if flat.choices.is_empty() {
            for kind in &flat.types {
                let one = Flat {
                    fields: beside.clone(),
                    types: vec![kind.clone()],
                    nullable: flat.nullable,
                    ..Flat::default()
                };
                self.write(choices.item(), &one, depth + 1)?;
            }
        }
        Ok(())
    }

    /// A list must say of what.
    fn write_items(&mut self, object: &mut Object, flat: &Flat<'a>, depth: usize) -> Written {
        let items = flat.get("items").or(flat.get("prefixItems"));
        let out = object.field("items");
        let Some(items) = items else {
            Object::begin(out).string("type", "object");
            return Ok(());
        };
        if !items.get().starts_with('[') {
            return self.schema(out, items, depth + 1);
        }
        let mut any_of = Object::begin(out);
        let mut choices = any_of.list("anyOf");
        for item in list(items) {
            self.schema(choices.item(), item, depth + 1)?;
        }
        Ok(())
    }

    /// Google refuses `properties` that are empty, and requirements that are not among them.
    fn write_properties(&mut self, object: &mut Object, flat: &Flat<'a>, depth: usize) -> Written {
        let properties = flat
            .get("properties")
            .and_then(|raw| serde_json::from_str::<Fields>(raw.get()).ok());
        let Fields(properties) = properties.unwrap_or_default();
        if properties.is_empty() {
            return Ok(());
        }
        let mut to = object.object("properties");
        for (name, schema) in &properties {
            self.schema(to.field(Text::from_decoded(name).escaped()), schema, depth + 1)?;
        }
        drop(to);
        let required = flat.get("required").map(list).unwrap_or_default();
        let is_known =
            |raw: &RawValue| Text::of(raw).is_some_and(|text| properties.iter().any(|(name, _)| text == **name));
        let mut required = required.into_iter().filter(|raw| is_known(raw)).peekable();
        if required.peek().is_some() {
            let mut to = object.list("required");
            required.for_each(|raw| {
                to.json(raw.get());
            });
        }
        if self.orders {
            let mut to = object.list("propertyOrdering");
            for (name, _) in &properties {
                write_string(to.item(), name);
            }
        }
        Ok(())
    }
}

impl<'a> Flat<'a> {
    /// A word, or several, of which `null` is one.
    fn add_types(&mut self, value: &'a RawValue) {
        if !self.types.is_empty() {
            return;
        }
        let types = if value.get().starts_with('[') {
            list(value)
        } else {
            vec![value]
        };
        for kind in types.into_iter().filter_map(Text::of) {
            if kind == *"null" {
                self.nullable = true;
            } else {
                self.types.push(Cow::Owned(kind.decoded().into_owned()));
            }
        }
    }
}

/// `enum` and `const`: texts are listed, other values go into the description.
#[derive(Default)]
struct Values {
    texts: Vec<String>,
    null: bool,
    note: String,
    /// The type of those that are no texts.
    other: &'static str,
}

impl Values {
    fn of(flat: &Flat) -> Self {
        let mut values = Self::default();
        let listed = flat.get("enum").map(list).unwrap_or_default();
        for raw in listed.into_iter().chain(flat.get("const")) {
            match Text::of(raw) {
                Some(text) if !text.is_empty() => values.texts.push(text.decoded().into_owned()),
                // Google refuses the empty text among values.
                Some(_) => {}
                None if raw.get() == "null" => values.null = true,
                None if values.note.is_empty() => {
                    values.note = format!("one of {}", raw.get());
                    values.other = match raw.get().as_bytes().first() {
                        Some(b't' | b'f') => "boolean",
                        Some(b'{') => "object",
                        Some(b'[') => "array",
                        _ => "number",
                    };
                }
                None => {
                    values.note.push_str(", ");
                    values.note.push_str(raw.get());
                }
            }
        }
        values
    }
}

/// The type of a schema that does not say it.
fn kind_of(flat: &Flat, values: &Values) -> &'static str {
    if !values.texts.is_empty() {
        "string"
    } else if !values.note.is_empty() {
        values.other
    } else if flat.get("items").is_some() {
        "array"
    } else {
        "object"
    }
}

fn write_kept(object: &mut Object, flat: &Flat, note: &str) {
    for (name, value) in &flat.fields {
        let is_null_flag = name == "nullable" && flat.nullable;
        if KEPT.contains(&&**name) && !is_null_flag && !(name == "description" && !note.is_empty()) {
            object.raw(name, value);
        }
    }
    if !note.is_empty() {
        let description = flat.get("description").and_then(Text::of);
        let description = description.as_ref().map(Text::decoded).unwrap_or_default();
        object.string("description", format!("{description} ({note})").trim_start());
    }
}

fn is_format(kind: &str, format: &RawValue) -> bool {
    let format = Text::of(format);
    format.is_some_and(|format| FORMATS.contains(&(kind, format.escaped())))
}

fn is_null(schema: &RawValue) -> bool {
    let fields: Fields = serde_json::from_str(schema.get()).unwrap_or_default();
    fields.get("type").is_some_and(|kind| kind.get() == r#""null""#)
}

fn list(value: &RawValue) -> Vec<&RawValue> {
    serde_json::from_str(value.get()).unwrap_or_default()
}
