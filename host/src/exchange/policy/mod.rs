//! What follows from a failure, as functions of values: settings, a cause, counts, a moment. They know no exchange, so
//! that exchanges and the simulator apply the same rules.

pub mod attempts;
pub mod blame;
pub mod fallback;
pub mod retry;
pub mod time_limits;

/// The names under which settings that are configured by model group are looked up, the first one first.
#[derive(Debug, Clone, Copy, Default)]
pub struct GroupNames<'a> {
    /// The name that was asked for.
    pub asked: &'a str,
    /// The group that was found under it: an alias stands for one group, a wildcard for many names.
    pub found: Option<&'a str>,
    /// The group of the deployment that was tried last: an alias with weights may have chosen a deployment of another
    /// group.
    pub tried_last: Option<&'a str>,
}

impl GroupNames<'_> {
    /// The setting of the first name that has one.
    pub fn find<T>(self, configured: impl Fn(&str) -> Option<T>) -> Option<T> {
        let names = [Some(self.asked), self.found, self.tried_last];
        names.into_iter().flatten().find_map(configured)
    }
}
