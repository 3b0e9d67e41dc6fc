//! One generator of scenarios for the simulation, the properties and the fuzzer.
//!
//! A [`Source`] makes choices, from a seed or from bytes. [`Setting::draw`] chooses what a run is
//! made of (swarm testing: each run has sizes, features and fault rates of its own), and
//! [`Step::draw`] what happens next, knowing what the world holds now. A choice of 0 is always the
//! harmless one, so that bytes that run out, or shrink, make a quiet run.
mod faults;
mod setting;
mod source;
mod step;

pub use setting::{Rates, Setting};
pub use source::Source;
pub use step::{Clock, Line, RowsLeft, Scene, Step};
