//! A process: a shard, its host's queues and store, and what it records for the next one.
use std::collections::VecDeque;

use headcount_core::cache::Mutation;
use headcount_core::cache::memory::MemoryStore;
use headcount_core::config::{Acknowledge, Config};
use headcount_core::setup::{AutoChunk, HoldConfig};
use headcount_core::{
    Action, Event, Input, Instant, Intents, Position, Positions, Session, Shard, ShardId, Token,
};

use super::service::Service;

/// What is on its way to the consumer, in order.
pub(crate) enum Item {
    /// A change that a slow store has not made yet, and on which sequence it hangs.
    Change(Box<Mutation<'static>>, Position),
    Event(Emitted),
}

/// An event, for the consumer.
#[derive(Clone, Debug)]
pub(crate) struct Emitted {
    pub(crate) position: Position,
    pub(crate) what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Dispatch,
    GuildReady(u64),
    /// It follows from a dispatch.
    Follows,
    /// Every process emits it anew.
    Summary,
}

/// What the next process finds.
#[derive(Clone)]
pub(crate) struct Recorded {
    pub(crate) session: Session,
    /// How often guilds had changed when it was written.
    guild_changes: u64,
}

pub(crate) struct Process {
    pub(crate) shard: Shard,
    pub(crate) now: u64,
    pub(crate) queue: VecDeque<Item>,
    /// Taken, and not marked done.
    pub(crate) taken: Vec<Emitted>,
    pub(crate) store: MemoryStore,
    /// The last position received, and what is open of its session.
    open: Option<(Position, Positions)>,
    pub(crate) recorded: Option<Recorded>,
}

pub(crate) fn config() -> Config {
    let intents = Intents::GUILDS | Intents::GUILD_MEMBERS;
    let mut config = Config::new(Token::new("t"), intents, ShardId::ONE);
    config.acknowledge = Acknowledge::ByHost {
        in_heartbeats: true,
    };
    config.tracker.setup.chunking = AutoChunk::Missing.into();
    config.tracker.hold = Some(HoldConfig::default());
    config
}

impl Process {
    /// A process that begins with what the one before recorded.
    pub(crate) fn new(seed: u64, now: u64, recorded: Option<Recorded>, store: MemoryStore) -> Self {
        let shard = match &recorded {
            None => Shard::new(config(), seed),
            Some(it) => {
                // As it is read from the disk.
                let text = serde_json::to_string(&it.session).expect("it has a JSON form");
                let session = serde_json::from_str(&text).expect("it can be read back");
                Shard::with_session(config(), seed, session).expect("its own session")
            }
        };
        let guild_changes = shard.guild_changes();
        Self {
            recorded: recorded.map(|it| Recorded {
                guild_changes,
                ..it
            }),
            shard,
            now,
            queue: VecDeque::new(),
            taken: Vec::new(),
            store,
            open: None,
        }
    }

    /// Hands an input in, and all that the service says to the connections that come of it.
    pub(crate) fn feed(&mut self, service: &mut Service, input: Input<'_>) {
        self.acknowledge();
        let now = Instant::from_millis(self.now);
        let actions: Vec<Action<'static>> = {
            let actions = self.shard.handle(now, input);
            actions.into_iter().map(Action::into_owned).collect()
        };
        self.move_on();
        let mut dials = false;
        for action in actions {
            match action {
                Action::Mutate(mutation) => self.queue_change(mutation),
                Action::Emit(event) => self.queue_event(&event),
                Action::Send(command) => service.take(&command),
                Action::Close(_) => service.cut(),
                Action::Connect { .. } => {
                    service.cut();
                    dials = true;
                }
                Action::WantIdentify | Action::Confirm(_) => {}
            }
        }
        if let Some((at, positions)) = &mut self.open {
            positions.reach(at.sequence);
        }
        if dials {
            self.feed(service, Input::Opened);
            service.greet();
        }
    }

    /// What follows hangs on where the shard is now.
    fn move_on(&mut self) {
        let Some((at, acknowledged)) = self.shard.position().zip(self.shard.acknowledged()) else {
            return;
        };
        match &mut self.open {
            Some((open, positions)) if open.session == at.session => {
                *open = at;
                positions.forget(acknowledged.sequence);
            }
            Some(_) | None => self.open = Some((at, Positions::new(at.sequence, usize::MAX))),
        }
    }

    fn queue_change(&mut self, mutation: Mutation<'static>) {
        let Some((at, positions)) = &mut self.open else {
            return drop(self.store.apply(mutation));
        };
        let sequence = mutation
            .origin()
            .map_or(at.sequence, |origin| origin.sequence);
        let position = Position { sequence, ..*at };
        positions.open(sequence);
        self.queue
            .push_back(Item::Change(Box::new(mutation), position));
    }

