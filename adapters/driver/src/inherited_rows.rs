//! The rows that an earlier process left, at the start of this one.

use std::collections::{BTreeMap, BTreeSet};
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

use futures_channel::oneshot;
use futures_util::future::join_all;
use headcount_core::cache::memory::RestoredRows;
use headcount_core::cache::{Kinds, MemoryStore};
use headcount_core::id::GuildId;
use headcount_core::setup::Restored;
use headcount_core::{Config, Position, Session, Shard, ShardId};

use crate::cache::CachePlan;
use crate::panics::caught;
use crate::shard_cell::ShardCell;
use crate::state::{FileHead, FoundSnapshots, RestoredStore, SavedSession, SnapshotFiles, millis};
use crate::stores::{StoredGuilds, Stores};
use crate::{Error, ErrorKind, Runtime};

/// The rows of an earlier process, and which shards go on from them.
#[derive(Default)]
pub(crate) struct InheritedRows {
    found: Option<RestoredStore>,
    /// When each session was written down last, by digest.
    written: BTreeMap<u64, SystemTime>,
    /// Whether any shard goes on from them.
    goes_on: bool,
    going_on: BTreeSet<ShardId>,
    /// Of how many guilds they have the rows.
    guilds: usize,
    /// What the store of members has of each session's guilds, by digest.
    in_stores: BTreeMap<u64, StoredGuilds>,
}

impl InheritedRows {
    pub(crate) fn new(saved: &[SavedSession]) -> Self {
        let written = saved.iter().map(|it| (it.session.digest(), it.written));
        Self {
            written: written.collect(),
            ..Self::default()
        }
    }

    /// These rows were found; whether shards go on from them.
    pub(crate) fn found(&mut self, found: Option<RestoredStore>, goes_on: bool) {
        self.found = found;
        self.goes_on = goes_on;
    }

    /// Asks the store of members what it has of these sessions' guilds.
    pub(crate) async fn ask<R: Runtime>(
        &mut self,
        runtime: &R,
        stores: &Stores,
        sessions: &[Session],
    ) {
        let asked = sessions.iter().map(async |session| {
            let guilds = stores.guilds(runtime, session).await;
            (session.digest(), guilds)
        });
        let found = join_all(asked).await.into_iter();
        self.in_stores = found
            .filter(|(_, stored)| !stored.guilds.is_empty())
            .collect();
    }

    /// A shard that goes on with a session, from the rows if they are of it and not too old.
    pub(crate) fn shard(
        &mut self,
        config: Config,
        seed: u64,
        session: Session,
        elsewhere: Kinds,
    ) -> Result<Shard, Error> {
        let id = config.shard;
        let in_stores = self.in_stores.remove(&session.digest());
        let fits = session.intents() == config.intents;
        let rows = self.rows(&session).filter(|_| fits).map(|rows| {
            self.going_on.insert(id);
            self.guilds += rows.guild_count();
            rows.kept_elsewhere(elsewhere)
        });
        let rows = match in_stores {
            Some(stored) => Some(with_stored_members(&session, rows, stored)),
            None => rows,
        };
        let shard = match rows {
            Some(rows) => Shard::with_rows(config, seed, session, &rows),
            None => Shard::with_session(config, seed, session),
        };
        shard.map_err(|e| Error::new(ErrorKind::Config, e.to_string()))
    }

    /// Whether a shard goes on from the rows.
    pub(crate) fn serves(&self, shard: ShardId) -> bool {
        self.going_on.contains(&shard)
    }

    /// What the shards that go on have.
    pub(crate) fn restored(&self) -> Option<Restored> {
        Some(Restored {
            guilds: NonZeroUsize::new(self.guilds)?,
            taken: self.found.as_ref()?.head.taken,
        })
    }

    /// What there is of a session.
    fn rows(&self, session: &Session) -> Option<RestoredRows> {
        let RestoredStore { store, head } = self.found.as_ref().filter(|_| self.goes_on)?;
        let digest = session.digest();
        let at = store.applied_position(session.shard())?;
        if at.session != digest {
            return None;
        }
        let written = self.written.get(&digest).copied();
        // A service that is asked for more than it was held to keep may refuse the resume, and
        // with it what nobody has had. One that is newer by its time than what goes beyond it: a
        // clock was put back since.
        let beyond = millis(written.unwrap_or_else(SystemTime::now));
        let is_too_old = !head.reaches(beyond, Duration::ZERO);
        if at.sequence < session.sequence() && is_too_old {
            tracing::warn!(
                shard = %session.shard(),
                "the snapshot is too old to go on from: its rows count as stale"
            );
            return None;
        }
        store.restored_rows(session.shard(), head.taken)
    }

    /// The rows, sorted out for these shards of so many, in ascending order: what no shard goes on
    /// from is stale, and guilds that none can have are gone.
    pub(crate) fn into_store(
        mut self,
        total: NonZeroU32,
        cells: &[(ShardId, Arc<ShardCell>)],
    ) -> Option<MemoryStore> {
        let mut store = self.found.take()?.store;
        let keeps = |guild: GuildId| {
            let id = ShardId::of_guild(guild, total);
            let at = cells.binary_search_by_key(&id, |(id, _)| *id);
            let Some((_, cell)) = at.ok().and_then(|at| cells.get(at)) else {
                return false;
            };
            let may_have =
                |shard: &Shard| shard.position().is_none() || shard.guild(guild).is_some();
            self.going_on.contains(&id) || cell.read(may_have)
        };
        store.inherit(|at| self.going_on.contains(&at.shard), keeps);
        Some(store)
    }
}

