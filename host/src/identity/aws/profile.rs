//! Profiles of AWS's shared files
//! (<https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html>): `~/.aws/credentials` and `~/.aws/config`.

use std::collections::BTreeMap;

use super::sts::{Assume, WebIdentity};
use super::{Keys, Origin};
use crate::config::Secret;
use crate::identity::{Configured, IdentityError, read_file};

/// How many profiles may refer to each other.
const DEPTH_MAX: u32 = 5;

/// Profiles by name, each with its keys in lower case.
pub struct Files(BTreeMap<String, BTreeMap<String, String>>);

impl Files {
    /// A file that is not there has no profiles.
    pub fn of(configured: &dyn Configured) -> Self {
        let home = configured.variable("HOME").unwrap_or_default();
        let path = |variable: &str, name: &str| {
            configured
                .variable(variable)
                .unwrap_or_else(|| format!("{home}/.aws/{name}"))
        };
        let mut profiles = BTreeMap::new();
        // What stands in `credentials` takes precedence.
        for path in [
            path("AWS_CONFIG_FILE", "config"),
            path("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
        ] {
            if std::path::Path::new(&path).is_file()
                && let Ok(text) = read_file(&path)
            {
                read(&text, &mut profiles);
            }
        }
        Self(profiles)
    }

    pub fn has(&self, profile: &str) -> bool {
        self.0.contains_key(profile)
    }

    pub fn region(&self, profile: &str) -> Option<String> {
        self.0
            .get(profile)?
            .get("region")
            .filter(|region| !region.is_empty())
            .cloned()
    }

    /// Where a profile's keys come from.
    ///
    /// # Errors
    /// There is no such profile, or it asks for what is not served.
    pub fn origin(&self, configured: &dyn Configured, name: &str, region: &str) -> Result<Origin, IdentityError> {
        self.origin_within(configured, name, region, DEPTH_MAX)
    }

    fn origin_within(
        &self,
        configured: &dyn Configured,
        name: &str,
        region: &str,
        depth: u32,
    ) -> Result<Origin, IdentityError> {
        let unusable = |reason: &str| IdentityError::Unusable(format!("AWS profile `{name}`: {reason}"));
        let profile = self.0.get(name);
        let profile = profile.ok_or_else(|| unusable("it is in neither `~/.aws/credentials` nor `~/.aws/config`"))?;
        let text = |key: &str| profile.get(key).filter(|text| !text.is_empty()).cloned();
        let region = text("region").unwrap_or_else(|| region.to_owned());
        if let Some(role) = text("role_arn") {
            if let Some(file) = text("web_identity_token_file") {
                let web = WebIdentity::of_file(configured, file, role, text("role_session_name"), &region);
                return Ok(Origin::WebIdentity(web));
            }
            let source = match (text("source_profile"), text("credential_source")) {
                (Some(source), _) if source == name => self.keys(name).map(Origin::Static),
                (Some(source), _) if depth > 0 => Some(self.origin_within(configured, &source, &region, depth - 1)?),
                (Some(_), _) => return Err(unusable("its `source_profile` leads on too far")),
                (None, Some(source)) if source == "Environment" => {
                    let variable = |name: &str| configured.variable(&name.to_uppercase()).map(Secret::new);
                    Keys::of(variable).map(Origin::Static)
                }
                (None, Some(_)) => Some(Origin::of_machine(configured)?),
                (None, None) => None,
            };
            let source = source.ok_or_else(|| unusable("there are no keys to assume its `role_arn` with"))?;
            let assume = Assume::new(
                configured,
                role,
                text("role_session_name"),
                text("external_id"),
                &region,
            );
            return Ok(Origin::Role(Box::new(source), assume));
        }
        if let Some(keys) = self.keys(name) {
            return Ok(Origin::Static(keys));
        }
        Err(unusable(if text("credential_process").is_some() {
            "`credential_process` is not served: the gateway starts no programs; have keys written to the profile, or use a role"
        } else if text("sso_session").is_some() || text("sso_start_url").is_some() {
            "single sign-on is not served: export keys with `aws configure export-credentials`, or use a role"
        } else {
            "it has no keys"
        }))
    }

    fn keys(&self, name: &str) -> Option<Keys> {
        let profile = self.0.get(name)?;
        Keys::of(|key| {
            profile
                .get(key)
                .filter(|text| !text.is_empty())
                .map(|text| Secret::new(text.as_str()))
        })
    }
}

/// Sections `[name]` and `[profile name]` of lines `key = value`; `#` and `;` begin comments.
fn read(text: &str, profiles: &mut BTreeMap<String, BTreeMap<String, String>>) {
    let mut profile = None;
    for line in text.lines() {
        // Lines that are indented belong to a nested setting.
        if line.starts_with([' ', '\t', '#', ';']) {
            continue;
        }
        let line = line.trim();
        if let Some(section) = line
            .strip_prefix('[')
            .and_then(|rest| rest.split_once(']'))
            .map(|(name, _)| name.trim())
        {
            let name = section
                .strip_prefix("profile ")
                .unwrap_or(section)
                .trim()
                .trim_matches('"');
            // `[sso-session x]` and `[services x]` are no profiles.
            profile = (!name.contains(' ')).then(|| name.to_owned());
            if let Some(name) = &profile {
                profiles.entry(name.clone()).or_default();
            }
        } else if let (Some(name), Some((key, value))) = (&profile, line.split_once('=')) {
            let keys = profiles.entry(name.clone()).or_default();
            keys.insert(key.trim().to_lowercase(), value.trim().to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_read_from_both_forms_of_file() {
        let mut profiles = BTreeMap::new();
        read(
            "# c\n[default]\nregion = eu-west-1\ns3 =\n  max = 1\n[profile \"dev\"]\nrole_arn=arn:aws:iam::1:role/r\nsource_profile = default\n[sso-session a]\nregion = x\n",
            &mut profiles,
        );
        read(
            "[default]\nAWS_ACCESS_KEY_ID = AK\naws_secret_access_key = S=1\n",
            &mut profiles,
        );
        assert_eq!(
            profiles.keys().map(String::as_str).collect::<Vec<_>>(),
            ["default", "dev"]
        );
        assert_eq!(profiles["default"]["aws_access_key_id"], "AK");
        assert_eq!(profiles["default"]["aws_secret_access_key"], "S=1");
        assert_eq!(profiles["default"]["region"], "eu-west-1");
        assert_eq!(profiles["dev"]["source_profile"], "default");
    }
}
