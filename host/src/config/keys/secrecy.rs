//! Which parameters of a deployment are kept from components, and which may be read by any.

use super::endpoint::CREDENTIALS;
use super::{Section, Shape, deployment, model_info};

/// Whether a parameter of a deployment is kept from components. A row of the table decides; where there is none, the
/// name.
pub fn is_credential(name: &str) -> bool {
    match deployment::SECTION.find(name) {
        // A family such as `openai_*` says nothing of each of its members; that of prices has tokens which are none.
        Some(row) if row.is_pattern() => sounds_secret(name) && !name.contains("cost"),
        Some(row) => matches!(row.shape, Shape::Secret),
        None => sounds_secret(name) || is_almost_a_credential(name),
    }
}

/// Whether any component may read this parameter of a deployment: a row of the table says what it holds, and it is one
/// text, number or word of the connection or the model. What holds anything (`extra_body`, maps, families of keys) may
/// hold a credential too.
pub fn is_harmless(name: &str) -> bool {
    let row = |section: &Section| section.keys().find(|key| key.name == name);
    let row = row(&deployment::SECTION).or_else(|| row(&model_info::SECTION));
    row.is_some_and(|row| holds_a_fact(&row.shape))
}

fn holds_a_fact(shape: &Shape) -> bool {
    match shape {
        Shape::Bool
        | Shape::Integer(..)
        | Shape::Number(_)
        | Shape::Seconds
        | Shape::Period
        | Shape::Text
        | Shape::Url
        | Shape::Address
        | Shape::Word(_) => true,
        Shape::List(inner) => holds_a_fact(inner),
        Shape::Either(forms) => forms.iter().all(holds_a_fact),
        Shape::Any | Shape::Secret | Shape::Outbound | Shape::AnyOutbound | Shape::Map(_) | Shape::Section(_) => false,
    }
}

/// A slip of the pen, `api_kye`, must not hand the key to a component.
fn is_almost_a_credential(name: &str) -> bool {
    name.len() >= 5
        && CREDENTIALS
            .iter()
            .any(|row| strsim::damerau_levenshtein(name, row.name) <= 2)
}

/// Whether the value of a parameter that no row names is a credential. Rather one parameter too many is kept from
/// components than one too few.
fn sounds_secret(name: &str) -> bool {
    [
        "key",
        "token",
        "secret",
        "password",
        "passphrase",
        "credential",
        "credentials",
    ]
    .iter()
    .any(|end| {
        name.strip_suffix(end)
            .is_some_and(|start| start.is_empty() || start.ends_with('_'))
    }) || name.ends_with("apikey")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_names_tell_credentials() {
        for name in [
            "api_key",
            "vertex_credentials",
            "openai_api_key",
            "hub_token",
            "api_kye",
            "apikey",
        ] {
            assert!(is_credential(name), "{name}");
        }
        for name in [
            "model",
            "input_cost_per_token",
            "input_cost_per_video_token",
            "prompt_cache_key",
            "api_version",
        ] {
            assert!(!is_credential(name), "{name}");
        }
    }

    #[test]
    fn only_facts_are_harmless() {
        for name in [
            "api_base",
            "api_version",
            "aws_region_name",
            "base_model",
            "drop_params",
            "max_output_tokens",
        ] {
            assert!(is_harmless(name), "{name}");
        }
        for name in [
            "api_key",
            "authorization",
            "jwt",
            "cookie",
            "passwd",
            "pat",
            "connection_string",
            "API_KEY",
            "auth",
            "default_headers",
            "extra_body",
            "extra_query",
            "headers",
            "openai_anything",
            "min_p",
        ] {
            assert!(!is_harmless(name), "{name}");
        }
        for row in CREDENTIALS {
            assert!(!is_harmless(row.name), "{}", row.name);
        }
    }

    #[test]
    fn unknown_parameters_that_sound_secret_are_credentials() {
        for name in ["my_api_key", "access_token", "password", "hub_credentials", "apikey"] {
            assert!(sounds_secret(name), "{name}");
        }
        for name in ["monkey", "max_tokens", "token_type", "region"] {
            assert!(!sounds_secret(name), "{name}");
        }
    }
}
