//! Reading another wire format's answers leniently. Servers that imitate a provider leave fields out, say `null`, or
//! write a number where the original writes text, so [`wire!`](crate::wire!) makes structs of which every field is
//! optional: a field that is missing, `null` or of another kind reads as `None`, and whether it is needed is for the
//! reader to say. Only what is no JSON at all is an error.
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

use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::canonical::Text;

/// A value that may be of another kind than expected.
pub trait Lenient<'a>: Sized {
    /// Reads the value; `None` where it is `null` or of another kind.
    ///
    /// # Errors
    /// The document is no JSON.
    fn read<D: Deserializer<'a>>(deserializer: D) -> Result<Option<Self>, D::Error>;
}

/// Reads a whole document. One of another kind (a list, a number) reads as an object without fields.
///
/// # Errors
/// The document is no JSON.
pub fn read<'a, T: Lenient<'a> + Default>(json: &'a str) -> serde_json::Result<T> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let value = T::read(&mut deserializer)?;
    deserializer.end()?;
    Ok(value.unwrap_or_default())
}

impl<'a> Lenient<'a> for Text<'a> {
    fn read<D: Deserializer<'a>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        Ok(Self::of(raw(deserializer)?))
    }
}

impl<'a> Lenient<'a> for &'a RawValue {
    fn read<D: Deserializer<'a>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        Ok(Some(raw(deserializer)?).filter(|raw| raw.get() != "null"))
    }
}

/// Counts: a whole number that is written with a decimal point (`5.0`) is one too.
impl<'a> Lenient<'a> for u64 {
    fn read<D: Deserializer<'a>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        let text = raw(deserializer)?.get();
        let rounded = || {
            let number: f64 = text.parse().ok()?;
            // `as` saturates, and a count of more than 2^64 is nonsense either way.
            (number >= 0.0).then_some(number as u64)
        };
        Ok(text.parse().ok().or_else(rounded))
    }
}

/// Items that are of another kind are left out.
impl<'a, T: Lenient<'a>> Lenient<'a> for Vec<T> {
    fn read<D: Deserializer<'a>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        of_kind(deserializer, Self::new())
    }
}

impl<'a, T: Lenient<'a>> Kind<'a> for Vec<T> {
    fn list<A: SeqAccess<'a>>(&mut self, mut list: A) -> Result<bool, A::Error> {
        while let Some(item) = list.next_element_seed(Value(PhantomData))? {
            self.extend(item);
        }
        Ok(true)
    }
}

fn raw<'a, D: Deserializer<'a>>(deserializer: D) -> Result<&'a RawValue, D::Error> {
    serde::Deserialize::deserialize(deserializer)
}

/// Reads a value in its place in a list or an object.
struct Value<T>(PhantomData<T>);

impl<'a, T: Lenient<'a>> DeserializeSeed<'a> for Value<T> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        T::read(deserializer)
    }
}

/// Reads one field's value; what `wire!` calls.
///
/// # Errors
/// The document is no JSON.
#[doc(hidden)]
pub fn field<'a, T: Lenient<'a>, A: MapAccess<'a>>(map: &mut A) -> Result<Option<T>, A::Error> {
    map.next_value_seed(Value(PhantomData))
}

/// Reads the next field's name; what `wire!` calls.
///
/// # Errors
/// The document is no JSON.
#[doc(hidden)]
pub fn name<'a, A: MapAccess<'a>>(map: &mut A) -> Result<Option<std::borrow::Cow<'a, str>>, A::Error> {
    let key: Option<crate::canonical::Key> = map.next_key()?;
    Ok(key.map(|key| key.0))
}

/// Something that is read from lists, from objects or from text, or from several of them. Each function says whether
/// this kind of value is read; by default none is.
pub trait Kind<'a>: Sized {
    /// Reads text, without its escapes.
    fn text(&mut self, text: &str) -> bool {
        let _ = text;
        false
    }

    /// Reads a list.
    ///
    /// # Errors
    /// The document is no JSON.
    fn list<A: SeqAccess<'a>>(&mut self, mut list: A) -> Result<bool, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(false)
    }

    /// Reads an object.
    ///
    /// # Errors
    /// The document is no JSON.
    fn object<A: MapAccess<'a>>(&mut self, mut object: A) -> Result<bool, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(false)
    }
}

/// Reads a value into `kind`; `None` where the value is of a kind that it does not read.
///
/// # Errors
/// The document is no JSON.
pub fn of_kind<'a, K: Kind<'a>, D: Deserializer<'a>>(deserializer: D, mut kind: K) -> Result<Option<K>, D::Error> {
    let is_taken = deserializer.deserialize_any(OfKind(&mut kind))?;
    Ok(is_taken.then_some(kind))
}

struct OfKind<'k, K>(&'k mut K);

impl<'a, K: Kind<'a>> Visitor<'a> for OfKind<'_, K> {
    type Value = bool;

    fn expecting(&self, to: &mut std::fmt::Formatter) -> std::fmt::Result {
        to.write_str("JSON")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, list: A) -> Result<bool, A::Error> {
        self.0.list(list)
    }

    fn visit_map<A: MapAccess<'a>>(self, object: A) -> Result<bool, A::Error> {
        self.0.object(object)
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

/// Makes structs whose fields are all optional, and reads them leniently; see the [module](crate::wire).
#[macro_export]
macro_rules! wire {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $key:literal $field:ident: $type:ty,)+ })+) => {
        $(
            $(#[$doc])*
            #[derive(Default)]
            pub struct $name<'a> {
                $($(#[$field_doc])* pub $field: Option<$type>,)+
                /// Structs without borrowed fields need it.
                _document: ::std::marker::PhantomData<&'a ()>,
            }

            impl<'a> $crate::wire::Kind<'a> for $name<'a> {
                fn object<A: $crate::serde::de::MapAccess<'a>>(&mut self, mut object: A) -> Result<bool, A::Error> {
                    while let Some(name) = $crate::wire::name(&mut object)? {
                        match &*name {
                            $($key => self.$field = $crate::wire::field(&mut object)?,)+
                            _ => {
                                object.next_value::<$crate::serde::de::IgnoredAny>()?;
                            }
                        }
                    }
                    Ok(true)
                }
            }

            impl<'a> $crate::wire::Lenient<'a> for $name<'a> {
                fn read<D: $crate::serde::de::Deserializer<'a>>(deserializer: D) -> Result<Option<Self>, D::Error> {
                    $crate::wire::of_kind(deserializer, Self::default())
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
