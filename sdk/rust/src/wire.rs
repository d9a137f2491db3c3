//! Lenient reading of answers in a provider's wire format. Servers that imitate a provider leave fields out, send
//! `null`, or send a number in place of text. So [`wire!`](crate::wire!) makes structs in which every field is
//! optional: a field that is missing, `null` or of another type is `None`, and the reader decides which fields it
//! requires. Only text that is not JSON is an error.
//!
//! ```
//! use sluice_sdk::canonical::Text;
//!
//! sluice_sdk::wire! {
//!     /// A whole answer.
//!     Message {
//!         "id" id: Text<'a>,
//!         /// What was counted.
//!         "usage" usage: Counts<'a>,
//!     }
//!
//!     Counts {
//!         "output_tokens" output_tokens: u64,
//!         "service_tier" service_tier: Text<'a>,
//!     }
//! }
//!
//! let message: Message = sluice_sdk::wire::read(r#"{"id":null,"usage":{"output_tokens":5,"service_tier":1}}"#).unwrap();
//! let usage = message.usage.unwrap();
//! assert!(message.id.is_none() && usage.service_tier.is_none());
//! assert_eq!(usage.output_tokens, Some(5));
//! ```

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::canonical::{Key, Text};

/// A type that can be read from a value of any JSON type.
pub trait Lenient<'a>: Sized {
    /// Reads the value; `None` if it is `null` or of another type.
    fn read(value: Value<'_, 'a>) -> Option<Self>;
}

/// Parses a whole document. A document of another type, such as a list or a number, is read as an object without
/// fields.
///
/// # Errors
/// The document is not JSON.
pub fn read<'a, T: Lenient<'a> + Default>(json: &'a str) -> serde_json::Result<T> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let mut source = Once::new(&mut deserializer);
    let value = T::read(Value(&mut source));
    source.finish()?;
    deserializer.end()?;
    Ok(value.unwrap_or_default())
}

impl<'a> Lenient<'a> for Text<'a> {
    fn read(value: Value<'_, 'a>) -> Option<Self> {
        Self::of(value.raw()?)
    }
}

impl<'a> Lenient<'a> for &'a RawValue {
    fn read(value: Value<'_, 'a>) -> Option<Self> {
        value.raw().filter(|raw| raw.get() != "null")
    }
}

/// Counts: a whole number with a decimal point (`5.0`) or an exponent is accepted.
impl<'a> Lenient<'a> for u64 {
    fn read(value: Value<'_, 'a>) -> Option<Self> {
        let text = value.raw()?.get();
        let rounded = || {
            let number: f64 = text.parse().ok()?;
            // `as` saturates; a count of more than 2^64 is wrong in any case.
            (number >= 0.0).then_some(number as u64)
        };
        text.parse().ok().or_else(rounded)
    }
}

/// Items of another type are left out.
impl<'a, T: Lenient<'a>> Lenient<'a> for Vec<T> {
    fn read(value: Value<'_, 'a>) -> Option<Self> {
        value.of_kind(Self::new())
    }
}

impl<'a, T: Lenient<'a>> Kind<'a> for Vec<T> {
    fn list(&mut self) -> Option<&mut dyn Items<'a>> {
        Some(self)
    }
}

impl<'a, T: Lenient<'a>> Items<'a> for Vec<T> {
    fn item(&mut self, value: Value<'_, 'a>) {
        self.extend(T::read(value));
    }
}

/// A type that is read from lists, objects or text, or from several of them. Each function says whether the type
/// accepts this kind of value; by default it accepts none.
pub trait Kind<'a> {
    /// Reads unescaped text; returns whether the type accepts text.
    fn text(&mut self, text: &str) -> bool {
        let _ = text;
        false
    }

    /// The receiver for the items of a list; `None` if the type does not accept a list.
    fn list(&mut self) -> Option<&mut dyn Items<'a>> {
        None
    }

    /// The receiver for the fields of an object; `None` if the type does not accept an object.
    fn object(&mut self) -> Option<&mut dyn Fields<'a>> {
        None
    }
}

