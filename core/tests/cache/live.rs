//! A tracker and its store, fed with dispatches one by one.

use headcount_core::cache::{Kinds, MemoryStore};
use headcount_core::event::Misunderstood;
use headcount_core::setup::{AutoChunk, Chunking};
use headcount_core::tracker::{TrackerConfig, TrackerInput};
use headcount_core::wire::Misread;
use headcount_core::wire::command::Command;
use headcount_core::{Action, Event, Instant, Intents, ShardId, Tracker};
use serde_json::Value;

use crate::world::{guild_1, ready};

pub(crate) struct Live {
    pub(crate) tracker: Tracker,
    pub(crate) store: MemoryStore,
    /// The nonces of the member requests so far.
    pub(crate) nonces: Vec<String>,
    now: Instant,
    sequence: u64,
}

/// What came of a dispatch.
#[derive(Debug, Default)]
pub(crate) struct Emitted {
    /// Whether it was handed on, as it came.
    pub(crate) dispatched: bool,
    pub(crate) misunderstood: Option<Misunderstood>,
    /// All other events.
    pub(crate) events: Vec<Event<'static>>,
}

impl Emitted {
    /// The paths of what was not understood.
    pub(crate) fn misread(&self) -> Vec<&str> {
        let places = self
            .misunderstood
            .iter()
            .flat_map(|it| it.misreads.places());
        places.map(Misread::path).collect()
    }

    /// It was handed on, and understood whole.
    #[track_caller]
    pub(crate) fn plainly(self) {
        assert!(self.dispatched);
        assert_eq!(self.misread(), [""; 0]);
    }

    /// It was handed on, and these places of it were not understood.
    #[track_caller]
    pub(crate) fn but_for(self, paths: &[&str]) {
        assert!(self.dispatched);
        assert_eq!(self.misread(), paths);
    }
}

impl Live {
    /// Every kind is cached, and no member is asked for. Guild 1 has been delivered as in
    /// [`World::new`](crate::world::World::new).
    pub(crate) fn new() -> Self {
        Self::asking(AutoChunk::Never.into())
    }

    pub(crate) fn asking(chunking: Chunking) -> Self {
        let mut live = Self::expecting(chunking);
        live.feed("GUILD_CREATE", &guild_1()).plainly();
        live
    }

    /// Guild 1 has been named and not delivered.
    pub(crate) fn expecting(chunking: Chunking) -> Self {
        let mut config = TrackerConfig {
            kinds: Kinds::all(),
            ..TrackerConfig::default()
        };
        config.setup.chunking = chunking;
        let mut live = Self {
            tracker: Tracker::new(ShardId::ONE, Intents::all(), config, 7),
            store: MemoryStore::new(7),
            nonces: Vec::new(),
            now: Instant::ZERO,
            sequence: 0,
        };
        live.feed("READY", &ready(&[1])).plainly();
        live
    }

    pub(crate) fn feed(&mut self, name: &str, data: &Value) -> Emitted {
        self.feed_text(name, &data.to_string())
    }

    pub(crate) fn feed_text(&mut self, name: &str, data: &str) -> Emitted {
        self.sequence += 1;
        self.feed_at(Some(self.sequence), name, data)
    }

    /// A new session begins, and its READY states no sequence.
    pub(crate) fn begin_anew(&mut self, data: &Value) -> Emitted {
        self.sequence = 0;
        self.feed_at(None, "READY", &data.to_string())
    }

    fn feed_at(&mut self, sequence: Option<u64>, name: &str, data: &str) -> Emitted {
        let mut emitted = Emitted::default();
        let input = TrackerInput::Dispatch {
            name,
            sequence,
            data,
        };
        for action in self.tracker.handle(self.now, input) {
            match action {
                Action::Mutate(mutation) => drop(self.store.apply(mutation)),
                Action::Send(Command::RequestMembers(request)) => {
                    self.nonces.push(request.nonce.to_string());
                }
                Action::Emit(Event::Dispatch(dispatch)) => {
                    emitted.dispatched = dispatch.data() == data;
                }
                Action::Emit(Event::Misunderstood(misunderstood)) => {
                    emitted.misunderstood = Some(*misunderstood);
                }
                Action::Emit(event) => emitted.events.push(event.into_owned()),
                other => panic!("{other:?}"),
            }
        }
        emitted
    }
}
