//! The variables of rules. A variable is read only when a rule needs it: most variables identify a person, and an
//! instance that has read one serves no other exchange.

use cel::ExecutionError;
use cel::common::traits::Indexer;
use cel::common::types::{CelBool, CelInt, CelList, CelString, MAP_TYPE, Type};
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use sluice_sdk::exchange;

use crate::time::Time;

/// The exchange that the variables belong to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Source {
    /// The current exchange.
    Present,
    /// An exchange without any data, for which a rule is evaluated when it is loaded.
    Blank,
}

/// The words of the attributes `medium.<word>`.
const MEDIA: [&str; 5] = ["image", "audio", "video", "file", "tokens"];

/// All variables.
pub(crate) const VARIABLES: [&str; 15] = [
    "model_group",
    "operation",
    "streaming",
    "prompt_tokens",
    "region",
    "user",
    "team",
    "end_user",
    "virtual_key",
    "tags",
    "media",
    "metadata",
    "headers",
    "time",
    "weekday",
];

impl VariableResolver for Source {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        let text = |text: String| CowVal::owned(CelString::from(text));
        Some(match variable {
            "model_group" => text(self.read(exchange::model_group)),
            "operation" => text(self.read(exchange::operation)),
            "streaming" => CowVal::owned(CelBool::from(self.read(exchange::is_streaming))),
            "prompt_tokens" => CowVal::owned(CelInt::from(i64::from(self.read(exchange::prompt_tokens)))),
            "region" | "user" | "team" => text(self.attribute(variable)),
            "end_user" => text(self.attribute("end-user")),
            "virtual_key" => text(self.attribute("virtual-key")),
            "tags" => CowVal::owned(CelList::from(self.tags())),
            "media" => CowVal::owned(CelList::from(self.media())),
            "metadata" => CowVal::owned(Named(*self, "metadata")),
            "headers" => CowVal::owned(Named(*self, "header")),
            "time" => text(self.now().of_day()),
            "weekday" => text(self.now().weekday().into()),
            _ => return None,
        })
    }
}

impl Source {
    fn read<T: Default>(self, read: fn() -> T) -> T {
        match self {
            Self::Present => read(),
            Self::Blank => T::default(),
        }
    }

    /// An absent attribute is the empty text.
    fn attribute(self, name: &str) -> String {
        match self {
            Self::Present => exchange::attribute(name).unwrap_or_default(),
            Self::Blank => String::new(),
        }
    }

    fn tags<'v>(self) -> Vec<Box<dyn Val + 'v>> {
        let tag = |index: usize| Some(self.attribute(&format!("tag.{index}"))).filter(|tag| !tag.is_empty());
        let boxed = |tag| Box::new(CelString::from(tag)) as Box<dyn Val + 'v>;
        (0..).map_while(tag).map(boxed).collect()
    }

    fn media<'v>(self) -> Vec<Box<dyn Val + 'v>> {
        let given = |word: &&str| !self.attribute(&format!("medium.{word}")).is_empty();
        let boxed = |word: &str| Box::new(CelString::from(word.to_owned())) as Box<dyn Val + 'v>;
        MEDIA.into_iter().filter(given).map(boxed).collect()
    }

    fn now(self) -> Time {
        Time::of(self.read(exchange::started_ms))
    }
}

/// The attributes with one prefix, by name: `metadata.plan`, `headers["x-plan"]`.
#[derive(Debug, Clone, Copy)]
struct Named(Source, &'static str);

impl Val for Named {
    fn get_type(&self) -> &Type {
        &MAP_TYPE
    }

    fn cel_type() -> &'static Type {
        &MAP_TYPE
    }

    fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(*self)
    }
}

impl Indexer for Named {
    fn get<'b, 'v>(&'b self, name: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        let wrong = || ExecutionError::UnexpectedType {
            got: name.get_type().name().to_owned(),
            want: "string".into(),
        };
        let name: &str = name.try_into().map_err(|_| wrong())?;
        let Self(source, kind) = self;
        Ok(CowVal::owned(CelString::from(
            source.attribute(&format!("{kind}.{name}")),
        )))
    }

    fn steal<'v>(self: Box<Self>, name: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.get(name).map(CowVal::into_owned)
    }
}
