//! `model_info`: facts about a deployment's model. Free-form keys are welcome and shown by `/model/info`.

use super::super::settings::health_checks;
use super::{AMOUNT, ANY, BOOL, COUNT, Key, SHARE, Section, Shape, TEXT, TEXTS, Unknown, later, on, pricing};

pub static SECTION: Section = Section {
    name: "model_info",
    keys: &[KEYS, health_checks::INFO, pricing::OF_INFO],
    required: &[],
    unknown: Unknown::Passed,
};

#[rustfmt::skip] // One key a row.
const KEYS: &[Key] = &[
    on("id", TEXT, "The deployment's id, unique; default: a hash of group and parameters."),
    on("mode", TEXT, "What it does: `chat`, `embedding`, `completion`, `image_generation`, `rerank` and others."),
    on("base_model", TEXT, "The model that an Azure deployment name stands for."),
    on("description", TEXT, "Free text."),
    on("max_tokens", AMOUNT, "Tokens of an answer at most."),
    on("max_input_tokens", AMOUNT, "Tokens of a prompt at most."),
    on("max_output_tokens", AMOUNT, "Tokens of an answer at most."),
    on("supports_*", Shape::Any, "Whether the model can do this."),
    later("access groups", "access_groups", TEXTS, "Groups through which virtual keys may use it."),
    later("teams", "team_id", TEXT, "The team it belongs to."),
    later("teams", "team_public_model_name", TEXT, "The name that team asks for."),
    later("tiers", "tier", Shape::Word(&["free", "paid"]), "Who may use it."),
    later("supported endpoints", "supported_endpoints", TEXTS, "Operations it can be used for."),
    later("supported endpoints", "enforce_supported_endpoints", BOOL, "Refuses other operations."),
    later("health checks", "health_check_*", ANY, "How its health is checked."),
    later("embedding batches", "max_embedding_batch_size", AMOUNT, "Inputs of one embedding request."),
    later("blocking", "blocked", BOOL, "Takes it out of service."),
    later("the model hub", "discoverable", BOOL, "Shows it to those who may not use it."),
    later("access windows", "access_windows", ANY, "Times of the day it may be used."),
    later("tags", "allow_fail_open", BOOL, "Serves requests whose tags match nothing."),
    later("tags", "enable_tag_filtering", BOOL, "Chooses by tags in this group."),
    later("cooldowns", "allowed_fails", COUNT, "Failures a minute before the cooldown."),
    later("cooldowns", "allowed_fails_policy", Shape::Map(&COUNT), "The same, by kind of failure."),
    later("cooldowns", "cooldown_time", SHARE, "Seconds out of service after failures."),
    later("priority levels", "order", COUNT, "Priority level; `litellm_params.order` is in effect."),
    later("spend", "ptu_*", ANY, "Provisioned throughput, for its costs."),
];
