//! The simulator: the real strategies, cooldowns and averages, on virtual time, before deployments that are made up.
//!
//! What a machine cannot try out (a thousand deployments, a million exchanges, an outage of a region) takes seconds here,
//! and every strategy meets the same exchanges at the same moments. Upstreams, networks and clients are models:
//! [`scenario`] says how deployments behave, [`fleet`] makes some up, [`site`] plays one, [`world`] lets time pass, [`report`] and [`plot`] tell what
//! came of it.

pub mod fleet;
pub mod plot;
pub mod report;
pub mod scenario;
mod site;
mod world;

pub use report::Report;
pub use scenario::{Arrival, Scenario};
pub use world::{Setting, run};
