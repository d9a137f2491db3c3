//! Defaults for fields that an answer lacks: clients of OpenAI's API rely on an id and a model.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::canonical::Text;
use crate::exchange;

/// The attempt that an answer belongs to.
#[derive(Debug, Default)]
pub struct Origin {
    model: String,
}

impl Origin {
    /// An attempt with this model.
    #[must_use]
    pub fn of_model(name: &str) -> Self {
        Self { model: name.to_owned() }
    }

    /// The answer's id, or else one made from the id of the exchange.
    #[must_use]
    pub fn id<'a>(&self, given: Option<&Text<'a>>) -> Text<'a> {
        let made = || Text::from_decoded(&format!("chatcmpl-{}", exchange::id()));
        given.filter(|id| !id.is_empty()).cloned().unwrap_or_else(made)
    }

    /// The model that the answer names, or else the model that was requested.
    #[must_use]
    pub fn model<'a>(&self, given: Option<&Text<'a>>) -> Text<'a> {
        let asked = || Text::from_decoded(&self.model);
        given.filter(|model| !model.is_empty()).cloned().unwrap_or_else(asked)
    }

    /// The current time in Unix seconds, since few providers send a creation time.
    #[must_use]
    pub fn created(&self) -> u64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs())
    }
}
