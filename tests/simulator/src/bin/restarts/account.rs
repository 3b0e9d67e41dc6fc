//! What became of the numbered events.
use crate::instant::Instants;
use crate::rows::Comparison;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

/// What is acknowledged is recorded so much later at most, and so many events.
const COALESCED: (Duration, usize) = (Duration::from_millis(5), 256);
/// A guild list is written a second after the last one at the earliest: what is acknowledged while
/// guilds are set up is recorded with it.
const LIST_PAUSE: Duration = Duration::from_secs(1);

/// An event in the life of a bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Report {
    /// The bot took the dispatch of this sequence. It acknowledges it by asking for the next event.
    Took { sequence: u64, at: Duration },
    /// The bot saw that this guild is ready.
    Ready { guild: u64 },
    /// All its guilds are set up.
    Settled { at: Duration, restored: usize },
}

/// How a bot ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    ByItself,
    Killed,
}

/// The account of one way to end a bot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    /// How often a bot was ended.
    pub(crate) restarts: u32,
    /// How many events the gateways sent.
    pub(crate) sent: u64,
    /// How many events came before one that had been sent earlier, in the life of one bot.
    pub(crate) out_of_order: u64,
    /// How many sessions there were; each gateway needs one.
    pub(crate) sessions: usize,
    /// The rules of the protocol that were broken.
    pub(crate) broken: Vec<String>,
    /// Restarts against gateways that forget what a heartbeat acknowledges.
    pub(crate) trimmed: u32,
    /// Heartbeats that such gateways got.
    pub(crate) beats: u64,
    /// Where kills have met snapshots, if they were aimed at them.
    pub(crate) instants: Option<Instants>,
    gateways: usize,
    /// The guilds of all gateways.
    guilds: usize,
    /// The life in which each event came last, by gateway and sequence.
    came: BTreeMap<(usize, u64), usize>,
    /// What came again of each life, and how much of it may have.
    lives: Vec<Doubled>,
    /// The guilds that were reported as ready, by gateway.
    ready: BTreeSet<(usize, u64)>,
    /// The present life.
    taken: Vec<(u64, Duration)>,
    settled: Option<Duration>,
    /// How many bots had the rows of the one before.
    pub(crate) warm: u32,
    /// How the rows that the last bots left compare with the worlds.
    rows: Comparison,
}

#[derive(Clone, Copy, Debug, Default)]
struct Doubled {
    came: u64,
    allowed: u64,
}

impl Account {
    /// An account without entries; of kills that are aimed with where they fall.
    pub(crate) fn new(instants: Option<Instants>) -> Self {
        Self {
            instants,
            ..Self::default()
        }
    }

    /// Another gateway with so many guilds, whose sequences count from 1.
    pub(crate) fn begin_gateway(&mut self, guilds: usize) {
        self.gateways += 1;
        self.guilds += guilds;
    }

    /// A bot has begun.
    pub(crate) fn begin(&mut self) {
        self.taken.clear();
        self.settled = None;
        self.lives.push(Doubled::default());
    }

    /// A bot says something.
    pub(crate) fn note(&mut self, report: Report) {
        match report {
            Report::Ready { guild } => drop(self.ready.insert((self.gateways, guild))),
            Report::Settled { at, restored } => {
                self.settled = Some(at);
                self.warm += u32::from(restored > 0);
            }
            Report::Took { sequence, at } => {
                let last = self.taken.last().map_or(0, |(last, _)| *last);
                self.out_of_order += u64::from(sequence < last);
                self.taken.push((sequence, at));
                let life = self.lives.len() - 1;
                let before = self.came.insert((self.gateways, sequence), life);
                if let Some(before) = before {
                    self.lives[before].came += 1;
                }
            }
        }
    }

    /// A bot has ended.
    pub(crate) fn end(&mut self, how: Ended) {
        self.restarts += 1;
        let allowed = match how {
            Ended::ByItself => 0,
            Ended::Killed => self.may_double(),
        };
        if let Some(life) = self.lives.last_mut() {
            life.allowed = allowed;
        }
    }

