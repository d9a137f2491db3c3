//! Soak.

#[derive(Debug, clap::Args)]
pub struct Options {}

pub async fn run(_: &Options) -> Result<(), String> {
    Ok(())
}
