//! Odd values: one place of a dispatch in a form that nobody foresaw, and what a client cannot
//! know afterwards.
//!
//! A place costs itself. What it hides is in doubt until the session says it again; everything else
//! of the payload, and of the world, must be known as ever.
mod doubts;
mod place;
mod said;

pub(crate) use doubts::Doubts;
pub(crate) use place::{Odd, draw};
pub(crate) use said::{Kind, Place, Said};