/// The rows of a session's guilds, with the members that lie in a store of the user's own.
pub(crate) fn with_stored_members(
    session: &Session,
    rows: Option<RestoredRows>,
    stored: StoredGuilds,
) -> RestoredRows {
    let at = Position {
        shard: session.shard(),
        session: session.digest(),
        sequence: session.sequence(),
    };
    let elsewhere = || RestoredRows::elsewhere(at, millis(SystemTime::now()));
    let rows = rows.unwrap_or_else(elsewhere);
    rows.with_members(stored.kinds, stored.guilds)
}

/// The snapshots of the state folder, and what each that is there has.
pub(crate) type KeptSnapshots = (SnapshotFiles, Vec<(u64, FileHead)>);

/// What a search has worked with, and what it has found.
type Searched = (SnapshotFiles, CachePlan, FoundSnapshots);

/// Takes a search out of what two threads share, if it has not begun.
fn take(search: &Mutex<Option<SnapshotSearch>>) -> Option<SnapshotSearch> {
    let mut search = search.lock().unwrap_or_else(PoisonError::into_inner);
    search.take()
}

/// The search for the newest snapshot that can be used.
pub(crate) struct SnapshotSearch {
    files: SnapshotFiles,
    plan: CachePlan,
    /// Whether its rows are wanted.
    is_read: bool,
}

impl SnapshotSearch {
    pub(crate) const fn new(files: SnapshotFiles, plan: CachePlan, is_read: bool) -> Self {
        Self {
            files,
            plan,
            is_read,
        }
    }

    /// Searches, in a thread of its own if there is one.
    pub(crate) async fn run(self) -> Result<Searched, Error> {
        let search = Arc::new(Mutex::new(Some(self)));
        let shared = Arc::clone(&search);
        let (done, wait) = oneshot::channel();
        let thread = thread::Builder::new().name("headcount-restore".to_owned());
        let started = thread.spawn(move || done.send(take(&shared).map(Self::search)).is_ok());
        let searched = match started {
            Ok(_) => wait.await.ok().flatten(),
            Err(_) => take(&search).map(Self::search),
        };
        let crashed = "the snapshots could not be read";
        searched.ok_or_else(|| Error::new(ErrorKind::State, crashed))
    }

    fn search(mut self) -> Searched {
        let (files, plan) = (&mut self.files, &self.plan);
        let empty = || plan.empty();
        let empty: Option<&dyn Fn() -> MemoryStore> = match self.is_read {
            true => Some(&empty),
            false => None,
        };
        let found = caught(|| files.find(empty)).unwrap_or_else(|panicked| {
            tracing::error!(error = %panicked, "the snapshot could not be read");
            FoundSnapshots::default()
        });
        (self.files, self.plan, found)
    }
}

#[cfg(test)]
mod tests {
    use headcount_core::Position;

    use super::*;
    use crate::snapshots::Snapshots;

    const MINUTE: u64 = 60_000;

    /// Whether a session goes on from rows that were written down at `taken` by this plan, and
    /// which it has gone beyond in what was written down an hour after 1970.
    fn goes_on_from(taken: u64, plan: Snapshots) -> bool {
        let session = r#"{"version":1,"shard":[0,1],"intents":1,"id":"a","sequence":5,
            "url":null,"guilds":{"arrived":[],"expected":[],"away":[]}}"#;
        let session: Session = serde_json::from_str(session).expect("a session");
        let saved = SavedSession {
            session: session.clone(),
            written: SystemTime::UNIX_EPOCH + Duration::from_secs(3_600),
            bot: 0,
        };
        let at = Position {
            shard: session.shard(),
            session: session.digest(),
            sequence: 4,
        };
        let mut store = MemoryStore::new(1);
        store.reach(at);
        let head = FileHead {
            taken,
            lasts: plan.lasts(),
            positions: vec![at],
        };
        let mut rows = InheritedRows::new(&[saved]);
        rows.found(Some(RestoredStore { store, head }), true);
        rows.rows(&session).is_some()
    }

    #[test]
    fn rows_are_gone_on_from_that_are_not_much_older_than_the_session() {
        let goes_on = |taken| goes_on_from(taken, Snapshots::default());
        assert!(goes_on(60 * MINUTE));
        assert!(goes_on(55 * MINUTE));
        assert!(!goes_on(55 * MINUTE - 1));
        assert!(!goes_on(1_000_000 * MINUTE), "the clock was put back since");
    }

    #[test]
    fn the_process_that_wrote_a_snapshot_says_for_how_long_it_lasts() {
        let rare = Snapshots::Every(Duration::from_millis(10 * MINUTE));
        assert!(goes_on_from(30 * MINUTE, rare));
        assert!(!goes_on_from(30 * MINUTE - 1, rare));
        for often in [Snapshots::AtEnd, Snapshots::Every(Duration::from_secs(1))] {
            assert!(!goes_on_from(30 * MINUTE, often), "{often:?}");
        }
    }
}
