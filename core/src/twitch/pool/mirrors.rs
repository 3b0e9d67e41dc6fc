//! Shared chat: what partner rooms mirror is told once.

use alloc::boxed::Box;
use alloc::collections::VecDeque;

use super::action::{Action, Event, LinkId, ManagerKey};
use super::clock::Timer;
use super::owned::Heard;
use super::seen::Seen;
use super::squad::{REMEMBERED, Squad};
use super::{Out, Pool};
use crate::Instant;
use crate::twitch::{Message, Room};

/// A mirror that came before its original.
#[derive(Debug)]
struct Early {
    source: Box<str>,
    room: Room,
    until: Instant,
    heard: Heard,
}

impl Early {
    fn bytes(&self) -> usize {
        let texts = self.source.len().saturating_add(self.heard.line().len());
        texts.saturating_add(size_of::<Self>())
    }
}

/// What a manager knows of mirrored messages.
#[derive(Debug)]
pub(super) struct Mirrors {
    /// The sources of what was told.
    told: Seen,
    /// Those that wait for their originals, in the order in which they came.
    early: VecDeque<Early>,
    /// What they take.
    bytes: usize,
}

/// What to do with a message of shared chat.
enum Verdict {
    Tell,
    Drop,
    Wait,
}

impl Mirrors {
    pub(super) const fn new() -> Self {
        Self {
            told: Seen::new(REMEMBERED),
            early: VecDeque::new(),
            bytes: 0,
        }
    }

    /// The original has come: its mirror, if one waits, is not needed.
    fn settle(&mut self, source: &str) {
        let place = self.early.iter().position(|early| *early.source == *source);
        if let Some(early) = place.and_then(|place| self.early.remove(place)) {
            self.bytes = self.bytes.saturating_sub(early.bytes());
        }
    }

    fn waits(&self, source: &str) -> bool {
        self.early.iter().any(|early| *early.source == *source)
    }

    fn push(&mut self, early: Early) {
        self.bytes = self.bytes.saturating_add(early.bytes());
        self.early.push_back(early);
    }

    /// The oldest that has waited until now, or that has to go because all are over the bound.
    fn pop(&mut self, now: Instant, bound: usize) -> Option<Early> {
        let due = self.early.front().is_some_and(|early| early.until <= now);
        if !due && self.bytes <= bound {
            return None;
        }
        let early = self.early.pop_front()?;
        self.bytes = self.bytes.saturating_sub(early.bytes());
        Some(early)
    }
}

impl Squad {
    /// What to do with a message that was said elsewhere or is mirrored elsewhere.
    fn judge_mirror(&mut self, room: Room, source: &str, message: &Message<'_>) -> Verdict {
        let number = |key| message.tag(key)?.raw().parse::<u64>().ok();
        let origin = number("source-room-id");
        let is_original = message.tag("id").is_some_and(|id| id.raw() == source)
            || (origin.is_some() && origin == number("room-id"));
        if is_original {
            self.mirrors.settle(source);
        } else if self.mirrors.told.knows(source) || self.mirrors.waits(source) {
            return Verdict::Drop;
        } else if self.may_bring(origin, room) {
            return Verdict::Wait;
        }
        match self.mirrors.told.insert(source) {
            true => Verdict::Tell,
            false => Verdict::Drop,
        }
    }

    /// Whether a joined room but the mirror's own may be the one where it was said.
    fn may_bring(&self, origin: Option<u64>, mirror: Room) -> bool {
        self.seats.iter().any(|(room, seat)| {
            let fits = match (seat.room_id, origin) {
                (Some(id), Some(origin)) => id == origin,
                (Some(_), None) | (None, _) => true,
            };
            fits && *room != mirror && seat.serving.is_some()
        })
    }
}

impl Pool {
    /// Whether a message is told now. A mirror is dropped when its source was told, and waits
    /// while the original may still come.
    pub(super) fn passes_mirrors(&mut self, id: LinkId, message: &Message<'_>) -> bool {
        let Some(source) = message
            .tag("source-id")
            .filter(|_| self.config.drop_mirrors)
        else {
            return true;
        };
        let (Some(room), Some(_)) = (message.room(), message.tag("id")) else {
            return true;
        };
        let Some(link) = self.links.get(&id) else {
            return true;
        };
        let (manager, shard) = (link.manager, link.shard);
        let Some(squad) = self.squads.get_mut(manager.0) else {
            return true;
        };
        match squad.judge_mirror(room, source.raw(), message) {
            Verdict::Tell => return true,
            Verdict::Drop => return false,
            Verdict::Wait => {}
        }
        let until = self.now.after(self.config.mirror_patience);
        squad.mirrors.push(Early {
            source: source.raw().into(),
            room,
            until,
            heard: Heard::new(manager, shard, id, message),
        });
        self.timers.insert((until, Timer::Mirrors(manager)));
        if squad.mirrors.bytes > self.config.mirror_bytes {
            self.timers.insert((self.now, Timer::Mirrors(manager)));
        }
        false
    }

    /// Tells the mirrors whose originals have not come in time, and the oldest while there are too
    /// many.
    pub(super) fn tell_late_mirrors(&mut self, manager: ManagerKey, out: Out<'_, '_>) {
        self.tell_mirrors(manager, self.now, out);
    }

    /// Tells all mirrors that still wait: no original comes any more.
    pub(super) fn tell_last_mirrors(&mut self, manager: ManagerKey, out: Out<'_, '_>) {
        self.tell_mirrors(manager, Instant::from_millis(u64::MAX), out);
    }

    fn tell_mirrors(&mut self, manager: ManagerKey, now: Instant, out: Out<'_, '_>) {
        let bound = self.config.mirror_bytes;
        let Some(squad) = self.squads.get_mut(manager.0) else {
            return;
        };
        while let Some(early) = squad.mirrors.pop(now, bound) {
            let wanted = squad.seats.contains_key(&early.room);
            if wanted && squad.mirrors.told.insert(&early.source) {
                out.push(Action::Emit(Event::Mirrored(early.heard)));
            }
        }
    }
}
