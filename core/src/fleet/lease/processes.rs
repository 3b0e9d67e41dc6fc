//! Which processes live.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::fleet::lease::RETRY;
use crate::fleet::lease::action::LeaseAction;
use crate::fleet::lease::config::LeaseConfig;
use crate::fleet::lease::context::LeaseContext;
use crate::fleet::lease::inquiry::Inquiry;
use crate::fleet::lease::table::{Expected, LeaseEntry, LeaseKey, Swapped};
use crate::process_id::ProcessId;
use crate::time::Instant;

const VERSION: u32 = 1;

/// More processes than that are not counted with.
const MOST: usize = 1_024;

/// One entry of the table: each process with a number that goes up while it lives; none once it
/// has left.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct ProcessList {
    version: u32,
    beats: Vec<(ProcessId, Option<u64>)>,
}

/// The list, as one process sees it, and its own place in it.
#[derive(Clone, Debug)]
pub(super) struct Processes {
    inquiry: Inquiry,
    found: Option<(Expected, ProcessList)>,
    /// What is being written, if the last swap was to write.
    writing: Option<ProcessList>,
    /// The last that was heard of each, and when it changed.
    seen: BTreeMap<ProcessId, (Option<u64>, Instant)>,
    beat: u64,
    leaves: bool,
    /// Who was reported to live.
    live: BTreeSet<ProcessId>,
}

impl ProcessList {
    fn new() -> Self {
        Self {
            version: VERSION,
            beats: Vec::new(),
        }
    }

    fn names(&self, process: ProcessId) -> bool {
        self.beats.iter().any(|(of, _)| *of == process)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let list: Self = serde_json::from_slice(bytes).ok()?;
        (list.version == VERSION && list.beats.len() <= MOST).then_some(list)
    }

    fn encode(&self) -> Box<[u8]> {
        serde_json::to_vec(self).unwrap_or_default().into()
    }
}

impl Processes {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            inquiry: Inquiry::new(now),
            found: None,
            writing: None,
            seen: BTreeMap::new(),
            beat: 0,
            leaves: false,
            live: BTreeSet::new(),
        }
    }

    /// Those that live, as far as is known; empty before the list was found.
    pub(super) const fn live(&self) -> &BTreeSet<ProcessId> {
        &self.live
    }

    /// The process ends: the others need not wait for it.
    pub(super) fn leave(&mut self, now: Instant) {
        self.leaves = true;
        self.inquiry.again_by(now);
    }

    pub(super) fn deadline(&self, now: Instant, config: &LeaseConfig) -> Instant {
        let ends = self
            .seen
            .values()
            .map(|(_, since)| since.after(config.lease));
        let next = ends.filter(|at| *at > now).min();
        let asks = self.inquiry.deadline();
        next.map_or(asks, |next| next.min(asks))
    }

    pub(super) fn step(&mut self, cx: &mut LeaseContext<'_>) {
        if self.inquiry.gave_up(cx.now) {
            self.unknown(cx.now);
        }
        self.report(cx);
        if !self.inquiry.is_due(cx.now) {
            return;
        }
        let key = LeaseKey::Processes;
        match self.found.clone() {
            None => cx.look(&mut self.inquiry, key, true),
            Some((expected, list)) => {
                let list = self.next(list, cx);
                let write = (cx.config.lease, Some(list.encode()), true);
                cx.ask(&mut self.inquiry, key, expected, write);
                self.writing = Some(list);
            }
        }
    }

    /// The list with this process in it, and without those who have been gone for a lease.
    fn next(&mut self, mut list: ProcessList, cx: &LeaseContext<'_>) -> ProcessList {
        self.beat = self.beat.saturating_add(1);
        let stays = |(process, _): &(ProcessId, Option<u64>)| {
            let seen = self.seen.get(process);
            *process != cx.me && seen.is_none_or(|(_, since)| since.after(cx.config.lease) > cx.now)
        };
        list.beats.retain(stays);
        list.beats
            .push((cx.me, (!self.leaves).then_some(self.beat)));
        list
    }

    /// Says who lives, if that has changed. A process is taken for alive until it has not been
    /// heard of for a lease, also while it is not in the list: a store may have forgotten it.
    fn report(&mut self, cx: &mut LeaseContext<'_>) {
        let Some((_, list)) = &self.found else {
            return;
        };
        let is_heard_of = |since: &Instant| since.after(cx.config.lease) > cx.now;
        self.seen
            .retain(|process, (_, since)| is_heard_of(since) || list.names(*process));
        let live = self.seen.iter();
        let live = live.filter(|(_, (beat, since))| beat.is_some() && is_heard_of(since));
        let mut live: BTreeSet<ProcessId> = live.map(|(process, _)| *process).collect();
        if self.leaves {
            live.remove(&cx.me);
        } else {
            live.insert(cx.me);
        }
        if live != self.live {
            self.live = live;
            cx.actions.push(LeaseAction::Place);
        }
    }

    pub(super) fn answer(&mut self, cx: &mut LeaseContext<'_>, ticket: u64, swapped: Swapped) {
        if self.inquiry.answered(ticket).is_none() {
            return;
        }
        match (swapped, self.writing.take()) {
            (Swapped::Done(entry), Some(list)) => {
                self.observe(Expected::Written(entry.epoch), list, cx.now);
                self.inquiry.again_at(cx.now.after(cx.config.renew));
            }
            (Swapped::Refused(entry), _) => self.refused(cx, entry),
            (Swapped::Unknown | Swapped::Done(_), _) => self.unknown(cx.now),
        }
        self.report(cx);
    }

    fn refused(&mut self, cx: &LeaseContext<'_>, entry: Option<LeaseEntry>) {
        let list = match entry {
            None => Some((Expected::Nothing, ProcessList::new())),
            Some(entry) => {
                ProcessList::decode(&entry.value).map(|list| (Expected::Written(entry.epoch), list))
            }
        };
        match list {
            Some((expected, list)) => {
                self.observe(expected, list, cx.now);
                self.inquiry.again_at(cx.now);
            }
            // It is of a version that this process does not know, and is left alone.
            None => {
                self.found = None;
                self.inquiry.again_at(cx.now.after(cx.config.renew));
            }
        }
    }

    fn observe(&mut self, expected: Expected, list: ProcessList, now: Instant) {
        for (process, beat) in &list.beats {
            let seen = self.seen.entry(*process).or_insert((*beat, now));
            if seen.0 != *beat {
                *seen = (*beat, now);
            }
        }
        self.found = Some((expected, list));
    }

    fn unknown(&mut self, now: Instant) {
        self.writing = None;
        self.inquiry.again_at(now.after(RETRY));
    }
}
