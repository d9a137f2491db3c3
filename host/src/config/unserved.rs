//! Providers of LiteLLM that no bundled adapter serves, and what a user can do instead. The addresses are from the providers'
//! documentation.

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instead {
    /// It has an address that speaks OpenAI's API.
    OpenAiAt(&'static str),
    /// Another prefix serves its models.
    Prefix(&'static str),
    /// An adapter must be written, which the host can serve.
    Adapter,
    /// It is no provider of models; this is what takes its place.
    Other(&'static str),
}

use Instead::{Adapter, OpenAiAt, Other, Prefix};

/// By prefix, sorted.
#[rustfmt::skip] // One provider a row.
const UNSERVED: &[(&str, Instead)] = &[
    ("a2a", Adapter),
    ("a2a_agent", Adapter),
    ("anthropic_text", Prefix("anthropic")),
    ("auto_router", Other("The strategy `conditional` routes by rules over prompts.")),
    ("aws_polly", Adapter),
    ("aws_textract", Other("It reads documents, an operation that is not yet served.")),
    ("azure_speech", Adapter),
    ("bespoke", Adapter),
    ("black_forest_labs", Adapter),
    ("bytez", OpenAiAt("https://api.bytez.com/models/v2/openai/v1")),
    ("chatgpt", Prefix("openai")),
    ("cursor", Adapter),
    ("custom", Adapter),
    ("databricks_agent", Prefix("databricks")),
    ("deepgram", Adapter),
    ("dotprompt", Other("It is a store of prompts, and these are not yet in effect.")),
    ("elevenlabs", Adapter),
    ("eu_jev", Adapter),
    ("fal_ai", Adapter),
    ("gdc", OpenAiAt("https://<host>/v1/projects/<project>/locations/<location>")),
    ("gigachat", Adapter),
    ("humanloop", Other("It is a store of prompts, and these are not yet in effect.")),
    ("langflow", OpenAiAt("http://<host>:7860/api/v1")),
    ("langfuse", Other("It is a store of prompts, and these are not yet in effect.")),
    ("langgraph", Adapter),
    ("laya", Adapter),
    ("litellm_agent", Adapter),
    ("manus", Adapter),
    ("microsoft_365_copilot", Adapter),
    ("milvus", Other("It is a vector store, and these are not yet in effect.")),
    ("mongodb", Other("It is a vector store, and these are not yet in effect.")),
    ("nace", Adapter),
    ("nlp_cloud", Adapter),
    ("nvidia_riva", OpenAiAt("http://<host>:9000/v1")),
    ("oci", OpenAiAt("https://inference.generativeai.<region>.oci.oraclecloud.com/20231130/actions/v1")),
    ("opensearch", Other("It is a vector store, and these are not yet in effect.")),
    ("petals", Adapter),
    ("pg_vector", Other("It is a vector store, and these are not yet in effect.")),
    ("predibase", OpenAiAt("https://serving.app.predibase.com/<tenant>/deployments/v2/llms/<deployment>/v1")),
    ("recraft", Adapter),
    ("reducto", Other("It reads documents, an operation that is not yet served.")),
    ("runwayml", Adapter),
    ("s3_vectors", Other("It is a vector store, and these are not yet in effect.")),
    ("sap", Adapter),
    ("scaledown", Adapter),
    ("soniox", Adapter),
    ("stability", Adapter),
    ("strands_decider", Adapter),
    ("text-completion-codestral", Prefix("codestral")),
    ("text-completion-inception", Prefix("inception")),
    ("topaz", Adapter),
    ("transcribe", Adapter),
    ("triton", OpenAiAt("http://<host>:9000/v1")),
    ("typesafe", Adapter),
    ("valkey", Other("It is a vector store, and these are not yet in effect.")),
    ("watsonx_text", Prefix("watsonx")),
];

/// What the user of a model of this provider can do.
pub fn mend(provider: &str, model: &str) -> String {
    let instead = UNSERVED.iter().find(|(name, _)| *name == provider);
    let adapter = "put the component of an adapter into the plugins directory (`plugins/README.md`)";
    match instead.map(|(_, instead)| *instead) {
        Some(OpenAiAt(address)) => {
            format!("Write `openai/{model}` with `api_base: {address}`, which speaks OpenAI's API, or {adapter}.")
        }
        Some(Prefix(prefix)) => format!("Write `{prefix}/{model}`, or {adapter}."),
        Some(Other(sentence)) => sentence.to_owned(),
        Some(Adapter) | None => format!("To serve it, {adapter}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::PROVIDERS;

    #[test]
    fn all_are_providers_and_stand_once() {
        for pair in UNSERVED.windows(2) {
            assert!(pair[0].0 < pair[1].0, "{} and {}", pair[0].0, pair[1].0);
        }
        for (name, _) in UNSERVED {
            assert!(PROVIDERS.contains(name), "{name}");
        }
    }

    #[test]
    fn a_mend_names_the_model() {
        assert!(mend("bytez", "a/b").starts_with("Write `openai/a/b` with `api_base: https://api.bytez.com"));
        assert!(mend("anthropic_text", "m").starts_with("Write `anthropic/m`"));
        assert!(mend("topaz", "m").contains("adapter"));
    }
}
