//! Series whose deployment or plugin is gone are forgotten: what was ever configured is not bounded.

use std::collections::HashMap;

use prometheus::core::{Collector, MetricVec, MetricVecBuilder};

/// The series of one name.
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
                    // It has just been found, so that there is one.
                    let _ = self.remove(&labels);
                }
            }
        }
    }
}