/// Receives the items of a list, in order. Items that it does not read are skipped.
pub trait Items<'a> {
    /// Receives one item.
    fn item(&mut self, value: Value<'_, 'a>);
}

/// Receives the fields of an object, in order. Fields that it does not read are skipped.
pub trait Fields<'a> {
    /// Receives one field.
    fn field(&mut self, name: &str, value: Value<'_, 'a>);
}

/// A value at its place in the document. It can be read once.
//
// A trait object, so that the JSON reader is compiled once and not for each struct of each adapter.
pub struct Value<'v, 'a>(&'v mut dyn Source<'a>);

impl<'a> Value<'_, 'a> {
    /// The unparsed value; `None` if the document is not JSON.
    #[must_use]
    pub fn raw(self) -> Option<&'a RawValue> {
        self.0.raw()
    }

    /// Reads the value into `kind`; `None` if `kind` does not accept a value of this type.
    #[must_use]
    pub fn of_kind<K: Kind<'a>>(self, mut kind: K) -> Option<K> {
        self.0.read(&mut kind).then_some(kind)
    }
}

/// What a value is read from. It keeps an error for its creator.
trait Source<'a> {
    fn raw(&mut self) -> Option<&'a RawValue>;

    /// Reads the value into `kind`; returns whether `kind` accepted it.
    fn read(&mut self, kind: &mut dyn Kind<'a>) -> bool;
}

/// A deserializer that can be used once.
struct Once<'a, D: Deserializer<'a>> {
    deserializer: Option<D>,
    error: Option<D::Error>,
}

impl<'a, D: Deserializer<'a>> Once<'a, D> {
    fn new(deserializer: D) -> Self {
        Self {
            deserializer: Some(deserializer),
            error: None,
        }
    }

    fn finish(self) -> Result<(), D::Error> {
        match (self.error, self.deserializer) {
            (Some(error), _) => Err(error),
            (None, Some(unread)) => IgnoredAny::deserialize(unread).map(drop),
            (None, None) => Ok(()),
        }
    }

    fn with<T>(&mut self, read: impl FnOnce(D) -> Result<T, D::Error>) -> Option<T> {
        match read(self.deserializer.take()?) {
            Ok(value) => Some(value),
            Err(error) => {
                self.error = Some(error);
                None
            }
        }
    }
}

impl<'a, D: Deserializer<'a>> Source<'a> for Once<'a, D> {
    fn raw(&mut self) -> Option<&'a RawValue> {
        self.with(|deserializer| Deserialize::deserialize(deserializer))
    }

    fn read(&mut self, kind: &mut dyn Kind<'a>) -> bool {
        let is_taken = self.with(|deserializer| deserializer.deserialize_any(OfKind(kind)));
        is_taken.unwrap_or_default()
    }
}

struct OfKind<'k, 'a>(&'k mut dyn Kind<'a>);

impl<'a> Visitor<'a> for OfKind<'_, 'a> {
    type Value = bool;

    fn expecting(&self, to: &mut std::fmt::Formatter) -> std::fmt::Result {
        to.write_str("JSON")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut list: A) -> Result<bool, A::Error> {
        let Some(items) = self.0.list() else {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(false);
        };
        while list.next_element_seed(Item(items))?.is_some() {}
        Ok(true)
    }

    fn visit_map<A: MapAccess<'a>>(self, mut object: A) -> Result<bool, A::Error> {
        let Some(fields) = self.0.object() else {
            while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(false);
        };
        while let Some(Key(name)) = object.next_key()? {
            object.next_value_seed(Field(fields, &name))?;
        }
        Ok(true)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<bool, E> {
        Ok(self.0.text(text))
    }

    fn visit_unit<E: Error>(self) -> Result<bool, E> {
        Ok(false)
    }
}

struct Item<'i, 'a>(&'i mut dyn Items<'a>);

impl<'a> DeserializeSeed<'a> for Item<'_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        let mut source = Once::new(deserializer);
        self.0.item(Value(&mut source));
        source.finish()
    }
}

