//! What is measured on gateways that have just been started: time to the first answer, memory of open streams.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use tokio::task::JoinSet;

use crate::gateway::{Gateway, Plan};
use crate::load::{Connection, Question};
use crate::question::{self, Wanted};
use crate::rounds::{Layout, median};

/// Streams that are open at once: first so many, then so many more.
const STREAMS: usize = 500;

/// One gateway, just started.
#[derive(Debug, Clone, Serialize)]
pub struct Start {
    /// From exec to the first answer, milliseconds: the middle of some starts, after one that warms caches.
    pub first_answer: f64,
    /// Idle, bytes.
    pub resident: u64,
    /// For each open stream of the first 500, bytes.
    pub stream: f64,
    /// For each of the 500 after them, bytes.
    pub further_stream: f64,
}

/// Starts a gateway some times.
///
/// # Errors
/// It does not start, or a stream does not begin.
pub async fn measure(plan: &Plan, directory: &Path, layout: &Layout) -> Result<Start, String> {
    let warm = plan.time_to_first_answer(directory, &layout.gateway)?;
    let starts = if warm > Duration::from_secs(3) { 1 } else { 9 };
    let mut times = Vec::new();
    for _ in 0..starts {
        let took = plan.time_to_first_answer(directory, &layout.gateway)?;
        times.push(took.as_secs_f64() * 1e3);
    }
    let gateway = plan.start(directory, &layout.gateway)?;
    let idle = gateway.idle_resident;
    let question = question::chat(gateway.address, "slow", Wanted::Stream, 1 << 10);
    // The first streams of all pay for what every process needs once.
    let _some = open(&gateway, &question, 100).await?;
    let before = settled(&gateway).await;
    let _first = open(&gateway, &question, STREAMS).await?;
    let between = settled(&gateway).await;
    let _second = open(&gateway, &question, STREAMS).await?;
    let after = settled(&gateway).await;
    let per_stream = |from: u64, to: u64| (to as f64 - from as f64) / STREAMS as f64;
    Ok(Start {
        first_answer: median(times),
        resident: idle,
        stream: per_stream(before, between),
        further_stream: per_stream(between, after),
    })
}

async fn settled(gateway: &Gateway) -> u64 {
    tokio::time::sleep(Duration::from_secs(1)).await;
    gateway.tree.resident()
}

async fn open(gateway: &Gateway, question: &Question, count: usize) -> Result<Vec<Connection>, String> {
    let mut opening = JoinSet::new();
    for _ in 0..count {
        let (address, question) = (gateway.address, question.clone());
        opening.spawn_local(async move {
            let mut connection = Connection::to(address);
            connection.open_stream(&question.request).await.map(|()| connection)
        });
    }
    opening.join_all().await.into_iter().collect()
}
