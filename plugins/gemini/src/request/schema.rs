//! Translates JSON Schema to Google's dialect, a part of OpenAPI's (<https://ai.google.dev/api/caching#Schema>):
//! references are replaced by what they refer to, `null` becomes `nullable`, and `oneOf` becomes `anyOf`. Allowed
//! values that the dialect cannot express are added to the description; all other unsupported keywords are left out.

mod flat;
mod values;

use std::borrow::Cow;

use sluice_sdk::Failure;
use sluice_sdk::canonical::{Fields, Object, RawValue, Text, write_string};

use flat::{Definitions, Flat, TooLarge, list};
use values::{Values, is_format};

/// Maximum nesting of schemas.
const DEPTH_MAX: usize = 32;
/// Maximum number of schemas after references are replaced: in a small document, references may multiply.
const SCHEMAS_MAX: usize = 4096;

/// Keywords that are copied.
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

/// Writes a schema in Google's dialect. With `orders`, each object lists its properties in order, and the model writes
/// them in this order.
///
/// # Errors
/// The schema is nested too deeply, or is too large after references are replaced.
pub fn translate(out: &mut Vec<u8>, schema: &RawValue, orders: bool, parameter: &str) -> Result<(), Failure> {
    let mut writer = Writer {
        definitions: Definitions::of(schema),
        orders,
    };
    writer.schema(out, schema, 0).map_err(|TooLarge| {
        let message = format!(
            "a schema in `{parameter}` is nested deeper than {DEPTH_MAX} levels, or has more than {SCHEMAS_MAX} parts"
        );
        Failure::bad_request(parameter, message)
    })
}

type Written = Result<(), TooLarge>;

struct Writer<'a> {
    definitions: Definitions<'a>,
    orders: bool,
}

impl<'a> Writer<'a> {
    fn schema(&mut self, out: &mut Vec<u8>, schema: &'a RawValue, depth: usize) -> Written {
        self.schema_of(out, schema, &Flat::default(), depth)
    }

    /// Translates one of the alternatives of `parent`. Keywords of the parent apply if the alternative does not have
    /// them.
    fn schema_of(&mut self, out: &mut Vec<u8>, schema: &'a RawValue, parent: &Flat<'a>, depth: usize) -> Written {
        let mut flat = Flat::default();
        self.definitions.flatten(schema, &mut flat, depth)?;
        flat.inherit(parent);
        let written = self.write(out, &flat, depth);
        self.definitions.close(flat.followed);
        written
    }

    fn write(&mut self, out: &mut Vec<u8>, flat: &Flat<'a>, depth: usize) -> Written {
        if !flat.choices.is_empty() || flat.types.len() > 1 {
            return self.write_choices(out, flat, depth);
        }
        let values = Values::of(flat);
        let kind = flat.types.first().map_or_else(|| values.kind_of(flat), |kind| &**kind);
        let mut object = Object::begin(out);
        object.string("type", kind);
        if flat.nullable || values.null {
            object.json("nullable", "true");
        }
        write_kept(&mut object, flat, &values.note);
        if !values.texts.is_empty() && kind == "string" {
            write_texts(object.field("enum"), values.texts.iter().map(String::as_str));
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

    /// Writes `anyOf`. Google allows nothing next to it, so keywords that apply to all alternatives are written into
    /// each.
    fn write_choices(&mut self, out: &mut Vec<u8>, flat: &Flat<'a>, depth: usize) -> Written {
        let mut object = Object::begin(out);
        let mut choices = object.list("anyOf");
        let common = flat.without_choices();
        for choice in &flat.choices {
            self.schema_of(choices.item(), choice, &common, depth + 1)?;
        }
        if flat.choices.is_empty() {
            for kind in &flat.types {
                self.write(choices.item(), &common.of_type(kind.clone()), depth + 1)?;
            }
        }
        Ok(())
    }

    /// Writes `items`, which Google requires for a list.
    fn write_items(&mut self, object: &mut Object, flat: &Flat<'a>, depth: usize) -> Written {
        let out = object.field("items");
        let Some(items) = flat.get("items").or(flat.get("prefixItems")) else {
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

    /// Writes `properties` and `required`. Google refuses an empty object of properties, and required names that are
    /// not properties.
    fn write_properties(&mut self, object: &mut Object, flat: &Flat<'a>, depth: usize) -> Written {
        if flat.properties.is_empty() {
            return Ok(());
        }
        let mut to = object.object("properties");
        for (name, schema) in &flat.properties {
            self.schema(to.field(Text::from_decoded(name).escaped()), schema, depth + 1)?;
        }
        drop(to);
        let names = || flat.properties.iter().map(|(name, _)| &**name);
        let required: Vec<&str> = names()
            .filter(|name| flat.required.iter().any(|it| it == name))
            .collect();
        if !required.is_empty() {
            write_texts(object.field("required"), required.into_iter());
        }
        if self.orders {
            write_texts(object.field("propertyOrdering"), names());
        }
        Ok(())
    }
}

fn write_texts<'t>(out: &mut Vec<u8>, texts: impl Iterator<Item = &'t str>) {
    let mut list = sluice_sdk::canonical::List::begin(out);
    for text in texts {
        write_string(list.item(), text);
    }
}

fn write_kept(object: &mut Object, flat: &Flat, note: &str) {
    for (name, value) in &flat.fields {
        let is_said_otherwise = match &**name {
            "nullable" => flat.nullable,
            "description" => !note.is_empty(),
            _ => false,
        };
        if KEPT.contains(&&**name) && !is_said_otherwise {
            object.raw(name, value);
        }
    }
    if !note.is_empty() {
        let description = flat.get("description").and_then(Text::of);
        let description = description.as_ref().map(Text::decoded).unwrap_or_default();
        object.string("description", format!("{description} ({note})").trim_start());
    }
}

/// Whether a schema has no properties: Google refuses such an object.
pub fn takes_nothing(schema: &RawValue) -> bool {
    let Ok(fields) = serde_json::from_str::<Fields>(schema.get()) else {
        return true;
    };
    let is_plain = |name: &Cow<str>| !matches!(&**name, "$ref" | "anyOf" | "oneOf" | "allOf");
    let properties = fields.get("properties").map(RawValue::get).unwrap_or_default();
    let properties: Fields = serde_json::from_str(properties).unwrap_or_default();
    properties.0.is_empty() && fields.0.iter().all(|(name, _)| is_plain(name))
}
