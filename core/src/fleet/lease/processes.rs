//! Which processes live.

use alloc::collections::BTreeMap;

use serde_json::Map;

use crate::event::{BotReady, Event, FinishedChunking};
use crate::fleet::FleetReport;
use crate::fleet::lease::RETRY;
use crate::fleet::lease::action::LeaseAction;
use crate::fleet::lease::config::LeaseConfig;
use crate::fleet::lease::context::LeaseContext;
use crate::fleet::lease::inquiry::Inquiry;
use crate::fleet::lease::process_list::{ListedProcess, ProcessList, SaidOfBot};
use crate::fleet::lease::queue::Stamp;
use crate::fleet::lease::table::{Expected, LeaseEntry, LeaseKey, Swapped};
use crate::owners::RunnableShards;
use crate::process_id::ProcessId;
use crate::time::Instant;

/// The last that was heard of a process.
#[derive(Clone, Debug)]
struct HeardProcess {
    beat: Option<u64>,
    runs: Option<RunnableShards>,
    /// When that changed.
    since: Instant,
    /// Whether it ever has: the process lives, or did so when this one did.
    is_proven: bool,
}

/// The list, as one process sees it, and its own place in it.
#[derive(Clone, Debug)]
pub(super) struct Processes {
    inquiry: Inquiry,
    found: Option<(Expected, ProcessList)>,
    /// What is being written, if the last swap was to write.
    writing: Option<ProcessList>,
    /// The shards that this process can run.
    runs: RunnableShards,
    /// Of how many shards the bot is, as those who live run it.
    bot_total: Option<u32>,
    /// Since when the list is seen that was founded so.
    founded: Option<(Stamp, Instant)>,
    seen: BTreeMap<ProcessId, HeardProcess>,
    /// How far the shards of this process are.
    report: FleetReport,
    said: SaidOfBot,
    beat: u64,
    leaves: bool,
    /// The list says so.
    has_left: bool,
    /// Who was reported to live, and what each can run.
    live: BTreeMap<ProcessId, Option<RunnableShards>>,
    /// From when on that is to be looked at anew; `None` for not before something is heard.
    report_from: Option<Instant>,
}

impl HeardProcess {
    /// Whether it changed within the last lease.
    fn is_recent(&self, cx: &LeaseContext<'_>) -> bool {
        self.since.after(cx.config.lease) > cx.now
    }
}

impl Processes {
    pub(super) fn new(now: Instant, runs: RunnableShards) -> Self {
        Self {
            inquiry: Inquiry::new(now),
            found: None,
            writing: None,
            runs,
            bot_total: None,
            founded: None,
            seen: BTreeMap::new(),
            report: FleetReport::default(),
            said: SaidOfBot::default(),
            beat: 0,
            leaves: false,
            has_left: false,
            live: BTreeMap::new(),
            report_from: Some(now),
        }
    }

    /// Those that live, as far as is known, and which shards each can run; empty before the list
    /// was found.
    pub(super) const fn live(&self) -> &BTreeMap<ProcessId, Option<RunnableShards>> {
        &self.live
    }

    /// Of how many shards the bot is, if those who live run it with another number than this
    /// process.
    pub(super) fn held_back(&self) -> Option<u32> {
        self.bot_total.filter(|total| *total != self.runs.total())
    }

    /// Whether this process may run shards with its number: the bot is of that many, or nobody has
    /// said so yet, and all who live would have.
    pub(super) fn may_run(&self) -> bool {
        let is_missing = matches!(self.found, Some((Expected::Nothing, _)));
        match self.bot_total {
            Some(total) => total == self.runs.total(),
            None => self.founded.is_none() && !is_missing,
        }
    }

    /// When the list is old enough that nobody is missing who lives.
    fn is_whole_from(&self, config: &LeaseConfig) -> Option<Instant> {
        self.founded.map(|(_, since)| since.after(config.lease))
    }

    /// The process can run these shards from now on.
    pub(super) fn offer(&mut self, now: Instant, runs: RunnableShards) {
        if self.runs != runs {
            self.runs = runs;
            self.report_from = Some(now);
            self.inquiry.again_by(now);
        }
    }

    /// The process ends: the others need not wait for it.
    pub(super) fn leave(&mut self, now: Instant) {
        self.leaves = true;
        self.report_from = Some(now);
        self.inquiry.again_by(now);
    }

    /// How far the shards of this process are.
    pub(super) fn report_of_here(&mut self, now: Instant, report: FleetReport) {
        let is_news = !self.said.is_all() && self.report != report;
        self.report = report;
        if is_news {
            self.inquiry.again_by(now);
        }
    }

    /// Whether the others know that it ends.
    pub(super) const fn has_left(&self) -> bool {
        self.has_left
    }

