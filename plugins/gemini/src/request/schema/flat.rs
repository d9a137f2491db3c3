//! Merges a schema with its references, its `allOf` and single alternatives.

use std::borrow::Cow;

use sluice_sdk::canonical::{Fields, RawValue, Rest, Text};

use super::{DEPTH_MAX, SCHEMAS_MAX};

/// The schema is too large, or would become so.
pub struct TooLarge;

/// The schemas that references refer to.
pub struct Definitions<'a> {
    named: Vec<(String, &'a RawValue)>,
    /// References that are currently being replaced; a reference to one of them is not followed again.
    open: Vec<String>,
    /// Number of schemas read so far.
    schemas: usize,
}

/// One schema after merging.
#[derive(Default, Clone)]
pub struct Flat<'a> {
    /// All keywords but those below. The first value of a keyword is kept.
    pub fields: Rest<'a>,
    pub types: Vec<Cow<'a, str>>,
    pub nullable: bool,
    pub properties: Rest<'a>,
    pub required: Vec<Cow<'a, str>>,
    pub choices: Vec<&'a RawValue>,
    /// Number of references that were followed.
    pub followed: usize,
}

impl<'a> Definitions<'a> {
    /// The definitions of a document.
    pub fn of(root: &'a RawValue) -> Self {
        let root: Fields = serde_json::from_str(root.get()).unwrap_or_default();
        let mut named = Vec::new();
        for place in ["$defs", "definitions"] {
            let of_place = root.get(place).map(fields).unwrap_or_default();
            named.extend(
                of_place
                    .into_iter()
                    .map(|(name, schema)| (format!("#/{place}/{name}"), schema)),
            );
        }
        Self {
            named,
            open: Vec::new(),
            schemas: 0,
        }
    }

    /// Merges a schema into `flat`; keywords that `flat` already has take precedence.
    ///
    /// # Errors
    /// The schema is nested too deeply, or the limit of schemas is reached.
    pub fn flatten(&mut self, schema: &'a RawValue, flat: &mut Flat<'a>, depth: usize) -> Result<(), TooLarge> {
        self.schemas += 1;
        if self.schemas > SCHEMAS_MAX || depth > DEPTH_MAX {
            return Err(TooLarge);
        }
        // References come last: keywords next to a reference take precedence over those of its target.
        let (mut within, mut choices) = (Vec::new(), Vec::new());
        for (name, value) in fields(schema) {
            match &*name {
                "$ref" => within.extend(self.follow(value, flat)),
                "allOf" => within.extend(list(value)),
                "anyOf" | "oneOf" => choices.extend(list(value)),
                "type" => flat.add_types(value),
                "properties" => flat.add_properties(fields(value)),
                "required" => flat.add_required(list(value).into_iter().filter_map(text)),
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
        let (_, schema) = self.named.iter().find(|(name, _)| *name == reference)?;
        self.open.push(reference);
        flat.followed += 1;
        Some(schema)
    }

    /// Marks the last `followed` references as completed.
    pub fn close(&mut self, followed: usize) {
        self.open.truncate(self.open.len().saturating_sub(followed));
    }
}

impl<'a> Flat<'a> {
    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.fields.iter().find(|(key, _)| key == name).map(|(_, value)| *value)
    }

    /// Adds a type, or a list of types. `null` makes the schema nullable.
    fn add_types(&mut self, value: &'a RawValue) {
        let types = if value.get().starts_with('[') {
            list(value)
        } else {
            vec![value]
        };
        let is_first = self.types.is_empty();
        for kind in types.into_iter().filter_map(text) {
            if kind == "null" {
                self.nullable = true;
            } else if is_first {
                self.types.push(kind);
            }
        }
    }

    fn add_properties(&mut self, properties: impl IntoIterator<Item = (Cow<'a, str>, &'a RawValue)>) {
        for (name, schema) in properties {
            if !self.properties.iter().any(|(known, _)| *known == name) {
                self.properties.push((name, schema));
            }
        }
    }

    fn add_required(&mut self, names: impl IntoIterator<Item = Cow<'a, str>>) {
        for name in names {
            if !self.required.contains(&name) {
                self.required.push(name);
            }
        }
    }

    /// Adds the keywords of a parent, which apply to all its alternatives.
    pub fn inherit(&mut self, parent: &Self) {
        self.nullable |= parent.nullable;
        if self.types.is_empty() && self.choices.is_empty() {
            self.types.clone_from(&parent.types);
        }
        for (name, value) in &parent.fields {
            if self.get(name).is_none() {
                self.fields.push((name.clone(), value));
            }
        }
        self.add_properties(parent.properties.iter().cloned());
        self.add_required(parent.required.iter().cloned());
    }

    pub fn without_choices(&self) -> Self {
        Self {
            choices: Vec::new(),
            followed: 0,
            ..self.clone()
        }
    }

    pub fn of_type(&self, kind: Cow<'a, str>) -> Self {
        Self {
            types: vec![kind],
            ..self.clone()
        }
    }
}

fn fields(object: &RawValue) -> Rest<'_> {
    serde_json::from_str::<Fields>(object.get()).unwrap_or_default().0
}

/// The items of a list; empty if the value is not a list.
pub fn list(value: &RawValue) -> Vec<&RawValue> {
    serde_json::from_str(value.get()).unwrap_or_default()
}

fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    Text::of(raw).map(|text| Cow::Owned(text.decoded().into_owned()))
}

fn is_null(schema: &RawValue) -> bool {
    let kind = fields(schema).into_iter().find(|(name, _)| name == "type");
    kind.is_some_and(|(_, kind)| kind.get() == r#""null""#)
}
