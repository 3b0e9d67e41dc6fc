//! One session: what outlives a connection.
use crate::edge::{ConnectionId, Millis};
use crate::json::Raw;
use crate::odd::Doubts;
use crate::options::{EarlierSession, Limits};
use crate::requests::PendingAnswer;
use crate::rng::Rng;
use crate::token::Token;
use crate::window::Window;
use std::collections::VecDeque;

/// One session.
#[derive(Debug)]
pub(crate) struct Session {
    /// What a resume names: 32 hexadecimal digits.
    pub(crate) name: String,
    pub(crate) token: Token,
    pub(crate) view: View,
    /// The number of the last dispatch, from 1.
    pub(crate) sequence: u64,
    pub(crate) attached: Option<ConnectionId>,
    /// When its connection ended last.
    pub(crate) detached_at: Millis,
    /// The guilds of READY that are still to be streamed.
    pub(crate) arriving: VecDeque<u64>,
    /// Requests whose chunks are still to be sent; they take turns.
    pub(crate) jobs: VecDeque<PendingAnswer>,
    /// Whether the next burst of chunks has its time.
    pub(crate) chunking: bool,
    pub(crate) presence_updates: Window,
    /// The number of the last numbered event.
    pub(crate) numbered: u64,
    /// What its client cannot know.
    pub(crate) doubts: Doubts,
    /// Up to where its client has said by heartbeats that it needs nothing again; 0 unless the
    /// server takes them so.
    pub(crate) trimmed: u64,
    replay: Replay,
}

/// What a session sees of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct View {
    /// `[id, count]`.
    pub(crate) shard: [u32; 2],
    pub(crate) intents: u64,
    pub(crate) large_threshold: u32,
}

impl View {
    /// Whether the guild belongs to the shard; without a guild, whether it is shard 0.
    pub(crate) fn owns(&self, guild: Option<u64>) -> bool {
        let [id, count] = self.shard.map(u64::from);
        guild.map_or(0, |guild| (guild >> 22) % count.max(1)) == id
    }

    /// Whether one of these intents is there; an event that needs none always comes.
    pub(crate) fn wants(&self, intents: u64) -> bool {
        intents == 0 || self.intents & intents != 0
    }
}

impl Session {
    pub(crate) fn new(token: Token, view: View, on: ConnectionId, rng: &mut Rng) -> Self {
        let name = format!("{:016x}{:016x}", rng.next(), rng.next());
        Self {
            attached: Some(on),
            ..Self::detached(token, view, name)
        }
    }

    /// One from before the gateway began.
    pub(crate) fn earlier(of: &EarlierSession) -> Self {
        let view = View {
            shard: of.shard,
            intents: of.intents,
            large_threshold: 50,
        };
        Self {
            sequence: of.sequence,
            ..Self::detached(of.token.clone(), view, of.name.clone())
        }
    }

    fn detached(token: Token, view: View, name: String) -> Self {
        Self {
            name,
            token,
            view,
            sequence: 0,
            attached: None,
            detached_at: 0,
            arriving: VecDeque::new(),
            jobs: VecDeque::new(),
            chunking: false,
            presence_updates: Window::default(),
            numbered: 0,
            doubts: Doubts::default(),
            trimmed: 0,
            replay: Replay::default(),
        }
    }

    /// Numbers and records one dispatch whose body is this JSON text; returns all of its text.
    pub(crate) fn dispatch(
        &mut self,
        now: Millis,
        limits: &Limits,
        event: &str,
        body: &str,
    ) -> String {
        self.sequence += 1;
        let text = crate::json::object(|w| {
            w.field("t", event);
            w.field("s", self.sequence);
            w.field("op", 0_u32);
            w.field("d", Raw(body));
        });
        let kept = Kept {
            at: now,
            sequence: self.sequence,
            text: text.clone(),
        };
        self.replay.push(kept, limits);
        text
    }

    /// Every dispatch after `sequence`; `None` when some of them are no longer kept.
    pub(crate) fn missed_since(
        &mut self,
        now: Millis,
        limits: &Limits,
        sequence: u64,
    ) -> Option<Vec<String>> {
        self.replay.forget_old(now, limits);
        self.replay.after(sequence, self.sequence)
    }

    /// Its client needs nothing up to this sequence again.
    pub(crate) fn trim(&mut self, sequence: u64) {
        self.trimmed = sequence;
        self.replay.drop_while(|first| first.sequence <= sequence);
    }
}

/// The last dispatches, bounded in number, bytes and time.
#[derive(Debug, Default)]
struct Replay {
    kept: VecDeque<Kept>,
    bytes: usize,
}

/// A dispatch that may be replayed.
#[derive(Debug)]
struct Kept {
    at: Millis,
    sequence: u64,
    text: String,
}

impl Replay {
    fn push(&mut self, kept: Kept, limits: &Limits) {
        self.forget_old(kept.at, limits);
        self.bytes += kept.text.len();
        self.kept.push_back(kept);
        while self.kept.len() > limits.replay_dispatches || self.bytes > limits.replay_bytes {
            self.forget_first();
        }
    }

    fn forget_old(&mut self, now: Millis, limits: &Limits) {
        self.drop_while(|first| first.at + limits.replay_time < now);
    }

    fn drop_while(&mut self, is_gone: impl Fn(&Kept) -> bool) {
        while self.kept.front().is_some_and(&is_gone) {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        if let Some(first) = self.kept.pop_front() {
            self.bytes -= first.text.len();
        }
    }

    fn after(&self, sequence: u64, last: u64) -> Option<Vec<String>> {
        let wanted = (last - sequence) as usize;
        let skipped = self.kept.len().checked_sub(wanted)?;
        Some(
            self.kept
                .iter()
                .skip(skipped)
                .map(|kept| kept.text.clone())
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_replay_is_bounded_and_says_so() {
        let limits = Limits {
            replay_dispatches: 3,
            ..Limits::default()
        };
        let mut replay = Replay::default();
        for sequence in 1..=5 {
            let text = sequence.to_string();
            let at = 10 * sequence;
            replay.push(Kept { at, sequence, text }, &limits);
        }
        assert_eq!(replay.after(5, 5), Some(vec![]));
        assert_eq!(
            replay.after(2, 5),
            Some(vec!["3".into(), "4".into(), "5".into()])
        );
        assert_eq!(replay.after(1, 5), None);
        replay.forget_old(40 + limits.replay_time, &limits);
        assert_eq!(replay.after(3, 5).map(|kept| kept.len()), Some(2));
        replay.forget_old(41 + limits.replay_time, &limits);
        assert_eq!(replay.after(3, 5), None);
        replay.drop_while(|_| true);
        assert_eq!((replay.after(5, 5), replay.bytes), (Some(vec![]), 0));
    }

    #[test]
    fn a_view_owns_the_guilds_of_its_shard() {
        let view = View {
            shard: [1, 2],
            intents: 1,
            large_threshold: 50,
        };
        assert!(view.owns(Some(3 << 22)) && !view.owns(Some(2 << 22)) && !view.owns(None));
        assert!(view.wants(0) && view.wants(1) && !view.wants(2));
    }
}