    /// What a killed bot had taken and not acknowledged, the last one, and what it had acknowledged
    /// too late to be recorded: by its own clock, whatever is recorded.
    fn may_double(&self) -> u64 {
        let Some((_, last)) = self.taken.last() else {
            return 0;
        };
        let is_settled = |at: Duration| *last > at + LIST_PAUSE;
        let (span, most) = match self.settled {
            Some(at) if is_settled(at) => COALESCED,
            Some(_) | None => (LIST_PAUSE + COALESCED.0, usize::MAX),
        };
        let recent = self.taken.iter().rev();
        let recent = recent.take_while(|(_, at)| *at + span >= *last);
        let unrecorded = recent.skip(1).count();
        1 + unrecorded.min(most) as u64
    }

    /// What the last bot of a gateway has left, compared with the gateway's world.
    pub(crate) fn compare(&mut self, compared: Comparison) {
        self.rows.right += compared.right;
        self.rows.wrong.extend(compared.wrong);
    }

    /// Whether the guilds of the present bot are set up.
    pub(crate) fn is_settled(&self) -> bool {
        self.settled.is_some()
    }

    /// The highest sequence that came of the present gateway.
    pub(crate) fn reached(&self) -> u64 {
        let of_this = self.came.range((self.gateways, 0)..).next_back();
        of_this.map_or(0, |((_, sequence), _)| *sequence)
    }

    pub(crate) fn lost(&self) -> u64 {
        self.sent.saturating_sub(self.came.len() as u64)
    }

    pub(crate) fn doubled(&self) -> u64 {
        self.lives.iter().map(|life| life.came).sum()
    }

    /// How many may have come twice: after a kill what was taken and not acknowledged, and what was
    /// acknowledged and not recorded. That is the coalescing (256 events or 5 ms), and while guilds
    /// come, whose list is written once a second and holds records back until then, that second.
    pub(crate) fn doubled_allowed(&self) -> u64 {
        self.lives.iter().map(|life| life.allowed).sum()
    }

    /// The lives of which more came again than may.
    fn above_bound(&self) -> usize {
        let above = |life: &&Doubled| life.came > life.allowed;
        self.lives.iter().filter(above).count()
    }

    /// How many guilds nobody reported as ready.
    fn never_ready(&self) -> usize {
        self.guilds.saturating_sub(self.ready.len())
    }

    /// Whether nothing is lost or out of order, no more has come twice than may, the rows are
    /// right, and no rule is broken.
    pub(crate) fn holds(&self) -> bool {
        let whole = self.lost() == 0 && self.out_of_order == 0 && self.sessions == self.gateways;
        let whole = whole && self.never_ready() == 0;
        let bounded = self.doubled() <= self.doubled_allowed();
        whole && bounded && self.rows.wrong.is_empty() && self.broken.is_empty()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "restarts": self.restarts,
            "sent": self.sent,
            "lost": self.lost(),
            "doubled": self.doubled(),
            "doubled_allowed": self.doubled_allowed(),
            "lives_above_bound": self.above_bound(),
            "out_of_order": self.out_of_order,
            "guilds_never_ready": self.never_ready(),
            "warm": self.warm,
            "gateways": self.gateways,
            "sessions": self.sessions,
            "trimming": { "restarts": self.trimmed, "heartbeats": self.beats },
            "rows": { "whole_guilds": self.rows.right, "wrong": self.rows.wrong },
            "instants": self.instants.as_ref().map(Instants::json),
            "broken_rules": self.broken,
            "holds": self.holds(),
        })
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} restarts, {} sent, {} lost, {} doubled of {} allowed, {} out of order",
            self.restarts,
            self.sent,
            self.lost(),
            self.doubled(),
            self.doubled_allowed(),
            self.out_of_order
        )?;
        for wrong in self.broken.iter().chain(&self.rows.wrong) {
            write!(f, "\n  {wrong}")?;
        }
        Ok(())
    }
}
