//! What adapters say of Vertex AI (<https://cloud.google.com/vertex-ai/docs>), where several makers' models are served.

/// The provider's prefix.
pub const NAME: &str = "vertex_ai";

/// What its access tokens are for.
pub const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// Where a location is: everywhere, in one of two areas, or in a region. Paths begin after the location.
pub const ADDRESSES: &str = "https://{vertex_location=global}aiplatform.googleapis.com/v1/projects/{vertex_project}/locations/global \
https://aiplatform.{vertex_location=us}us.rep.googleapis.com/v1/projects/{vertex_project}/locations/us \
https://aiplatform.{vertex_location=eu}eu.rep.googleapis.com/v1/projects/{vertex_project}/locations/eu \
https://{vertex_location}-aiplatform.googleapis.com/v1/projects/{vertex_project}/locations/{vertex_location}";

/// Parameters and the variables that stand in for them.
pub const ENVIRONMENT: [(&str, &str); 5] = [
    ("vertex_project", "VERTEXAI_PROJECT"),
    ("vertex_project", "GOOGLE_CLOUD_PROJECT"),
    ("vertex_location", "VERTEXAI_LOCATION"),
    ("vertex_location", "GOOGLE_CLOUD_LOCATION"),
    ("vertex_credentials", "GOOGLE_APPLICATION_CREDENTIALS"),
];
