//! What adapters for Vertex AI share (<https://cloud.google.com/vertex-ai/docs>), which serves models of several
//! vendors.

/// The provider's prefix in `model: vertex_ai/name`.
pub const NAME: &str = "vertex_ai";

/// The scope of Google's OAuth access tokens.
pub const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// The addresses by location: global, one of two multi-regions, or a region; for [`crate::ProviderInfo::api_base`]. An
/// adapter's paths begin after the location.
pub const ADDRESSES: &str = "https://{vertex_location=global}aiplatform.googleapis.com/v1/projects/{vertex_project}/locations/global \
https://aiplatform.{vertex_location=us}us.rep.googleapis.com/v1/projects/{vertex_project}/locations/us \
https://aiplatform.{vertex_location=eu}eu.rep.googleapis.com/v1/projects/{vertex_project}/locations/eu \
https://{vertex_location}-aiplatform.googleapis.com/v1/projects/{vertex_project}/locations/{vertex_location}";

/// Pairs of a deployment parameter and the environment variable that is read if the parameter is absent; for
/// [`crate::ProviderInfo::environment`].
pub const ENVIRONMENT: [(&str, &str); 5] = [
    ("vertex_project", "VERTEXAI_PROJECT"),
    ("vertex_project", "GOOGLE_CLOUD_PROJECT"),
    ("vertex_location", "VERTEXAI_LOCATION"),
    ("vertex_location", "GOOGLE_CLOUD_LOCATION"),
    ("vertex_credentials", "GOOGLE_APPLICATION_CREDENTIALS"),
];
