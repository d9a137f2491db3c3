//! IBM watsonx.ai: OpenAI's chat completions with other paths and field names
//! (<https://cloud.ibm.com/apidocs/watsonx-ai#text-chat>). The host exchanges the IBM Cloud key for a token.

use std::borrow::Cow;

use sluice_sdk::{Failure, Target, deployment, exchange};

use crate::patch::{self, Patch};
use crate::route::{Route, push_encoded, push_query};

/// LiteLLM's variables in addition to those of the key and the base.
pub const ENVIRONMENT: [(&str, &str); 10] = [
    ("token", "WATSONX_TOKEN"),
    ("token", "WX_TOKEN"),
    ("watsonx_region_name", "WATSONX_REGION"),
    ("project_id", "WATSONX_PROJECT_ID"),
    ("project_id", "WX_PROJECT_ID"),
    ("space_id", "WATSONX_DEPLOYMENT_SPACE_ID"),
    ("space_id", "WATSONX_SPACE_ID"),
    ("space_id", "WX_SPACE_ID"),
    ("api_base", "WATSONX_URL"),
    ("watsonx_iam_url", "WATSONX_IAM_URL"),
];

/// The API version if the deployment gives none: the first one with chats and tools.
const API_VERSION: &str = "2024-10-08";

/// Prefix of the id of a model that the operator deployed.
const DEPLOYED: &str = "deployment/";

/// The path says whether the answer is streamed, and names the deployed model, if any.
pub fn route(target: &Target) -> Route<'_> {
    let mut path = String::from("/ml/v1/");
    if let Some(id) = target.model.strip_prefix(DEPLOYED) {
        path.push_str("deployments/");
        push_encoded(&mut path, id);
        path.push('/');
    }
    path.push_str(if exchange::is_streaming() {
        "text/chat_stream"
    } else {
        "text/chat"
    });
    let version = deployment::text("api_version");
    push_query(&mut path, "version", version.as_deref().unwrap_or(API_VERSION));
    Route {
        path,
        model: Cow::Borrowed(&target.model),
        auth: None,
        takes_stream_options: false,
    }
}

/// Sets the model, and the project or space that is billed.
///
/// # Errors
/// The deployment has neither a project nor a space.
pub fn apply(model: &str, patch: &mut Patch<'_>) -> Result<(), Failure> {
    patch.remove("model");
    patch.remove("stream");
    // A deployed model has its model and its space already.
    if !model.starts_with(DEPLOYED) {
        patch.put("model_id", patch::text(model));
        let payer = ["space_id", "project_id"].into_iter().find_map(|name| {
            let id = deployment::text(name)?;
            Some((name, id))
        });
        let (name, id) = payer.ok_or_else(|| {
            let message = "watsonx wants to know who pays: set `project_id` or `space_id` in `litellm_params`";
            Failure::bad_request("project_id", message)
        })?;
        patch.put(name, patch::text(&id));
    }
    // A word is sent in another parameter than a function.
    if let Some(word) = patch.value("tool_choice").filter(|json| json.starts_with('"')) {
        let word = word.into_owned();
        patch.remove("tool_choice");
        patch.put("tool_choice_option", word);
    }
    Ok(())
}