    pub(super) fn deadline(&self, now: Instant, config: &LeaseConfig) -> Instant {
        let ends = self
            .seen
            .values()
            .map(|heard| heard.since.after(config.lease));
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
                let list = self.next(expected, list, cx);
                let write = (cx.config.lease, Some(list.encode()), true);
                cx.ask(&mut self.inquiry, key, expected, write);
                self.writing = Some(list);
            }
        }
    }

    /// The list with this process in it, and without those who have been gone for a lease.
    fn next(
        &mut self,
        expected: Expected,
        mut list: ProcessList,
        cx: &LeaseContext<'_>,
    ) -> ProcessList {
        self.beat = self.beat.saturating_add(1);
        if expected == Expected::Nothing {
            list.founded = Some(Stamp(cx.me, self.beat));
        } else if self.is_whole_from(cx.config).is_some_and(|at| at <= cx.now) {
            list.founded = None;
        }
        // In a new list only who knew before says of how many shards the bot is.
        let waits = list.founded.is_some() && self.bot_total.is_none();
        let stays = |it: &ListedProcess| {
            let heard = self.seen.get(&it.id);
            it.id == cx.me || heard.is_none_or(|heard| heard.is_recent(cx))
        };
        list.processes.retain(stays);
        // Whoever came first stays the first.
        let place = list.processes.iter().position(|it| it.id == cx.me);
        list.processes.retain(|it| it.id != cx.me);
        let place = place.unwrap_or(list.processes.len());
        let (chunked, ready) = self.completed(&list);
        let said = SaidOfBot {
            chunked: self.said.chunked || chunked.is_some(),
            ready: self.said.ready || ready.is_some(),
        };
        let own = ListedProcess {
            id: cx.me,
            beat: (!self.leaves).then_some(self.beat),
            report: (!self.said.is_all()).then(|| self.report.clone()),
            said,
            runs: Some(self.runs.clone()),
            is_held_back: waits || self.held_back().is_some(),
            is_waiting: waits,
            rest: Map::new(),
        };
        list.processes.insert(place, own);
        list
    }

    /// What is to be said of the whole bot by who adds this process to the list of the others:
    /// nothing as long as it is not known whether each of them lives.
    fn completed(&self, others: &ProcessList) -> (Option<FinishedChunking>, Option<BotReady>) {
        let live = || others.processes.iter().filter(|it| it.beat.is_some());
        let is_proven = |it: &ListedProcess| self.seen.get(&it.id).is_some_and(|it| it.is_proven);
        let is_silent = self.leaves || self.said.is_all() || self.held_back().is_some();
        if is_silent || !live().all(is_proven) {
            return (None, None);
        }
        let total = self.runs.total();
        let is_same = |it: &&ListedProcess| it.runs.as_ref().is_none_or(|it| it.total() == total);
        let reports = live().filter(is_same).filter_map(|it| it.report.as_ref());
        let sum = FleetReport::sum(reports.chain([&self.report]));
        let chunked = sum.finished_chunking(self.runs.total());
        let ready = sum.bot_ready(self.runs.total());
        (
            chunked.filter(|_| !self.said.chunked),
            ready.filter(|_| !self.said.ready),
        )
    }

    /// Says of the whole bot what the list says that this process has to, once.
    fn say(&mut self, list: &ProcessList, cx: &mut LeaseContext<'_>) {
        let Some(own) = list.of(cx.me).map(|it| it.said) else {
            return;
        };
        if own == self.said {
            return;
        }
        let others = list.processes.iter().filter(|it| it.id != cx.me);
        let reports = others
            .filter(|it| it.beat.is_some())
            .filter_map(|it| it.report.as_ref());
        let own_report = list.of(cx.me).and_then(|it| it.report.as_ref());
        let sum = FleetReport::sum(reports.chain(own_report));
        if own.chunked && !self.said.chunked {
            let event = sum
                .finished_chunking(self.runs.total())
                .map(Event::FinishedChunking);
            cx.actions.extend(event.map(LeaseAction::Emit));
        }
        if own.ready && !self.said.ready {
            let event = sum.bot_ready(self.runs.total()).map(Event::BotReady);
            cx.actions.extend(event.map(LeaseAction::Emit));
        }
        self.said = self.said.and(own);
    }

    /// Says who lives and can run what, if that has changed. A process is taken for alive until it
    /// has not been heard of for a lease, also while it is not in the list: a store may have
    /// forgotten it.
    fn report(&mut self, cx: &mut LeaseContext<'_>) {
        let Some((_, list)) = &self.found else {
            return;
        };
        if self.report_from.is_none_or(|from| cx.now < from) {
            return;
        }
        self.seen
            .retain(|process, heard| heard.is_recent(cx) || list.names(*process));
        let ends = self.seen.values();
        let ends = ends.map(|heard| heard.since.after(cx.config.lease));
        self.report_from = ends.filter(|end| *end > cx.now).min();
        let live = self.seen.iter();
        let live = live.filter(|(_, heard)| heard.beat.is_some() && heard.is_recent(cx));
        let mut live: BTreeMap<_, _> = live
            .map(|(process, heard)| (*process, heard.runs.clone()))
            .collect();
        if self.leaves {
            live.remove(&cx.me);
        } else {
            live.insert(cx.me, Some(self.runs.clone()));
        }
        let bot_total = self.total_of(&live, list, cx.me);
        if live != self.live || bot_total != self.bot_total {
            (self.live, self.bot_total) = (live, bot_total);
            cx.actions.push(LeaseAction::Place);
        }
    }

    /// Of how many shards the bot is: of as many as before as long as anybody lives who runs it
    /// so, and then of as many as whoever came first says. A process that is not listed any more
    /// does not count for itself: others took it for gone.
    fn total_of(
        &self,
        live: &BTreeMap<ProcessId, Option<RunnableShards>>,
        list: &ProcessList,
        me: ProcessId,
    ) -> Option<u32> {
        let counts = |id: ProcessId| list.of(id).map_or(id != me, |it| !it.is_held_back);
        let running = live.iter().filter(|(id, _)| counts(**id));
        let mut running = running.filter_map(|(_, runs)| runs.as_ref());
        let runs = |total: &u32| running.any(|it| it.total() == *total);
        let mut listed = list
            .totals()
            .filter(|(process, ..)| live.contains_key(process));
        let first = || listed.next().map(|(_, _, total)| total);
        let own = || self.bot_total.filter(|total| *total == self.runs.total());
        self.bot_total.filter(runs).or_else(first).or_else(own)
    }

    pub(super) fn answer(&mut self, cx: &mut LeaseContext<'_>, ticket: u64, swapped: Swapped) {
        if self.inquiry.answered(ticket).is_none() {
            return;
        }
        match (swapped, self.writing.take()) {
            (Swapped::Done(entry), Some(list)) => {
                self.has_left = self.leaves && list.of(cx.me).is_some_and(|it| it.beat.is_none());
                self.observe(Expected::Written(entry.epoch), list, cx);
                let renew = cx.now.after(cx.config.renew);
                let whole = self.is_whole_from(cx.config).unwrap_or(renew);
                self.inquiry.again_at(renew.min(whole.max(cx.now)));
            }
            (Swapped::Refused(entry), _) => self.refused(cx, entry),
            (Swapped::Unknown | Swapped::Done(_), _) => self.unknown(cx.now),
        }
        self.report(cx);
    }

    fn refused(&mut self, cx: &mut LeaseContext<'_>, entry: Option<LeaseEntry>) {
        let list = match entry {
            None => Some((Expected::Nothing, ProcessList::new())),
            Some(entry) => {
                ProcessList::decode(&entry.value).map(|list| (Expected::Written(entry.epoch), list))
            }
        };
        match list {
            Some((expected, list)) => {
                self.observe(expected, list, cx);
                self.inquiry.again_at(cx.now);
            }
            // It is of a version that this process does not know, and is left alone.
            None => {
                self.found = None;
                self.inquiry.again_at(cx.now.after(cx.config.renew));
            }
        }
    }

    fn observe(&mut self, expected: Expected, list: ProcessList, cx: &mut LeaseContext<'_>) {
        for it in &list.processes {
            let heard = self.seen.entry(it.id).or_insert_with(|| HeardProcess {
                beat: it.beat,
                runs: it.runs.clone(),
                since: cx.now,
                is_proven: it.id == cx.me,
            });
            if heard.beat != it.beat {
                (heard.beat, heard.since, heard.is_proven) = (it.beat, cx.now, true);
                heard.runs.clone_from(&it.runs);
            }
        }
        self.report_from = Some(cx.now);
        let since = |stamp| match self.founded {
            Some((known, since)) if known == stamp => (stamp, since),
            Some(_) | None => (stamp, cx.now),
        };
        self.founded = list.founded.map(since);
        self.say(&list, cx);
        for it in list.processes.iter().filter(|it| it.id != cx.me) {
            let is_proven = self.seen.get(&it.id).is_some_and(|heard| heard.is_proven);
            if is_proven {
                self.said = self.said.and(it.said);
            }
        }
        self.found = Some((expected, list));
    }

    fn unknown(&mut self, now: Instant) {
        self.writing = None;
        self.inquiry.again_at(now.after(RETRY));
    }
}
