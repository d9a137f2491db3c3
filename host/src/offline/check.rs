//! All that is wrong with a configuration.

use super::Offline;
use crate::config::Problem;
use crate::gateway::Failed;
use crate::run::{Options, StartError};
use crate::snapshot::Fault;

/// What [`check`] found.
pub struct Checked {
    pub problems: Vec<Problem>,
    /// What only using it shows: settings that do not fit a plugin, deployments that cannot be made.
    pub faults: Vec<Fault>,
    /// Whether the gateway would start with it.
    pub is_usable: bool,
}

/// Reads a configuration as [`crate::start`] would, and says all that is wrong with it.
///
/// # Errors
/// The gateway could not even look: no WebAssembly, a broken bundled plugin.
pub fn check(options: &Options) -> Result<Checked, StartError> {
    let offline = match Offline::open(options) {
        Ok(offline) => offline,
        Err(StartError::Configuration(Failed(problems))) => {
            return Ok(Checked {
                problems,
                faults: Vec::new(),
                is_usable: false,
            });
        }
        Err(error) => return Err(error),
    };
    let (problems, snapshot) = offline.snapshot(&offline.builder(), options);
    let is_usable = snapshot.is_some();
    let faults = snapshot.map_or_else(Vec::new, |snapshot| snapshot.faults);
    Ok(Checked {
        problems,
        faults: faults
            .into_iter()
            .filter(|fault| matches!(fault, Fault::Unusable(_)))
            .collect(),
        is_usable,
    })
}
