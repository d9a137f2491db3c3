//! Health checks: whether what is said of them can have an effect.

use super::super::names;
use super::super::problem::Problems;
use super::super::tree::Node;
use super::aliases::Models;

pub fn check(root: &Node, problems: &mut Problems) {
    let models = Models::of(root);
    let are_on = root
        .find(&["general_settings", "background_health_checks"])
        .and_then(Node::bool)
        == Some(true);
    for section in ["router_settings", "general_settings"] {
        let own = |key: &str| root.find(&[section, key]);
        if let Some(switch) = own("enable_health_check_routing").filter(|switch| switch.bool() == Some(true) && !are_on)
        {
            let what = "`enable_health_check_routing` has no effect without health checks";
            let mend = "Set `general_settings.background_health_checks: true`, or take it out.";
            problems.warning(&switch.at, what, mend);
        }
        let groups = own("background_health_check_model_groups")
            .and_then(Node::list)
            .unwrap_or_default();
        for group in groups {
            let Some(name) = group.text().filter(|name| !models.groups.contains(name)) else {
                continue;
            };
            let what = format!("`background_health_check_model_groups` names `{name}`, which is no model group");
            let mend = names::did_you_mean(name, models.groups.iter().copied());
            problems.warning(&group.at, what, mend.unwrap_or_else(|| "Take it out.".to_owned()));
        }
    }
}
