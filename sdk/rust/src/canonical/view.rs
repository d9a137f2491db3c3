//! Structs for JSON objects that keep unknown fields. Serde's own `flatten` buffers every value in a tree first, and
//! cannot hold a [`RawValue`]; the macro here reads each field once, directly into its place.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Fields that a view does not know, in the order of the document.
pub type Rest<'a> = Vec<(Cow<'a, str>, &'a RawValue)>;

/// A JSON object without known fields: all its fields, in order.
#[derive(Debug, Clone, Default)]
pub struct Fields<'a>(pub Rest<'a>);

impl<'a> Fields<'a> {
    /// The last field with this name, since in JSON later duplicates override earlier ones.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| *value)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read<'a>(PhantomData<&'a ()>);

        impl<'de: 'a, 'a> Visitor<'de> for Read<'a> {
            type Value = Fields<'a>;

            fn expecting(&self, to: &mut fmt::Formatter) -> fmt::Result {
                to.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(Key(key)) = map.next_key()? {
                    fields.push((key, map.next_value()?));
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(Read(PhantomData))
    }
}

/// The name of a field: borrowed unless it has escapes.
pub(crate) struct Key<'a>(pub Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(ReadText).map(Key)
    }
}

/// Reads a string and borrows it if possible. Serde's own `Cow` always copies.
pub(super) struct ReadText;

impl<'de> Visitor<'de> for ReadText {
    type Value = Cow<'de, str>;

    fn expecting(&self, to: &mut fmt::Formatter) -> fmt::Result {
        to.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

/// `view! { /// doc  Name { /// doc  "wire name" field: Type, … } }` makes a struct with `Option<Type>` fields and
/// `rest`, and the functions that read it.
macro_rules! view {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $key:literal $field:ident: $type:ty,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default)]
        pub struct $name<'a> {
            $($(#[$field_doc])* pub $field: Option<$type>,)+
            /// Every other field, in the order of the document.
            pub rest: $crate::canonical::Rest<'a>,
        }

        impl<'a> $name<'a> {
            /// Reads one field into its place, or into `rest`.
            fn read<'de: 'a, A: ::serde::de::MapAccess<'de>>(
                &mut self,
                key: ::std::borrow::Cow<'a, str>,
                map: &mut A,
            ) -> Result<(), A::Error> {
                match &*key {
                    $($key => self.$field = map.next_value()?,)+
                    _ => self.rest.push((key, map.next_value()?)),
                }
                Ok(())
            }

            /// Reads every field of an object.
            #[allow(dead_code, reason = "some views are only read through another form of theirs")]
            fn read_all<'de: 'a, A: ::serde::de::MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
                let mut view = Self::default();
                while let Some($crate::canonical::view::Key(key)) = map.next_key()? {
                    view.read(key, &mut map)?;
                }
                Ok(view)
            }
        }
    };
}

/// Implements `Deserialize` for views that are plain JSON objects.
macro_rules! deserialize_object {
    ($($name:ident)+) => {
        $(impl<'de: 'a, 'a> ::serde::Deserialize<'de> for $name<'a> {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Read<'a>(::std::marker::PhantomData<&'a ()>);

                impl<'de: 'a, 'a> ::serde::de::Visitor<'de> for Read<'a> {
                    type Value = $name<'a>;

                    fn expecting(&self, to: &mut ::std::fmt::Formatter) -> ::std::fmt::Result {
                        to.write_str("an object")
                    }

                    fn visit_map<A: ::serde::de::MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                        $name::read_all(map)
                    }
                }

                deserializer.deserialize_map(Read(::std::marker::PhantomData))
            }
        })+
    };
}

/// Makes an enum of known strings, with a variant for all others.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:literal $variant:ident,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $name<'a> {
            $(#[doc = concat!("`", $word, "`")] $(#[$word_doc])* $variant,)+
            /// Any other value.
            Other(::std::borrow::Cow<'a, str>),
        }

        impl $name<'_> {
            /// The string that the API uses.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Other(word) => word,
                }
            }
        }

        impl<'de: 'a, 'a> ::serde::Deserialize<'de> for $name<'a> {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let $crate::canonical::view::Key(word) = ::serde::Deserialize::deserialize(deserializer)?;
                Ok(match &*word {
                    $($word => Self::$variant,)+
                    _ => Self::Other(word),
                })
            }
        }
    };
}

pub(super) use {deserialize_object, view, words};
