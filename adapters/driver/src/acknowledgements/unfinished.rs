//! What of a shard's sessions is not dealt with.

use std::collections::VecDeque;
use std::time::Duration;

use headcount_core::event::{Gap, GapCause};
use headcount_core::{Instant, Position, Positions};

use super::HangsOn;

/// Nothing is dealt with for so long before a warning says so.
const OVERDUE: Duration = Duration::from_secs(60);

/// The shard's sessions of which something is not dealt with, the latest last.
#[derive(Debug, Default)]
pub(super) struct UnfinishedSessions {
    /// Those that are lost, oldest first.
    lost: VecDeque<Open>,
    pub(super) last: Option<Open>,
    /// How often the gaps have changed that the next process has to report.
    pub(super) gap_changes: u64,
}

/// What of a session is under way.
#[derive(Debug)]
pub(super) struct Open {
    /// The last position, as received.
    pub(super) at: Position,
    pub(super) positions: Positions,
    /// Gaps before this session of which the consumer has not heard.
    pub(super) gaps: Vec<(u16, Gap)>,
    /// How many there have been.
    gaps_ever: u16,
    pub(super) standstill: Standstill,
}

/// Since when nothing more is dealt with.
#[derive(Debug, Default)]
pub(super) struct Standstill {
    /// Up to where everything was dealt with, and since when it has been so.
    last: Option<(u64, Instant)>,
    is_reported: bool,
}

/// More sessions that are lost are not remembered.
const LOST: usize = 8;

impl UnfinishedSessions {
    /// Another session begins.
    pub(super) fn begin(&mut self, next: Open) {
        let before = self.last.replace(next);
        if let Some(before) = before.filter(Open::is_unfinished) {
            self.gap_changes = self.gap_changes.wrapping_add(1);
            if self.lost.len() < LOST {
                self.lost.push_back(before);
            }
        }
    }

    /// Nothing is under way.
    pub(super) fn forget(&mut self) {
        self.lost.clear();
        self.last = None;
        self.gap_changes = self.gap_changes.wrapping_add(1);
    }

    /// Of how many dispatches something is not dealt with.
    pub(super) fn outstanding(&self) -> usize {
        let all = self.lost.iter().chain(&self.last);
        all.map(|open| open.positions.outstanding()).sum()
    }

    /// What is missing if the process ends now, and the next goes on with the last session.
    pub(super) fn gaps(&self) -> Vec<Gap> {
        let lost = self.lost.iter().flat_map(|open| {
            let rest = Gap {
                from: open.acknowledged(),
                to: None,
                why: GapCause::NotAcknowledged,
            };
            open.gaps().chain([rest])
        });
        let last = self.last.iter();
        let last = last.flat_map(|open| open.gaps().chain(open.given_up()));
        lost.chain(last).collect()
    }

    pub(super) fn close(&mut self, position: Position, hangs_on: HangsOn) {
        let mut all = self.lost.iter_mut().chain(&mut self.last);
        let Some(open) = all.find(|open| open.at.session == position.session) else {
            return;
        };
        match hangs_on {
            HangsOn::Itself => open.positions.close_dispatch(position.sequence),
            HangsOn::Dispatch => open.positions.close(position.sequence),
            HangsOn::Nothing => {}
            HangsOn::Gap(number) => {
                open.gaps.retain(|(it, _)| *it != number);
                self.gap_changes = self.gap_changes.wrapping_add(1);
            }
        }
        let before = self.lost.len();
        self.lost.retain(Open::is_unfinished);
        if self.lost.len() != before {
            self.gap_changes = self.gap_changes.wrapping_add(1);
        }
    }
}

impl Open {
    pub(super) fn new(at: Position, limit: usize) -> Self {
        Self {
            at,
            positions: Positions::new(at.sequence, limit),
            gaps: Vec::new(),
            gaps_ever: 0,
            standstill: Standstill::default(),
        }
    }

    pub(super) fn acknowledged(&self) -> Position {
        Position {
            sequence: self.positions.acknowledged(),
            ..self.at
        }
    }

    pub(super) fn is_unfinished(&self) -> bool {
        self.positions.outstanding() > 0 || !self.gaps.is_empty()
    }

    /// Notes a gap of which the consumer has not heard; its number.
    pub(super) fn add_gap(&mut self, gap: Gap) -> u16 {
        self.gaps_ever = self.gaps_ever.wrapping_add(1);
        self.gaps.push((self.gaps_ever, gap));
        self.gaps_ever
    }

    fn gaps(&self) -> impl Iterator<Item = Gap> {
        self.gaps.iter().map(|(_, gap)| *gap)
    }

    /// What was given up, if anything was.
    fn given_up(&self) -> Option<Gap> {
        let (first, last) = self.positions.given_up()?.into_inner();
        let from = Position {
            sequence: first.saturating_sub(1),
            ..self.at
        };
        Some(Gap {
            from,
            to: Some(last),
            why: GapCause::Overdue,
        })
    }
}

impl Standstill {
    pub(super) fn note(&mut self, now: Instant, positions: &Positions) {
        let (acknowledged, outstanding) = (positions.acknowledged(), positions.outstanding());
        let stands = |last: &(u64, Instant)| last.0 == acknowledged && outstanding > 0;
        match self.last.filter(stands) {
            None => {
                *self = Self {
                    last: Some((acknowledged, now)),
                    is_reported: false,
                };
            }
            Some((_, since)) if !self.is_reported && now.since(since) >= OVERDUE => {
                self.is_reported = true;
                tracing::warn!(
                    outstanding,
                    sequence = acknowledged.saturating_add(1),
                    "events are not acknowledged: they come again after a restart"
                );
            }
            Some(_) => {}
        }
    }
}
