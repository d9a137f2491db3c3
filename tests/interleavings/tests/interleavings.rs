//! Each check under thousands of orders, chosen at random by a seed that a failure prints.

use shuttle::check_random;
use sluice_interleavings::{deployment, upstream};

const ORDERS: usize = 5_000;

#[test]
fn no_wake_up_is_lost_at_a_driven_connection() {
    check_random(upstream::at_a_driven_connection, ORDERS);
}

#[test]
fn no_wake_up_is_lost_at_what_is_polled_seldom() {
    check_random(upstream::at_what_is_polled_seldom, ORDERS);
}

#[test]
fn probes_come_one_at_a_time() {
    check_random(deployment::probes_come_one_at_a_time, ORDERS);
}
