//! What a bot records of itself.

use std::num::NonZeroU32;

use headcount_core::{Session, ShardId};

use crate::builder::Builder;
use crate::on_resume::OnResume;
use crate::record::{RecordOptions, Recorder, ShardHeader};
use crate::{Error, Runtime};

impl<R: Runtime> Builder<R> {
    /// Records all that happens to the bot's shards, scrubbed so that a stranger may see it: see
    /// [`record`](crate::record). [`Handle::dump`](crate::Handle::dump) writes it out.
    ///
    /// Nothing is recorded of a shard that begins with rows of a [state folder](Self::state), as
    /// each does from the second start on: with
    /// [`OnResume::Cold`](crate::OnResume::Cold) it begins without them, and is recorded. The same
    /// goes for a shard whose last owner, in [another process](Self::coordinate), left its rows in
    /// [`shard_snapshots`](Self::shard_snapshots) or its members in a store, from there on and for
    /// good: a warning says so at the start of a bot for which that may be.
    ///
    /// ```
    /// # use headcount_driver::{Builder, Runtime};
    /// use headcount_driver::record::RecordOptions;
    /// # fn describe<R: Runtime>(builder: Builder<R>) -> Builder<R> {
    /// builder.record(RecordOptions {
    ///     file: Some("crash.rec".into()),
    ///     ..RecordOptions::default()
    /// })
    /// # }
    /// ```
    #[must_use]
    pub fn record(mut self, options: RecordOptions) -> Self {
        self.record = Some(options);
        self
    }

    /// The recorder of a bot whose shards begin so, if it is to have one.
    pub(crate) fn recorder(
        &mut self,
        total: NonZeroU32,
        begins: &[(ShardId, u64, Option<Session>)],
    ) -> Result<Option<Recorder>, Error> {
        let Some(options) = self.record.take() else {
            return Ok(None);
        };
        let has_rows_elsewhere = self.shard_snapshots.is_some() || !self.stores.kinds().is_empty();
        if self.sharing.store.is_some() && has_rows_elsewhere {
            tracing::warn!("shards that go on with rows of another process are not recorded");
        }
        let begins_anew = self.on_resume == OnResume::Identify;
        let shards = begins.iter().map(|(id, seed, session)| {
            ShardHeader::new(id.number(), *seed, session.clone(), begins_anew)
        });
        Recorder::start(options, &self.config, total, shards.collect()).map(Some)
    }
}
