//! One message of a conversation: role, content, tool calls, and the extensions that gateways agree on
//! (`reasoning_content`, `thinking_blocks`, `cache_control`).

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::text::{Text, from_visit, kind};
use super::view::{deserialize_object, view, words};

words! {
    /// Who speaks.
    Role {
        "system" System,
        /// What newer models call the system.
        "developer" Developer,
        "user" User,
        "assistant" Assistant,
        /// The result of a tool call.
        "tool" Tool,
        /// The result of a function call, in the API's older form.
        "function" Function,
    }
}

view! {
    /// A message.
    Message {
        /// Who speaks.
        "role" role: Role<'a>,
        /// What is said.
        "content" content: Content<'a>,
        /// Who speaks, among several of one role; for [`Role::Function`] the function.
        "name" name: Text<'a>,
        /// What the assistant wants called.
        "tool_calls" tool_calls: Vec<ToolCall<'a>>,
        /// Which call this is the result of.
        "tool_call_id" tool_call_id: Text<'a>,
        /// What the assistant wants called, in the API's older form.
        "function_call" function_call: Function<'a>,
        /// Why the assistant refused.
        "refusal" refusal: Text<'a>,
        /// The assistant's reasoning as plain text.
        "reasoning_content" reasoning_content: Text<'a>,
        /// The assistant's reasoning as its provider signed it, to be replayed.
        "thinking_blocks" thinking_blocks: Vec<&'a RawValue>,
        /// Ends a prefix that the provider should cache.
        "cache_control" cache_control: &'a RawValue,
    }
}

view! {
    /// One call the assistant asks for.
    ToolCall {
        /// Where it stands among the calls of a message; only in stream chunks.
        "index" index: u32,
        /// What the result refers to.
        "id" id: Text<'a>,
        /// `function` unless said otherwise.
        "type" kind: Text<'a>,
        /// What to call with what.
        "function" function: Function<'a>,
        /// Ends a prefix that the provider should cache.
        "cache_control" cache_control: &'a RawValue,
    }
}

view! {
    /// A function by name, with its arguments.
    Function {
        /// Its name.
        "name" name: Text<'a>,
        /// A JSON object, as text.
        "arguments" arguments: Text<'a>,
    }
}

deserialize_object!(Message ToolCall Function);

/// What a message says.
#[derive(Debug, Clone)]
pub enum Content<'a> {
    /// Plain text.
    Text(Text<'a>),
    /// Text, images, files.
    Parts(Vec<Part<'a>>),
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    /// Text is found without a second look; a list of parts is scanned once for its end and once for its parts.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'a RawValue>::deserialize(deserializer)?;
        if let Some(text) = Text::of(raw) {
            return Ok(Self::Text(text));
        }
        if raw.get().starts_with('[') {
            return serde_json::from_str(raw.get())
                .map(Self::Parts)
                .map_err(D::Error::custom);
        }
        Err(D::Error::custom(format_args!(
            "content is text or a list of parts, not {}",
            kind(raw)
        )))
    }
}

words! {
    /// What a part is.
    PartKind {
        "text" Text,
        "image_url" ImageUrl,
        "input_audio" InputAudio,
        "file" File,
        "refusal" Refusal,
    }
}

view! {
    /// One part of a message's content.
    Part {
        /// What it is; says which of the other fields is there.
        "type" kind: PartKind<'a>,
        /// Of [`PartKind::Text`].
        "text" text: Text<'a>,
        /// Of [`PartKind::ImageUrl`].
        "image_url" image_url: ImageUrl<'a>,
        /// Of [`PartKind::File`].
        "file" file: File<'a>,
        /// Of [`PartKind::Refusal`].
        "refusal" refusal: Text<'a>,
        /// Ends a prefix that the provider should cache.
        "cache_control" cache_control: &'a RawValue,
    }
}

view! {
    /// An image, by address or as a `data:` URI. A bare string counts as its address.
    ImageUrl {
        /// Where it is.
        "url" url: Text<'a>,
        /// How closely to look: `low`, `high`, `auto`.
        "detail" detail: Text<'a>,
        /// Media type, where the address does not say it.
        "format" format: Text<'a>,
    }
}

view! {
    /// A file, by id or as data.
    File {
        /// `data:` URI, or base64 alone.
        "file_data" file_data: Text<'a>,
        /// What the provider's file store calls it; some clients put an address here.
        "file_id" file_id: Text<'a>,
        /// What the client calls it.
        "filename" filename: Text<'a>,
        /// Media type, where the data does not say it.
        "format" format: Text<'a>,
    }
}

deserialize_object!(Part File);

impl<'de: 'a, 'a> Deserialize<'de> for ImageUrl<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read<'a>(PhantomData<&'a ()>);

        impl<'de: 'a, 'a> Visitor<'de> for Read<'a> {
            type Value = ImageUrl<'a>;

            fn expecting(&self, to: &mut fmt::Formatter) -> fmt::Result {
                to.write_str("an object with a `url`, or a string")
            }

            fn visit_borrowed_str<E>(self, url: &'de str) -> Result<Self::Value, E> {
                Ok(ImageUrl {
                    url: Some(Text::unescaped(url)),
                    ..ImageUrl::default()
                })
            }

            fn visit_str<E>(self, url: &str) -> Result<Self::Value, E> {
                Ok(ImageUrl {
                    url: Some(from_visit(url)?),
                    ..ImageUrl::default()
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                ImageUrl::read_all(map)
            }
        }

        deserializer.deserialize_any(Read(PhantomData))
    }
}
