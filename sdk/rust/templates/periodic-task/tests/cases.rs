//! Runs `cases/rankings.json`, and a round of the task.

use std::time::Duration;

use my_task::MyTask;
use sluice_sdk::testing::{Host, rankings};
use sluice_sdk::{PeriodicTask, Plugin, RoutingStrategy, http};

#[test]
fn cases_rank_as_written() {
    rankings::run::<MyTask>(include_str!("../cases/rankings.json"));
}

#[test]
fn the_strategy_uses_what_the_task_found() {
    let host = Host {
        candidates: 3,
        http: Box::new(|_| {
            Ok(http::Response {
                status: 200,
                headers: Vec::new(),
                body: b"deployment-2\n".to_vec(),
            })
        }),
        ..Host::default()
    };
    host.install();
    let settings = serde_json(r#"{"address":"https://status.example/best"}"#);
    let mut task = MyTask::new(settings).unwrap();
    assert_eq!(task.tick(), Ok(Duration::from_secs(60)));
    assert_eq!(task.rank().unwrap(), [2, 0, 1]);
}

fn serde_json(text: &str) -> <MyTask as Plugin>::Settings {
    sluice_sdk::serde_json::from_str(text).unwrap()
}
