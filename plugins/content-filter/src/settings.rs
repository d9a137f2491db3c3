//! The settings of the operator: those of LiteLLM's `litellm_content_filter`
//! (<https://docs.litellm.ai/docs/proxy/guardrails/litellm_content_filter>), and a short form.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::check::Check;
use crate::filter::{Action, Filter};
use crate::pattern::{Expression, MAX_LENGTH_MAX, Pattern};
use crate::prebuilt;
use crate::words::{BLOCKED_WORD, Word, Words};

/// Maximum number of patterns: more could not be read and compiled within the time limit of a guardrail.
const PATTERNS_MAX: usize = 200;

/// Maximum number of words, for the same reason.
const WORDS_MAX: usize = 20_000;

/// Settings of one use of the plugin.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Regular expressions to find. A name alone selects the prebuilt pattern of that name.
    #[serde(default)]
    patterns: Option<Vec<Short<PatternEntry>>>,
    /// Words and phrases to find, also within longer words, as in LiteLLM.
    #[serde(default)]
    blocked_words: Option<Vec<Short<WordEntry>>>,
    /// Words and phrases to find as whole words.
    #[serde(default)]
    words: Option<Vec<Short<WordEntry>>>,
    /// The action of entries that give none. Default: block.
    #[serde(default)]
    action: Option<Action>,
    /// Whether words match only as whole words. Default: true for `words`, false for `blocked_words`.
    #[serde(default)]
    whole_words: Option<bool>,
    /// Whether disguised text is found: invisible characters, other widths, and letters that look alike. Default: true.
    #[serde(default)]
    normalize: Option<bool>,
    /// The tag for a masked match; `{pattern_name}` is replaced by the name in capitals. Default:
    /// `[{pattern_name}_REDACTED]`.
    #[serde(default)]
    pattern_redaction_format: Option<String>,
    /// The tag for a masked word. Default: `[KEYWORD_REDACTED]`.
    #[serde(default)]
    keyword_redaction_tag: Option<String>,
    /// For LiteLLM's categories; it has no effect here.
    #[serde(default, rename = "severity_threshold")]
    _severity_threshold: Option<IgnoredAny>,
    #[serde(default)]
    blocked_words_file: Option<IgnoredAny>,
    #[serde(default)]
    categories: Option<IgnoredAny>,
    #[serde(default)]
    competitor_intent_config: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PatternEntry {
    /// `prebuilt` or `regex`. Default: determined by the other keys.
    #[serde(default)]
    pattern_type: Option<PatternType>,
    #[serde(default)]
    pattern_name: Option<String>,
    /// A regular expression. It ignores case, as in LiteLLM; `(?-i)` at the beginning makes it case-sensitive.
    #[serde(default)]
    pattern: Option<String>,
    /// The name in tags and violations. Default: `custom_regex`.
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    action: Option<Action>,
    /// Maximum length of a match in Unicode scalar values, which bounds what a stream holds back.
    #[serde(default)]
    max_length: Option<usize>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum PatternType {
    Prebuilt,
    Regex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WordEntry {
    keyword: String,
    #[serde(default)]
    action: Option<Action>,
    #[serde(default)]
    description: Option<String>,
}

impl From<String> for PatternEntry {
    fn from(name: String) -> Self {
        Self {
            pattern_type: None,
            pattern_name: Some(name),
            pattern: None,
            name: None,
            action: None,
            max_length: None,
        }
    }
}

impl From<String> for WordEntry {
    fn from(keyword: String) -> Self {
        Self {
            keyword,
            action: None,
            description: None,
        }
    }
}

impl Settings {
    /// The rules for these settings.
    ///
    /// # Errors
    /// What is wrong, and how to fix it.
    pub(crate) fn into_filter(self) -> Result<Filter, String> {
        self.refuse_what_is_missing()?;
        let action = self.action.unwrap_or(Action::Block);
        let word_tag = self
            .keyword_redaction_tag
            .unwrap_or_else(|| "[KEYWORD_REDACTED]".into());
        let format = self
            .pattern_redaction_format
            .unwrap_or_else(|| "[{pattern_name}_REDACTED]".into());
        let (mut patterns, mut blocked, mut masked) = (Vec::new(), Vec::new(), Vec::new());
        for (number, Short(entry)) in self.patterns.into_iter().flatten().enumerate() {
            let mut pattern = entry
                .into_pattern(action)
                .map_err(|error| format!("settings: patterns[{number}]: {error}"))?;
            pattern.tag = format.replace("{pattern_name}", &pattern.name.to_uppercase());
            patterns.push(pattern);
        }
        let lists = [
            (self.words, "words", true),
            (self.blocked_words, "blocked_words", false),
        ];
        for (list, key, whole) in lists {
            let whole = self.whole_words.unwrap_or(whole);
            for (number, Short(entry)) in list.into_iter().flatten().enumerate() {
                if entry.keyword.trim().is_empty() {
                    return Err(format!(
                        "settings: {key}[{number}]: a keyword must hold more than white space"
                    ));
                }
                match entry.action.unwrap_or(action) {
                    action if entry.keyword.contains('*') => {
                        patterns.push(entry.into_wildcard(action, whole, &word_tag))
                    }
                    Action::Block => blocked.push(entry.into_word(whole)),
                    Action::Mask => masked.push(entry.into_word(whole)),
                }
            }
        }
        check_sizes(patterns.len(), blocked.len() + masked.len())?;
        Ok(Filter::new(
            patterns,
            Words::new(blocked),
            Words::new(masked),
            word_tag,
            self.normalize.unwrap_or(true),
        ))
    }

    fn refuse_what_is_missing(&self) -> Result<(), String> {
        let refuse = |given: bool, sentence: &str| {
            if given {
                Err(format!("settings: {sentence}"))
            } else {
                Ok(())
            }
        };
        refuse(
            self.blocked_words_file.is_some(),
            "a plugin reads no files: write the words of `blocked_words_file` under `blocked_words`",
        )?;
        refuse(
            self.categories.is_some(),
            "`categories` do not come with this plugin: write their words under `blocked_words`",
        )?;
        refuse(
            self.competitor_intent_config.is_some(),
            "`competitor_intent_config` does not come with this plugin",
        )
    }
}

fn check_sizes(patterns: usize, words: usize) -> Result<(), String> {
    let check = |count: usize, max: usize, what: &str| match count > max {
        true => Err(format!(
            "settings: {count} {what} are too many for the time a guardrail has: at most {max}"
        )),
        false => Ok(()),
    };
    if patterns + words == 0 {
        return Err("settings: nothing to look for: give `patterns`, `blocked_words` or `words`".into());
    }
    check(patterns, PATTERNS_MAX, "patterns")?;
    check(words, WORDS_MAX, "words")
}

impl PatternEntry {
    fn into_pattern(self, default: Action) -> Result<Pattern, String> {
        if self
            .max_length
            .is_some_and(|length| length == 0 || length > MAX_LENGTH_MAX)
        {
            return Err(format!("max_length must be between 1 and {MAX_LENGTH_MAX}"));
        }
        let action = self.action.unwrap_or(default);
        let prebuilt = self
            .pattern_type
            .map_or(self.pattern.is_none(), |kind| kind == PatternType::Prebuilt);
        let mut pattern = match (prebuilt, self.pattern_name, self.pattern) {
            (true, Some(name), None) => prebuilt::pattern(&name, action)?,
            (false, None, Some(text)) => own(self.name, action, text)?,
            (true, ..) => return Err("a prebuilt pattern needs `pattern_name`, and no `pattern`".into()),
            (false, ..) => {
                return Err("a pattern of one's own needs `pattern`, and `name` instead of `pattern_name`".into());
            }
        };
        pattern.expression.max_length = self.max_length.or(pattern.expression.max_length);
        Ok(pattern)
    }
}

fn own(name: Option<String>, action: Action, text: String) -> Result<Pattern, String> {
    let mut expression = Expression::new(Cow::Owned(text.clone()), true);
    expression.parse().map_err(|error| format!("`{text}`: {error}"))?;
    let name = name.unwrap_or_else(|| "custom_regex".into());
    Ok(Pattern {
        code: format!("pattern.{name}"),
        name,
        action,
        tag: String::new(),
        check: Check::default(),
        literals: Vec::new(),
        expression,
    })
}

impl WordEntry {
    fn into_word(self, whole: bool) -> Word {
        Word {
            keyword: self.keyword,
            description: self.description.unwrap_or_default(),
            whole,
        }
    }

    /// `*` in a keyword stands for one character or none, as in LiteLLM.
    fn into_wildcard(self, action: Action, whole: bool, tag: &str) -> Pattern {
        let text = regex_syntax::escape(&self.keyword).replace(r"\*", ".?");
        let text = if whole { format!(r"\b{text}\b") } else { text };
        Pattern {
            name: BLOCKED_WORD.into(),
            code: BLOCKED_WORD.into(),
            action,
            tag: tag.to_owned(),
            check: Check::default(),
            literals: Vec::new(),
            expression: Expression::new(Cow::Owned(text), true),
        }
    }
}

/// An entry as an object, or as its main text alone.
struct Short<T>(T);

impl<'de, T: Deserialize<'de> + From<String>> Deserialize<'de> for Short<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ShortVisitor(PhantomData)).map(Self)
    }
}

/// Written by hand, since the error of an untagged enum would not say what is wrong inside an entry.
struct ShortVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + From<String>> Visitor<'de> for ShortVisitor<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name or an object")
    }

    fn visit_str<E>(self, text: &str) -> Result<T, E> {
        Ok(T::from(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}
