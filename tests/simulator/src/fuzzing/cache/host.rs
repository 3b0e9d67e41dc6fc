//! The tracker and the store that the model is held against, and the member requests between them.
use super::draw::Fed;
use super::kinds;
use headcount_core::cache::memory::Indexes;
use headcount_core::cache::{MemoryStore, Mutation, Op};
use headcount_core::chunk::{MemberQuery, RequestConfig};
use headcount_core::id::GuildId;
use headcount_core::setup::{AutoChunk, SetupConfig};
use headcount_core::tracker::{TrackerConfig, TrackerInput};
use headcount_core::wire::command::Command;
use headcount_core::{Action, Instant, Intents, ShardId, Tracker};
use std::time::Duration;

/// Longer than the gate between two requests for one guild.
const GATE: Duration = Duration::from_secs(31);

/// A member request as it was sent.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) guild: u64,
    pub(super) nonce: String,
    /// How many dispatches had been fed before.
    pub(super) after: usize,
}

/// What takes in the dispatches.
#[derive(Debug)]
pub(super) struct Host {
    tracker: Tracker,
    pub(super) store: MemoryStore,
    now: Instant,
    fed: usize,
    pub(super) asked: Vec<Asked>,
}

impl Host {
    /// Stale members stay until the last chunk if it `sweeps`, for which all guilds are asked.
    pub(super) fn new(seed: u64, sweeps: bool) -> Self {
        // Without an index the same questions are answered by a scan.
        let indexes = match seed {
            0 => Indexes::empty(),
            _ => Indexes::all(),
        };
        let mode = match sweeps {
            true => AutoChunk::All,
            false => AutoChunk::Never,
        };
        let config = TrackerConfig {
            setup: SetupConfig {
                chunking: mode.into(),
                ..SetupConfig::default()
            },
            requests: RequestConfig {
                silence: Duration::MAX,
                silence_max: Duration::MAX,
                ..RequestConfig::default()
            },
            kinds: kinds(),
            sweep_after_chunk: sweeps,
            ..TrackerConfig::default()
        };
        Self {
            tracker: Tracker::new(ShardId::ONE, Intents::all(), config, seed),
            store: MemoryStore::new(seed).indexed(indexes),
            now: Instant::ZERO,
            fed: 0,
            asked: Vec::new(),
        }
    }

    /// Asks for a guild's members as soon as its gate opens.
    pub(super) fn ask(&mut self, guild: u64) {
        if let Some(guild) = GuildId::new(guild) {
            // A session that has ended, or a full queue, is no matter of the cache.
            let _ = self.tracker.request_members(guild, MemberQuery::All, true);
        }
        self.now = self.now.after(GATE);
        let actions = self.tracker.handle(self.now, TrackerInput::Timeout);
        self.perform(actions.into_iter().map(Action::into_owned).collect(), false);
    }

    /// Feeds a dispatch; whether it has made a guild's members whole.
    pub(super) fn feed(&mut self, fed: &Fed) -> bool {
        self.feed_text(fed, &fed.data.to_string())
    }

    /// The same with this text for data.
    pub(super) fn feed_text(&mut self, fed: &Fed, text: &str) -> bool {
        self.fed += 1;
        let actions = self.tracker.dispatch(self.now, fed.name, None, text);
        let actions = actions.into_iter().map(Action::into_owned).collect();
        self.perform(actions, fed.crosses)
    }

    /// What arrives at the store may have crossed a border between processes.
    fn perform(&mut self, actions: Vec<Action<'static>>, crosses: bool) -> bool {
        let mut completes = false;
        for action in actions {
            match action {
                Action::Mutate(mutation) => {
                    completes |= mutation.ops().any(|op| matches!(op, Op::Complete));
                    let text = serde_json::to_string(&mutation).expect("it has a JSON form");
                    let read: Mutation<'static> =
                        serde_json::from_str(&text).expect("it can be read back");
                    assert_eq!(read, mutation);
                    self.store.apply(if crosses { read } else { mutation });
                }
                Action::Send(Command::RequestMembers(request)) => self.asked.push(Asked {
                    guild: request.guild.get(),
                    nonce: request.nonce.to_string(),
                    after: self.fed,
                }),
                _ => {}
            }
        }
        completes
    }
}
