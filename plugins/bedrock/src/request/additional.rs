//! `additionalModelRequestFields`: what Converse has no member for, in the model's own words.

use sluice_sdk::canonical::{Fields, Object};

use super::Plan;
use super::fields::Own;
use crate::model::Family;

/// Writes the fields, where there are any. What the client wrote there itself takes precedence.
pub fn write(to: &mut Object, own: &Own, plan: &Plan) {
    let Fields(clients) = own
        .additional
        .and_then(|raw| serde_json::from_str(raw.get()).ok())
        .unwrap_or_default();
    let is_ours = |name: &str| !clients.iter().any(|(known, _)| known == name);
    let mut out = Vec::new();
    let mut fields = Object::begin(&mut out);
    plan.thinking.write(&mut fields, own.output_config, is_ours);
    match plan.top_k {
        Some(top_k) if plan.model.family == Family::Nova && is_ours("inferenceConfig") => {
            fields.object("inferenceConfig").raw("topK", top_k);
        }
        Some(top_k) if plan.model.family != Family::Nova && is_ours("top_k") => {
            fields.raw("top_k", top_k);
        }
        _ => {}
    }
    if is_ours("tool_choice") {
        plan.tools.write_models_choice(&mut fields);
    }
    if is_ours("tools") {
        plan.tools.write_models_own(&mut fields);
    }
    if !plan.betas.is_empty() && is_ours("anthropic_beta") {
        plan.betas.write(fields.field("anthropic_beta"));
    }
    for (name, value) in &own.passed_on {
        if is_ours(&name.decoded()) {
            fields.raw(name.escaped(), value);
        }
    }
    fields.rest(&clients);
    drop(fields);
    if out != b"{}" {
        to.field("additionalModelRequestFields").extend_from_slice(&out);
    }
}
