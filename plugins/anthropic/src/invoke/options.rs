//! What is said to Bedrock beside the body: Converse has members for it, `InvokeModel` headers.

use serde::Deserialize;
use sluice_sdk::adapter::{Parameters, bedrock};
use sluice_sdk::canonical::{Fields, RawValue};
use sluice_sdk::{Failure, Header, deployment};

/// Options by their names in Converse, which clients and operators use here as well, and what each may hold.
const OPTIONS: [(&str, &str); 3] = [
    (
        GUARDRAIL,
        "`guardrailIdentifier`, `guardrailVersion` and maybe `trace`, and nothing else",
    ),
    (PERFORMANCE, "`latency`"),
    (TIER, "`type`"),
];
const GUARDRAIL: &str = "guardrailConfig";
const PERFORMANCE: &str = "performanceConfig";
const TIER: &str = "serviceTier";

/// What Anthropic's own API has, and Bedrock does not.
const ANTHROPICS_ALONE: [&str; 3] = ["mcp_servers", "container", "web_search_options"];

/// Members of Converse's request that have no place in Claude's.
const CONVERSES_ALONE: [&str; 7] = [
    "additionalModelRequestFields",
    "additionalModelResponseFieldPaths",
    "inferenceConfig",
    "outputConfig",
    "projectIdentifier",
    "promptVariables",
    "requestMetadata",
];

/// What is said to Bedrock beside the body.
#[derive(Debug, Default)]
pub struct Options {
    guardrail: Option<Guardrail>,
    latency: Option<String>,
    tier: Option<String>,
}

/// Other members, which only Converse takes, are refused: a guardrail is what was asked for, or none.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Guardrail {
    guardrail_identifier: String,
    guardrail_version: String,
    #[serde(default)]
    trace: Option<String>,
}

#[derive(Deserialize)]
struct Performance {
    #[serde(default)]
    latency: Option<String>,
}

#[derive(Deserialize)]
struct Tier {
    #[serde(rename = "type", default)]
    kind: Option<String>,
}

impl Options {
    /// Takes a field of the request that is not for the body. Says whether it was one.
    ///
    /// # Errors
    /// It cannot be read, or Bedrock has nothing for it.
    pub fn take(&mut self, name: &str, value: &RawValue, parameters: &Parameters) -> Result<bool, Failure> {
        match name {
            _ if is_option(name) => self.set(name, value.get())?,
            "service_tier" => {
                let tier = bedrock::service_tier(value, parameters)?;
                self.tier = tier.map(str::to_owned).or(self.tier.take());
            }
            _ if parameters.allows(name) => return Ok(false),
            // What else stands there is laid over the body.
            "extra_body" => {
                self.set_from(value.get())?;
                return Ok(false);
            }
            _ if ANTHROPICS_ALONE.contains(&name) => {
                parameters.drop_or_refuse(name, "only Anthropic's own API has it")?;
            }
            _ if CONVERSES_ALONE.contains(&name) => {
                parameters.drop_or_refuse(name, "it is Converse's, which `bedrock/converse/` speaks")?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Takes what the operator says, which counts before what the client says.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn take_deployments(&mut self) -> Result<(), Failure> {
        if let Some(extra_body) = deployment::parameter("extra_body") {
            self.set_from(&extra_body)?;
        }
        for (name, _) in OPTIONS {
            if let Some(value) = deployment::parameter(name) {
                self.set(name, &value)?;
            }
        }
        Ok(())
    }

    fn set_from(&mut self, extra_body: &str) -> Result<(), Failure> {
        let Fields(fields) = serde_json::from_str(extra_body).unwrap_or_default();
        let mut options = fields.iter().filter(|(name, _)| is_option(name));
        options.try_for_each(|(name, value)| self.set(name, value.get()))
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), Failure> {
        match name {
            GUARDRAIL => self.guardrail = Some(read(name, value)?),
            PERFORMANCE => self.latency = read::<Performance>(name, value)?.latency,
            _ => self.tier = read::<Tier>(name, value)?.kind,
        }
        Ok(())
    }

    /// The headers that say it.
    ///
    /// # Errors
    /// A value cannot stand in a header.
    pub fn headers(self) -> Result<Vec<Header>, Failure> {
        let mut said = vec![
            (PERFORMANCE, "x-amzn-bedrock-performanceconfig-latency", self.latency),
            (TIER, "x-amzn-bedrock-service-tier", self.tier),
        ];
        if let Some(guardrail) = self.guardrail {
            let trace = guardrail.trace.map(|trace| trace.to_ascii_uppercase());
            said.extend([
                (
                    GUARDRAIL,
                    "x-amzn-bedrock-guardrailidentifier",
                    Some(guardrail.guardrail_identifier),
                ),
                (
                    GUARDRAIL,
                    "x-amzn-bedrock-guardrailversion",
                    Some(guardrail.guardrail_version),
                ),
                (GUARDRAIL, "x-amzn-bedrock-trace", trace),
            ]);
        }
        said.into_iter()
            .filter_map(|(option, name, value)| value.map(|value| header(option, name, value)))
            .collect()
    }
}

/// Whether a field is an option, and none of the body's.
pub fn is_option(name: &str) -> bool {
    OPTIONS.iter().any(|(option, _)| *option == name)
}

fn read<'v, T: Deserialize<'v>>(name: &str, value: &'v str) -> Result<T, Failure> {
    serde_json::from_str(value).map_err(|_| {
        let holds = OPTIONS.iter().find(|(option, _)| *option == name);
        let holds = holds.map_or("", |(_, holds)| holds);
        let message = format!("`{name}` is not what Bedrock's InvokeModel takes: an object of texts with {holds}");
        Failure::bad_request(name, message)
    })
}

fn header(option: &str, name: &str, value: String) -> Result<Header, Failure> {
    if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_graphic()) {
        let message = format!("`{option}` holds a value that is empty or not all of visible ASCII; correct it");
        return Err(Failure::bad_request(option, message));
    }
    Ok(Header {
        name: name.into(),
        value,
    })
}
