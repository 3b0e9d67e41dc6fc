//! Reports of payloads that were not understood.

use crate::wire::{Malformed, Misreads, Name};

/// A payload that was not understood whole, or that has no place where it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misunderstood {
    /// What is wrong, and what that cost.
    pub fault: Fault,
    /// The dispatch's name, if it is one.
    pub name: Option<Name>,
    /// Its sequence, if it has one.
    pub sequence: Option<u64>,
    /// How many such payloads this shard has had, this one included.
    pub count: u64,
    /// Each place that was not understood; of a payload that was read whole, none.
    pub misreads: Misreads,
}

/// What is wrong with a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is no envelope, or a payload of the protocol without what it must say. It changed
    /// nothing.
    Malformed(Malformed),
    /// It is a dispatch whose very subject cannot be read, such as a guild without an id. It was
    /// delivered, and changed nothing but the sequence.
    NoSubject(Malformed),
    /// Some values have a form that nobody foresaw. Each cost itself, a row without its key that
    /// row; all else was applied.
    Values,
    /// Its opcode is none that a server sends.
    UnknownOpcode(u64),
    /// Its sequence has been seen in this session: it was delivered before.
    Repeated,
    /// It is a dispatch, and there is no session it could belong to.
    OutOfPlace,
}
