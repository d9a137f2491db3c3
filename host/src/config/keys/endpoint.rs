//! Connection parameters of `litellm_params`. [`CREDENTIALS`] never reach a component; the host fills them in where an
//! adapter asks for them by name. [`PARAMETERS`] are what an adapter may read.

use super::{ANY, BOOL, Key, SECRET, Shape, TEXT, URL, later, on};

/// A credential in text or, for service accounts, as a mapping.
#[rustfmt::skip] // One key a row.
pub const CREDENTIALS: &[Key] = &[
    on("api_key", SECRET, "The provider's key; default: the provider's environment variable."),
    on("azure_ad_token", SECRET, "Entra ID token for Azure, in place of `api_key`."),
    on("client_secret", SECRET, "Secret of the Entra ID application."),
    on("azure_username", SECRET, "Entra ID user name."),
    on("azure_password", SECRET, "Entra ID password."),
    on("azure_certificate_password", SECRET, "Password of the Entra ID certificate."),
    on("vertex_credentials", SECRET, "Google service account: its JSON, or the path of a file with it."),
    on("aws_access_key_id", SECRET, "AWS access key."),
    on("aws_secret_access_key", SECRET, "AWS secret key."),
    on("aws_session_token", SECRET, "AWS session token."),
    on("aws_web_identity_token", SECRET, "AWS web identity token, or where it is kept."),
    on("aws_bearer_token_bedrock", SECRET, "Bedrock API key."),
    on("watsonx_apikey", SECRET, "IBM Cloud key."),
    on("snowflake_private_key", SECRET, "Snowflake's private key of `snowflake_user`, in place of `api_key`: PEM, or the path of a file with it."),
    on("zen_api_key", SECRET, "IBM Cloud Pak key."),
    on("token", SECRET, "Token of providers that call it so."),
    on("jwt_token", SECRET, "Token of providers that call it so."),
    on("s3_aws_access_key_id", SECRET, "AWS access key of batch storage."),
    on("s3_aws_secret_access_key", SECRET, "AWS secret key of batch storage."),
    on("s3_aws_session_token", SECRET, "AWS session token of batch storage."),
    on("anthropic_identity_token", SECRET, "Workload identity token for Anthropic."),
    on("openai_identity_token", SECRET, "Workload identity token for OpenAI."),
];

/// What an adapter may read of the connection.
#[rustfmt::skip] // One key a row.
pub const PARAMETERS: &[Key] = &[
    on("api_version", TEXT, "Version of the provider's API, such as `2024-08-01-preview` for Azure."),
    on("responses_api_version", TEXT, "Version of Azure's Responses API for models that have no other; default its `v1`."),
    on("organization", TEXT, "OpenAI organisation."),
    on("project", TEXT, "OpenAI project."),
    on("tenant_id", TEXT, "Entra ID tenant."),
    on("client_id", TEXT, "Entra ID application."),
    on("azure_scope", TEXT, "Entra ID scope."),
    on("azure_deployment", TEXT, "Azure deployment, when it differs from the model."),
    on("vertex_project", TEXT, "Google Cloud project."),
    on("vertex_location", TEXT, "Google Cloud region."),
    on("vertex_ai_project", TEXT, "Google Cloud project."),
    on("vertex_ai_location", TEXT, "Google Cloud region."),
    on("aws_region_name", TEXT, "AWS region."),
    on("aws_session_name", TEXT, "Name of the assumed session."),
    on("aws_profile_name", TEXT, "AWS profile."),
    on("aws_role_name", TEXT, "AWS role to assume."),
    on("aws_sts_endpoint", URL, "Where the role is assumed."),
    on("aws_external_id", TEXT, "External id for assuming the role."),
    on("aws_bedrock_runtime_endpoint", URL, "Bedrock's endpoint."),
    on("watsonx_region_name", TEXT, "IBM Cloud region."),
    on("project_id", TEXT, "watsonx project."),
    on("space_id", TEXT, "watsonx deployment space."),
    on("snowflake_user", TEXT, "Snowflake user whose `snowflake_private_key` signs."),
    on("account_id", TEXT, "Account of providers that call it so, such as Cloudflare."),
    later("workload identity", "anthropic_*", ANY, "Workload identity for Anthropic."),
    later("workload identity", "openai_*", ANY, "Workload identity for OpenAI."),
    later("workload identity", "token_exchange_*", ANY, "OAuth token exchange."),
    later("workload identity", "azure_ad_token_provider", TEXT, "Python function that fetches tokens."),
    later("transport", "ssl_verify", Shape::Either(&[BOOL, TEXT]), "Checks the upstream's certificate, perhaps with this CA file."),
    later("transport", "ssl_certificate", TEXT, "Client certificate."),
];
