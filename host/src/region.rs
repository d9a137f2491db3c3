//! The regions of deployments, and which of them match the region that a request allows.

use crate::config::settings;

/// Parameters that name the region of a model. The operator's own one takes precedence.
const PARAMETERS: [&str; 5] = [
    "region_name",
    "vertex_location",
    "vertex_ai_location",
    "aws_region_name",
    "watsonx_region_name",
];

/// The region of a deployment, in lower case; `None` if no parameter names one.
pub fn of(settings: &settings::Deployment) -> Option<Box<str>> {
    let text = |name: &&str| -> Option<String> { serde_json::from_str(settings.parameters.get(*name)?).ok() };
    let region = PARAMETERS.iter().find_map(text)?.trim().to_ascii_lowercase();
    (!region.is_empty()).then(|| region.into())
}

/// Whether `region` matches `allowed`: it is the same, or `allowed` is `eu` or `us` and the region is there.
#[must_use]
pub fn is_within(region: &str, allowed: &str) -> bool {
    region.eq_ignore_ascii_case(allowed)
        || match allowed {
            "eu" => is_in_eu(region),
            "us" => is_in_us(region),
            _ => false,
        }
}

/// Regions that begin with `eu` and are in the United Kingdom or in Switzerland, where other laws apply.
const EUROPEAN_BUT_NOT_EU: [&str; 5] = ["eu-west-2", "eu-central-2", "eu-gb", "europe-west2", "europe-west6"];

/// Azure's regions in the European Union. <https://learn.microsoft.com/azure/reliability/regions-list>
const AZURE_EU: [&str; 16] = [
    "westeurope",
    "northeurope",
    "austriaeast",
    "belgiumcentral",
    "denmarkeast",
    "finlandcentral",
    "francecentral",
    "francesouth",
    "germanynorth",
    "germanywestcentral",
    "greececentral",
    "italynorth",
    "polandcentral",
    "spaincentral",
    "swedencentral",
    "swedensouth",
];

/// Names of AWS, Google and IBM begin with the continent.
fn is_in_eu(region: &str) -> bool {
    (region.starts_with("eu") && !EUROPEAN_BUT_NOT_EU.contains(&region)) || AZURE_EU.contains(&region)
}

/// Azure's `eastus2` ends with the country, the others' names begin with it.
fn is_in_us(region: &str) -> bool {
    let azure = region.trim_end_matches(|end: char| end.is_ascii_digit());
    region == "us" || region.starts_with("us-") || region.starts_with("usgov") || azure.ends_with("us")
}

#[cfg(test)]
mod tests {
    use super::is_within;

    #[test]
    fn a_union_and_a_country_are_many_regions() {
        for region in ["eu", "eu-west-1", "europe-west4", "eu-de", "swedencentral"] {
            assert!(is_within(region, "eu") && !is_within(region, "us"), "{region}");
        }
        for region in ["us", "us-east-1", "us-central1", "eastus2", "westus", "usgovvirginia"] {
            assert!(is_within(region, "us") && !is_within(region, "eu"), "{region}");
        }
        for region in [
            "eu-west-2",
            "europe-west6",
            "uksouth",
            "australiaeast",
            "global",
            "ap-south-1",
        ] {
            assert!(!is_within(region, "eu") && !is_within(region, "us"), "{region}");
        }
    }

    #[test]
    fn any_other_wish_means_one_region() {
        assert!(is_within("eu-west-2", "eu-west-2") && is_within("eu-west-1", "EU-WEST-1"));
        assert!(!is_within("eu-west-10", "eu-west-1") && !is_within("eu-west-1", "eu-west"));
    }
}
