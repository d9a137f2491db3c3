//! The labels of each metric, by name. Labels that LiteLLM fills from keys and teams are empty as long as no phase knows
//! their values.

/// Sets of labels: the names of a metric's labels, and their values for one series. A label that is not set is empty.
macro_rules! labels {
    ($($(#[$doc:meta])* $set:ident { $($label:ident),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default)]
        pub struct $set<'a> {
            $(pub $label: &'a str),*
        }

        impl<'a> $set<'a> {
            pub const NAMES: &'static [&'static str] = &[$(stringify!($label)),*];

            pub fn values(&self) -> [&'a str; [$(stringify!($label)),*].len()] {
                [$(self.$label),*]
            }
        }
    )*};
}

labels! {
    /// A request of a client.
    Requested {
        end_user, hashed_api_key, api_key_alias, team, team_alias, user,
        requested_model, model_id, api_provider, route, status_code,
    }
    /// A request that was answered with an error.
    Refused {
        end_user, hashed_api_key, api_key_alias, team, team_alias, user,
        requested_model, model_id, api_provider, route, exception_status, exception_class,
    }
    /// A request that a model answered.
    Answered {
        end_user, hashed_api_key, api_key_alias, team, team_alias, user,
        requested_model, model, model_id, api_provider,
    }
    /// Times of a request.
    Timed {
        end_user, hashed_api_key, api_key_alias, team, team_alias, user,
        model_group, requested_model, model, model_id, api_provider,
    }
    /// The gateway's own time.
    Overhead { model_group, api_provider, api_base, litellm_model_name, hashed_api_key, api_key_alias, model_id }
    /// A fallback to another model group.
    FellBack {
        requested_model, fallback_model, hashed_api_key, api_key_alias, team, team_alias,
        exception_status, exception_class,
    }
    /// An attempt at a deployment.
    Attempted {
        end_user, hashed_api_key, api_key_alias, team, team_alias,
        requested_model, model_group, litellm_model_name, model_id, api_base, api_provider,
    }
    /// An attempt that failed.
    AttemptFailed {
        end_user, hashed_api_key, api_key_alias, team, team_alias,
        requested_model, model_group, litellm_model_name, model_id, api_base, api_provider,
        exception_status, exception_class,
    }
    /// A deployment.
    Place { litellm_model_name, model_id, api_base, api_provider }
    /// A deployment that went out of service.
    CooledDown { litellm_model_name, model_id, api_base, api_provider, exception_status }
    /// A health check. `exception_class` says why it failed.
    Checked { litellm_model_name, model_id, api_base, api_provider, outcome, exception_class }
    /// A check of a guardrail.
    Guarded { guardrail_name, status, hook_type }
    /// The time of a check of a guardrail.
    GuardTimed { guardrail_name, status, error_type, hook_type }
}