    fn queue_event(&mut self, event: &Event<'_>) {
        let Some((at, positions)) = &mut self.open else {
            return;
        };
        let (sequence, what) = match event {
            Event::Dispatch(it) => (it.sequence(), What::Dispatch),
            Event::GuildReady(it) => (None, What::GuildReady(it.guild.get())),
            Event::ShardFinishedChunking(_) | Event::ShardReady(_) => (None, What::Summary),
            _ => (None, What::Follows),
        };
        let sequence = sequence.unwrap_or(at.sequence);
        let position = Position { sequence, ..*at };
        if what != What::Summary {
            positions.open(sequence);
        }
        self.queue
            .push_back(Item::Event(Emitted { position, what }));
    }

    /// Reads so many payloads that have come.
    pub(crate) fn receive(&mut self, service: &mut Service, count: usize) {
        for _ in 0..count {
            let Some(payload) = service.wire.pop_front() else {
                return;
            };
            self.feed(service, Input::Payload(payload.as_bytes()));
        }
    }

    /// Lets time pass.
    pub(crate) fn wait(&mut self, service: &mut Service, millis: u64) {
        let end = self.now + millis;
        while let Some(at) = self.shard.poll_timeout().map(|it| it.at.as_millis())
            && at <= end
        {
            self.now = self.now.max(at);
            // Nothing is late that has come and is not read.
            self.receive(service, usize::MAX);
            self.feed(service, Input::Timeout);
        }
        self.now = end;
    }

    /// The store makes so many changes that are due.
    pub(crate) fn make_changes(&mut self, count: usize) {
        for _ in 0..count {
            match self.queue.pop_front() {
                Some(Item::Change(mutation, position)) => {
                    self.store.apply(*mutation);
                    self.close(position, What::Follows);
                }
                Some(event @ Item::Event(_)) => return self.queue.push_front(event),
                None => return,
            }
        }
    }

    /// The consumer takes an event, if one has come past the store.
    pub(crate) fn take(&mut self) -> Option<Emitted> {
        match self.queue.pop_front()? {
            Item::Event(emitted) => {
                self.taken.push(emitted.clone());
                Some(emitted)
            }
            change @ Item::Change(..) => {
                self.queue.push_front(change);
                None
            }
        }
    }

    /// One of the events that were taken is dealt with.
    pub(crate) fn done(&mut self, which: usize) -> Option<Emitted> {
        if self.taken.is_empty() {
            return None;
        }
        let emitted = self.taken.swap_remove(which % self.taken.len());
        self.close(emitted.position, emitted.what.clone());
        Some(emitted)
    }

    fn close(&mut self, position: Position, what: What) {
        let Some((at, positions)) = &mut self.open else {
            return;
        };
        if at.session != position.session {
            return;
        }
        match what {
            What::Dispatch => positions.close_dispatch(position.sequence),
            What::GuildReady(_) | What::Follows => positions.close(position.sequence),
            What::Summary => {}
        }
    }

    fn acknowledge(&mut self) {
        if let Some((at, positions)) = &self.open {
            let sequence = positions.acknowledged();
            self.shard.acknowledge(Position { sequence, ..*at });
        }
    }

    /// Up to where all is dealt with, and what was received.
    pub(crate) fn positions(&mut self) -> Option<(u64, u64)> {
        self.acknowledge();
        let acknowledged = self.shard.acknowledged()?;
        Some((acknowledged.sequence, self.shard.position()?.sequence))
    }

    /// Writes the session down, its guilds and all.
    pub(crate) fn record(&mut self) {
        self.acknowledge();
        let guild_changes = self.shard.guild_changes();
        let open = self.open.as_ref();
        self.recorded = self.shard.session().map(|session| Recorded {
            guild_changes,
            session: match open.filter(|(at, _)| at.session == session.digest()) {
                Some((_, positions)) => session.with_delivered(positions.delivered()),
                None => session,
            },
        });
        self.tell_recorded();
    }

    /// Writes down how far it is acknowledged, unless guilds stand elsewhere now.
    pub(crate) fn record_position(&mut self) {
        self.acknowledge();
        let changes = self.shard.guild_changes();
        let Some((at, recorded)) = self.shard.acknowledged().zip(self.recorded.as_mut()) else {
            return;
        };
        if at.session == recorded.session.digest() && recorded.guild_changes == changes {
            recorded.session = recorded.session.clone().as_of(at.sequence);
            self.tell_recorded();
        }
    }

    fn tell_recorded(&mut self) {
        let Some((at, recorded)) = self.shard.position().zip(self.recorded.as_ref()) else {
            return;
        };
        if recorded.session.digest() == at.session {
            let sequence = recorded.session.sequence();
            self.shard.record(Position { sequence, ..at });
        }
    }
}
