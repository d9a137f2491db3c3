//! What the imports of a component mean for an operator: the functions behind each are a permission.

/// Each interface that a component may import, and what it may do with it.
const POWERS: &[(&str, &str)] = &[
    ("settings", "reads its settings"),
    ("log", "writes to the gateway's log"),
    (
        "exchange",
        "reads the request that is under way; a client's words too, if it asks for them",
    ),
    (
        "candidates",
        "reads names, prices, limits and load of deployments, no credentials",
    ),
    (
        "deployment",
        "reads the parameters of the deployment that an attempt goes to, no credentials",
    ),
    (
        "state",
        "keeps values for its later calls, never what it read of a client's content",
    ),
    (
        "notes",
        "keeps values until the exchange ends, and adds facts to its record",
    ),
    (
        "http",
        "sends HTTP requests to hosts that it asks for and the operator allows",
    ),
];

/// What a component may do with an interface of the contract, of any version, as the end of a sentence that begins with
/// "it"; `None` for one that gives no power: shared types, and what language runtimes import.
#[must_use]
pub fn power(import: &str) -> Option<&'static str> {
    let (name, _version) = import.strip_prefix("sluice:plugin/")?.split_once('@')?;
    let known = POWERS.iter().find(|(interface, _)| *interface == name);
    known.map(|(_, power)| *power)
}

#[cfg(test)]
mod tests {
    use wit_parser::{Resolve, WorldItem};

    use super::*;

    #[test]
    fn each_interface_with_functions_says_what_it_gives() {
        let mut resolve = Resolve::default();
        let wit = concat!(env!("CARGO_MANIFEST_DIR"), "/../wit/0.2.1");
        resolve.push_path(wit).expect("the WIT files are valid");
        for (_, world) in &resolve.worlds {
            for item in world.imports.values() {
                let WorldItem::Interface { id, .. } = item else {
                    continue;
                };
                let name = resolve.interfaces[*id].name.as_deref().unwrap_or_default();
                let is_told = power(&format!("sluice:plugin/{name}@0.2.1")).is_some();
                assert_eq!(is_told, !resolve.interfaces[*id].functions.is_empty(), "{name}");
            }
        }
        assert!(power("sluice:plugin/http@0.2.0").is_some());
        assert!(power("wasi:io/streams@0.2.6").is_none());
    }
}
