//! Keys at the top of the file, and one entry of `model_list`.

use super::super::settings::{callbacks, guardrails};
use super::{ANY, COUNT, Key, LIST, MAP, SECRET, Section, Shape, TEXT, TEXT_OR_TEXTS, Unknown, later, on};
use super::{deployment, general, litellm, mcp, model_info, router, sluice};

pub static FILE: Section = Section {
    name: "",
    keys: &[KEYS],
    required: &[],
    unknown: Unknown::Warned,
};

const DEPLOYMENTS: Shape = Shape::List(&Shape::Section(&DEPLOYMENT));
const CREDENTIALS: Shape = Shape::List(&Shape::Section(&CREDENTIAL));

#[rustfmt::skip] // One key a row.
const KEYS: &[Key] = &[
    on("model_list", DEPLOYMENTS, "The deployments, grouped by their `model_name`."),
    on("litellm_settings", Shape::Section(&litellm::SECTION), "Settings of the whole gateway."),
    on("router_settings", Shape::Section(&router::SECTION), "How a deployment is chosen, retried and replaced."),
    on("general_settings", Shape::Section(&general::SECTION), "Keys, storage and limits of the server."),
    on("environment_variables", Shape::Map(&Shape::Either(&[TEXT, Shape::Bool, Shape::Number(f64::MIN)])), "Variables that `os.environ/NAME` and the providers see before those of the process."),
    on("guardrails", guardrails::GUARDRAILS, "Checks of what goes in and comes out."),
    on("callback_settings", callbacks::CALLBACKS, "Settings of each callback, by its name."),
    on("credential_list", CREDENTIALS, "Named credentials that deployments refer to with `litellm_credential_name`."),
    on("include", TEXT_OR_TEXTS, "Files to merge into this one, relative to it: lists append, other keys replace."),
    on("sluice", Shape::Section(&sluice::SECTION), "What LiteLLM has no key for."),
    later("MCP", "mcp_servers", mcp::SERVERS, "Model Context Protocol servers, by name."),
    later("MCP", "mcp_tools", LIST, "Tools served from the configuration."),
    later("agents", "agents", LIST, "Agents to offer."),
    later("agents", "agent_list", LIST, "Agents to offer."),
    later("search tools", "search_tools", LIST, "Web search services."),
    later("sandbox tools", "sandbox_tools", LIST, "Services that run code."),
    later("the assistants API", "assistant_settings", MAP, "Provider and parameters of the assistants API."),
    later("the fine-tuning API", "finetune_settings", LIST, "Credentials of fine-tuning, one entry a provider."),
    later("the files API", "files_settings", LIST, "Credentials of the files API, one entry a provider."),
    later("pass-through", "default_vertex_config", MAP, "Vertex project, location and credentials of pass-through routes."),
    later("vector stores", "vector_store_registry", LIST, "Vector stores to search."),
    later("prompt management", "prompts", LIST, "Prompts kept in the configuration."),
    later("policies", "policies", ANY, "Named bundles of guardrails."),
    later("policies", "policy_attachments", ANY, "Which teams, keys, models or tags a policy applies to."),
    later("Python plugins", "plugins", ANY, "Python plugins; Sluice's own stand under `sluice.plugins`."),
    later("workers", "worker_registry", ANY, "Other instances of the gateway."),
    later("classifiers", "classifier_plugin", ANY, "Classifies requests before routing."),
];

/// One entry of `model_list`.
pub static DEPLOYMENT: Section = Section {
    name: "model_list[]",
    keys: &[DEPLOYMENT_KEYS],
    required: &["model_name", "litellm_params"],
    unknown: Unknown::Warned,
};

#[rustfmt::skip] // One key a row.
const DEPLOYMENT_KEYS: &[Key] = &[
    on("model_name", TEXT, "The model group: the name clients ask for. `*` stands for any text."),
    on("litellm_params", Shape::Section(&deployment::SECTION), "Provider, model, credentials and limits."),
    on("rpm", COUNT, "As `litellm_params.rpm`, which takes precedence."),
    on("tpm", COUNT, "As `litellm_params.tpm`, which takes precedence."),
    on("model_info", Shape::Section(&model_info::SECTION), "Facts about the model; shown by `/model/info`."),
];

/// One entry of `credential_list`.
pub static CREDENTIAL: Section = Section {
    name: "credential_list[]",
    keys: &[CREDENTIAL_KEYS],
    required: &["credential_name", "credential_values"],
    unknown: Unknown::Warned,
};

#[rustfmt::skip] // One key a row.
const CREDENTIAL_KEYS: &[Key] = &[
    on("credential_name", TEXT, "What `litellm_credential_name` refers to."),
    on("credential_values", Shape::Map(&SECRET), "Parameters that a deployment takes over where it does not give them itself."),
    on("credential_info", MAP, "Free description; not used."),
];
