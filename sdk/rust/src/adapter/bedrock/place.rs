//! Where a request goes: what stands behind `bedrock/`, as LiteLLM spells it
//! (<https://docs.litellm.ai/docs/providers/bedrock>), and the path that Bedrock has for it.

use crate::adapter::push_encoded;
use crate::{Failure, Fault, deployment};

/// Ways to say which API is meant. The prefix says it to the gateway, which picks the adapter that speaks it.
const APIS: [&str; 3] = ["converse", "converse_like", "invoke"];

/// Whose model an ARN stands for, which the ARN itself does not say; and the name that stands for the model then.
const MAKERS: [(&str, &str); 9] = [
    ("nova", "amazon.nova"),
    ("nova-2", "amazon.nova-2"),
    ("llama", "meta.llama"),
    ("deepseek_r1", "deepseek.r1"),
    ("qwen2", "qwen.qwen2"),
    ("qwen3", "qwen.qwen3"),
    ("moonshot", "moonshot.kimi"),
    ("openai", "openai"),
    ("anthropic", "anthropic.claude-"),
];

/// APIs of Bedrock that no adapter speaks.
const OTHER_APIS: [&str; 5] = ["agent", "agentcore", "async_invoke", "mantle", "claude_platform"];

/// A model of Bedrock's.
#[derive(Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// What the path names: a model id, an inference profile, an ARN.
    id: &'a str,
    /// The region that stands before it.
    region: Option<&'a str>,
    maker: Option<&'static str>,
}

impl<'a> Place<'a> {
    /// Reads the model's name without `bedrock/`.
    ///
    /// # Errors
    /// It names another API.
    pub fn parse(name: &'a str) -> Result<Self, Failure> {
        let mut place = Self {
            id: name,
            region: None,
            maker: None,
        };
        // An ARN has slashes of its own.
        while let Some((head, rest)) = place.id.split_once('/').filter(|_| !place.id.starts_with("arn:")) {
            if OTHER_APIS.contains(&head) {
                let message =
                    format!("`{head}/` is another API than Bedrock's Converse and InvokeModel, and not served");
                return Err(Failure::new(Fault::Unsupported, message).parameter("model"));
            }
            let maker = MAKERS.iter().find(|(maker, _)| *maker == head);
            match maker {
                Some((_, name)) => place.maker = Some(name),
                None if is_region(head) => place.region = Some(head),
                // How long capacity was bought for: `bedrock/us-west-2/1-month-commitment/…`.
                None if APIS.contains(&head) || head.ends_with("-commitment") => {}
                None => break,
            }
            place.id = rest;
        }
        Ok(place)
    }

    /// The path of an operation, such as `converse`. `model_id` of the deployment stands in for the model's own id.
    ///
    /// # Errors
    /// The model names a region, and the deployment is in another one: the host goes by the deployment's.
    pub fn path(&self, operation: &str) -> Result<String, Failure> {
        let lives_in = deployment::text("aws_region_name");
        if let (Some(named), Some(lives_in)) = (self.region, &lives_in)
            && named != lives_in
        {
            let message = format!(
                "the model names the region {named}, but the deployment's `aws_region_name` is {lives_in}; set it to {named}"
            );
            return Err(Failure::new(Fault::NotFound, message).parameter("model"));
        }
        let model_id = deployment::text("model_id");
        let id = encoded(model_id.as_deref().unwrap_or(self.id));
        Ok(format!("/model/{id}/{operation}"))
    }

    /// The name that says most of what the model is: `base_model`, where an ARN does not say.
    #[must_use]
    pub fn family_name(&self) -> String {
        match (deployment::text("base_model"), self.maker) {
            (Some(base_model), _) => base_model,
            (None, Some(maker)) if self.id.starts_with("arn:") => maker.into(),
            (None, _) => self.id.into(),
        }
    }
}

/// `eu-central-1`, `us-gov-west-1`.
fn is_region(word: &str) -> bool {
    let mut parts = word.split('-');
    let is_letters = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let begins = parts.next().is_some_and(|part| part.len() == 2 && is_letters(part));
    let ends = parts
        .next_back()
        .is_some_and(|part| part.len() == 1 && part.bytes().all(|byte| byte.is_ascii_digit()));
    let between: Vec<&str> = parts.collect();
    begins && ends && !between.is_empty() && between.iter().all(|part| is_letters(part))
}

/// Everything but what RFC 3986 calls unreserved, as botocore encodes it: the signature is over the same bytes.
fn encoded(id: &str) -> String {
    let mut path = String::with_capacity(id.len() + 16);
    push_encoded(&mut path, id, b"");
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, id: &str, region: Option<&str>) {
        let place = Place::parse(name).map_err(|failure| failure.message).unwrap();
        assert_eq!((place.id, place.region), (id, region), "{name}");
    }

    #[test]
    fn models_are_spelt_in_many_ways() {
        let claude = "anthropic.claude-3-haiku-20240307-v1:0";
        let arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc";
        check(claude, claude, None);
        check("us.amazon.nova-pro-v1:0", "us.amazon.nova-pro-v1:0", None);
        check(&format!("converse/{claude}"), claude, None);
        check(&format!("invoke/us-west-2/{claude}"), claude, Some("us-west-2"));
        check(&format!("us-gov-west-1/{claude}"), claude, Some("us-gov-west-1"));
        check(
            &format!("us-west-2/1-month-commitment/{claude}"),
            claude,
            Some("us-west-2"),
        );
        check(arn, arn, None);
        check(&format!("converse/nova/{arn}"), arn, None);
        check("something/else", "something/else", None);
        assert!(Place::parse("agent/x").is_err());
    }

    #[test]
    fn ids_stay_one_segment_of_the_path() {
        assert_eq!(encoded("a.b-c_1:0"), "a.b-c_1%3A0");
        assert_eq!(encoded("arn:aws:x/é"), "arn%3Aaws%3Ax%2F%C3%A9");
    }
}
