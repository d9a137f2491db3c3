//! Removes series of deployments, plugins and other names that are gone. Without this, their number would grow with
//! every name that was ever configured.

use std::collections::HashMap;

use prometheus::core::{Collector, MetricVec, MetricVecBuilder};

/// All series of one metric.
pub(super) trait Family: Send + Sync {
    /// Removes the series in which the value of this label is gone.
    fn forget(&self, label: &str, is_gone: &dyn Fn(&str) -> bool);
}

impl<B: MetricVecBuilder> Family for MetricVec<B>
where
    MetricVec<B>: Collector,
{
    fn forget(&self, label: &str, is_gone: &dyn Fn(&str) -> bool) {
        for family in self.collect() {
            for series in family.get_metric() {
                let labels = series.get_label().iter().map(|pair| (pair.name(), pair.value()));
                let labels: HashMap<&str, &str> = labels.collect();
                if labels.get(label).is_some_and(|value| is_gone(value)) {
                    // The series exists, since it was just listed.
                    let _ = self.remove(&labels);
                }
            }
        }
    }
}
