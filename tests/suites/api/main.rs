//! What the library promises to those who use it, and what its sources hold to.
#![allow(missing_docs, reason = "tests")]

mod bot;
mod dashboard;
mod documents;
mod faults;
mod layers;
mod names;
mod pictures;
mod planted;
mod promises;
mod readme;
mod recipes;
mod recovery;
mod sizes;
mod sources;
mod surface;
mod tidy;
mod traces;
