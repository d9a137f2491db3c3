//! Periodic tasks: each that the snapshot in force has runs in the background, until a reload leaves it out.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::Gateway;
use crate::plugin::kinds::periodic::Periodic;

/// A task that runs. It is aborted when dropped.
struct Running {
    plugin: Arc<Periodic>,
    /// Of one task.
    _task: JoinSet<()>,
}

/// Runs the tasks until the future is dropped.
pub async fn run(gateway: Arc<Gateway>) {
    let mut reloads = gateway.reloads();
    let mut running: Vec<Running> = Vec::new();
    loop {
        reloads.mark_unchanged();
        let wanted = gateway.snapshot().periodic.clone();
        // A task that a reload did not change goes on with what it does.
        running.retain(|one| wanted.iter().any(|plugin| Arc::ptr_eq(plugin, &one.plugin)));
        for plugin in wanted {
            if !running.iter().any(|one| Arc::ptr_eq(&plugin, &one.plugin)) {
                running.push(start(&gateway, plugin));
            }
        }
        if reloads.changed().await.is_err() {
            return;
        }
    }
}

fn start(gateway: &Arc<Gateway>, plugin: Arc<Periodic>) -> Running {
    let mut task = JoinSet::new();
    let (gateway, own) = (Arc::clone(gateway), Arc::clone(&plugin));
    task.spawn(async move {
        let begin = || {
            let own = Arc::clone(&own);
            async move { own.run().await }
        };
        gateway.tasks.keep_running("periodic task", begin).await;
    });
    Running { plugin, _task: task }
}
