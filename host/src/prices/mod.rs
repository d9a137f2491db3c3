//! What an exchange costs.
//!
//! Prices come from the deployment's own parameters where it gives any ([`Prices::from_parameters`]), else from the
//! embedded [`Catalogue`]. They are whole numbers of pico-dollars a token, the [`cost`](Prices::cost) of a
//! [`Usage`](crate::usage::Usage) is an exact sum, and no floating point number has a part in it. Counting the usage is
//! [`crate::usage`]'s; adding costs up to spend and holding them against budgets is left to others.

mod catalogue;
mod cost;
mod decimal;
mod model;
mod parameters;

pub use catalogue::Catalogue;
pub use cost::Cost;
pub use decimal::{DecimalError, PicoDollars};
pub use model::{Model, Prices, Rates, Threshold, Tier, UnitPrices};
pub use parameters::PriceError;

#[cfg(test)]
mod tests;