struct Field<'f, 'a>(&'f mut dyn Fields<'a>, &'f str);

impl<'a> DeserializeSeed<'a> for Field<'_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        let mut source = Once::new(deserializer);
        self.0.field(self.1, Value(&mut source));
        source.finish()
    }
}

/// Makes structs whose fields are all optional, and reads them leniently; see the [module](crate::wire).
#[macro_export]
macro_rules! wire {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $key:literal $field:ident: $type:ty,)+ })+) => {
        $(
            $(#[$doc])*
            #[derive(Default)]
            pub struct $name<'a> {
                $($(#[$field_doc])* pub $field: Option<$type>,)+
                /// For structs without borrowed fields.
                _document: ::std::marker::PhantomData<&'a ()>,
            }

            impl<'a> $crate::wire::Fields<'a> for $name<'a> {
                fn field(&mut self, name: &str, value: $crate::wire::Value<'_, 'a>) {
                    match name {
                        $($key => self.$field = $crate::wire::Lenient::read(value),)+
                        _ => {}
                    }
                }
            }

            impl<'a> $crate::wire::Kind<'a> for $name<'a> {
                fn object(&mut self) -> Option<&mut dyn $crate::wire::Fields<'a>> {
                    Some(self)
                }
            }

            impl<'a> $crate::wire::Lenient<'a> for $name<'a> {
                fn read(value: $crate::wire::Value<'_, 'a>) -> Option<Self> {
                    value.of_kind(Self::default())
                }
            }
        )+
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    wire! {
        Outer {
            "text" text: Text<'a>,
            "count" count: u64,
            "list" list: Vec<Text<'a>>,
            "inner" inner: Inner<'a>,
            "raw" raw: &'a RawValue,
        }

        Inner {
            "x" x: u64,
        }
    }

    fn outer(json: &str) -> Outer<'_> {
        super::read(json).unwrap()
    }

    #[test]
    fn each_field_reads_as_absent_where_it_is_of_another_kind() {
        let kinds = [
            "null",
            "true",
            "-1",
            "1.5e3",
            r#""\u00e9""#,
            r#"["a",{"b":[1]}]"#,
            r#"{"x":{"y":[]}}"#,
        ];
        for field in ["text", "count", "list", "inner", "raw"] {
            for kind in kinds {
                let json = format!(r#"{{"before":[{{}}],"{field}":{kind},"count":7}}"#);
                let read = outer(&json);
                assert_eq!(read.count, Some(7), "{json}: what follows is read");
                assert_eq!(read.text.is_some(), field == "text" && kind.starts_with('"'), "{json}");
                assert_eq!(read.list.is_some(), field == "list" && kind.starts_with('['), "{json}");
                assert_eq!(
                    read.inner.is_some(),
                    field == "inner" && kind.starts_with('{'),
                    "{json}"
                );
                assert_eq!(read.raw.is_some(), field == "raw" && kind != "null", "{json}");
            }
        }
    }

    #[test]
    fn counts_are_whole_numbers_however_they_are_written() {
        for (json, count) in [
            ("5", Some(5)),
            ("5.0", Some(5)),
            ("5e2", Some(500)),
            ("-5", None),
            (r#""5""#, None),
        ] {
            let json = format!(r#"{{"count":{json}}}"#);
            assert_eq!(outer(&json).count, count, "{json}");
        }
    }

    #[test]
    fn items_of_another_kind_are_left_out() {
        let read = outer(r#"{"list":["a",1,null,"b"]}"#);
        let texts: Vec<_> = read
            .list
            .unwrap()
            .iter()
            .map(|text| text.escaped().to_owned())
            .collect();
        assert_eq!(texts, ["a", "b"]);
    }

    #[test]
    fn a_document_of_another_kind_has_no_fields_and_what_is_no_json_is_an_error() {
        for json in ["[]", "5", "null", r#""text""#] {
            assert!(outer(json).text.is_none());
        }
        for json in ["", "{", r#"{"text":"#, "{} {}", "<html>"] {
            assert!(super::read::<Outer>(json).is_err(), "{json}");
        }
    }
}
