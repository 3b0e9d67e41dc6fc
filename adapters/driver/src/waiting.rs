//! Waiting for a running bot's events from anywhere.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use headcount_core::chunk::{ChunkRequestFinished, MemberQuery};
use headcount_core::fleet::FleetReadiness;
use headcount_core::id::GuildId;
use headcount_core::interest::{Filter, InterestsFull};
use headcount_core::setup::{GuildReady, Stage};
use headcount_core::{Event, RequestError, Shard};

use crate::Handle;
use crate::event::BotEvent;
use crate::listener::{ListenError, Listener};
use crate::panics::Panicked;
use crate::record::RecordedCall;

/// Why what was waited for did not come.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitError {
    /// The time is over.
    Elapsed,
    /// The bot has ended; [`Bot::outcome`](crate::Bot::outcome) says why.
    Ended,
    /// As many listen as may: 1,024 for one bot.
    Full(InterestsFull),
    /// The filter's predicate panicked.
    Panicked(Panicked),
    /// What was to be waited for was refused.
    Refused(RequestError),
}

impl fmt::Display for WaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Elapsed => f.write_str("it did not come in time"),
            Self::Ended => f.write_str("the bot has ended before it came"),
            Self::Full(full) => full.fmt(f),
            Self::Panicked(panicked) => write!(f, "the filter's predicate: {panicked}"),
            Self::Refused(error) => error.fmt(f),
        }
    }
}

impl Error for WaitError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Panicked(panicked) => Some(panicked),
            Self::Refused(error) => Some(error),
            Self::Elapsed | Self::Ended | Self::Full(_) => None,
        }
    }
}

impl From<InterestsFull> for WaitError {
    fn from(full: InterestsFull) -> Self {
        Self::Full(full)
    }
}

impl From<RequestError> for WaitError {
    fn from(error: RequestError) -> Self {
        Self::Refused(error)
    }
}

/// Events come to those who wait on their way to [`Bot::next`](crate::Bot::next), and no earlier.
/// A bot whose events nobody takes soon reads no more of them: wait in a task of its own, beside
/// the loop that takes them.
impl Handle {
    /// Waits for the next event that `filter` lets through, from this call on, for up to `within`
    /// (at most a day). The consumer gets that event too. Dropping the future ends the wait.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # use headcount_driver::{Handle, WaitError};
    /// # use headcount_driver::core::id::{ChannelId, UserId};
    /// use headcount_driver::core::interest::Filter;
    /// use headcount_driver::core::wire::Name;
    ///
    /// # async fn confirm(handle: Handle, channel: ChannelId, user: UserId) {
    /// let answer = Filter::named(Name::MessageCreate).in_channel(channel).of_user(user);
    /// match handle.wait_for(answer, Duration::from_secs(30)).await {
    ///     Ok(message) => println!("{:?}", message.event),
    ///     Err(WaitError::Elapsed) => println!("no answer"),
    ///     Err(error) => println!("{error}"),
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`WaitError::Elapsed`], [`WaitError::Ended`], [`WaitError::Full`] and
    /// [`WaitError::Panicked`].
    pub fn wait_for(
        &self,
        filter: Filter,
        within: Duration,
    ) -> impl Future<Output = Result<Arc<BotEvent>, WaitError>> + Send + 'static {
        let (listener, shared) = (self.listen(filter), Arc::clone(self.shared()));
        async move {
            let heard = first(listener?);
            let heard = shared.sleep.within(within, heard).await;
            heard.unwrap_or(Err(WaitError::Elapsed))
        }
    }

    /// Listens to all events that `filter` lets through, from this call on. The consumer gets them
    /// too.
    ///
    /// ```no_run
    /// # use headcount_driver::Handle;
    /// use headcount_driver::ListenError;
    /// use headcount_driver::core::interest::Filter;
    /// use headcount_driver::core::wire::Name;
    ///
    /// # async fn log(handle: Handle) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut joins = handle.listen(Filter::named(Name::GuildMemberAdd))?;
    /// while let Some(join) = joins.next().await {
    ///     match join {
    ///         Ok(join) => println!("{:?}", join.event.subject().user),
    ///         Err(ListenError::Lagged(events)) => println!("and {events} more"),
    ///         Err(error) => return Err(error.into()),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`InterestsFull`] if as many listen as may: 1,024 for one bot.
    pub fn listen(&self, filter: Filter) -> Result<Listener, InterestsFull> {
        self.shared().listeners.add(filter)
    }

    /// Asks for all members of a guild, and waits until that request has ended:
    /// [`ChunkRequestFinished::reason`] says whether all have come. They are in the cache then, if
    /// it keeps members. The request has deadlines of its own, and goes on if the future is
    /// dropped.
    ///
    /// ```no_run
    /// # use headcount_driver::{Handle, WaitError, core::id::GuildId};
    /// # async fn count(handle: Handle, guild: GuildId) -> Result<(), WaitError> {
    /// let finished = handle.members(guild).await?;
    /// println!("{} members, {:?}", finished.members, finished.reason);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`WaitError::Refused`] with the errors of [`Handle::request_members`], [`WaitError::Ended`]
    /// and [`WaitError::Full`].
    pub fn members(
        &self,
        guild: GuildId,
    ) -> impl Future<Output = Result<Box<ChunkRequestFinished>, WaitError>> + Send + 'static {
        let call = || RecordedCall::request(guild, &MemberQuery::All, false);
        let ask = |shard: &mut Shard| {
            let query = MemberQuery::All;
            let request = shard.request_members(guild, query, false)?;
            let ended = move |event: &Event<'_>| match event {
                Event::ChunkRequestFinished(it) => it.guild == guild && it.request == Some(request),
                _ => false,
            };
            // Under the shard's lock, so that it cannot have ended yet.
            Ok(self.listen(Filter::any().when(ended))?)
        };
        let listener: Result<_, WaitError> = match self.cell_of(guild) {
            Some(cell) => cell.change(call, ask),
            None => Err(RequestError::OtherShard(guild).into()),
        };
        async move {
            let heard = first(listener?).await?;
            match &heard.event {
                Event::ChunkRequestFinished(finished) => Ok(finished.clone()),
                _ => Err(WaitError::Ended),
            }
        }
    }

    /// Waits until a guild is set up, and says how that ended; at once if it is. A guild that is
    /// not there, or in an outage, is waited for until the bot ends.
    ///
    /// ```no_run
    /// # use headcount_driver::{Handle, WaitError, core::id::GuildId};
    /// # async fn look(handle: Handle, guild: GuildId) -> Result<(), WaitError> {
    /// let ready = handle.guild_ready(guild).await?;
    /// let members = ready.members;
    /// println!("{:?}: {} of {}", ready.outcome, members.received, members.expected);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`WaitError::Refused`] if this bot does not run the guild's shard, [`WaitError::Ended`] and
    /// [`WaitError::Full`].
    pub fn guild_ready(
        &self,
        guild: GuildId,
    ) -> impl Future<Output = Result<Box<GuildReady>, WaitError>> + Send + 'static {
        let look = |shard: &Shard| match set_up(shard, guild) {
            Some(ready) => Ok(GuildSetup::Reached(ready)),
            // Under the shard's lock, so that it cannot be set up in between.
            None => Ok(GuildSetup::Awaited(self.listen(Filter::any().when(
                move |event| readiness(event).is_some_and(|ready| ready.guild == guild),
            ))?)),
        };
        let standing: Result<_, WaitError> = match self.cell_of(guild) {
            Some(cell) => cell.read(look),
            None => Err(RequestError::OtherShard(guild).into()),
        };
        async move {
            let listener = match standing? {
                GuildSetup::Reached(ready) => return Ok(ready),
                GuildSetup::Awaited(listener) => listener,
            };
            let heard = first(listener).await?;
            let ready = readiness(&heard.event).cloned();
            ready.map(Box::new).ok_or(WaitError::Ended)
        }
    }

    /// Waits until the whole bot has been ready
    /// ([`Event::BotReady`](headcount_core::Event::BotReady)); at once if it has.
    ///
    /// ```no_run
    /// # use headcount_driver::{Handle, WaitError};
    /// # async fn begin(handle: Handle) -> Result<(), WaitError> {
    /// let readiness = handle.ready().await?;
    /// println!("{} of {} shards are ready", readiness.ready, readiness.shards);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`WaitError::Ended`] and [`WaitError::Full`].
    pub fn ready(
        &self,
    ) -> impl Future<Output = Result<FleetReadiness, WaitError>> + Send + 'static {
        let handle = self.clone();
        let is_it = |event: &Event<'_>| matches!(event, Event::BotReady(_));
        let listener = self.listen(Filter::any().when(is_it));
        async move {
            let listener = listener?;
            if !handle.shared().listeners.has_been_ready() {
                first(listener).await?;
            }
            Ok(handle.readiness())
        }
    }
}

/// Whether a guild is set up already.
enum GuildSetup {
    Reached(Box<GuildReady>),
    Awaited(Listener),
}

/// What a guild's event said, or would say now.
fn set_up(shard: &Shard, guild: GuildId) -> Option<Box<GuildReady>> {
    let standing = shard.guild(guild)?;
    let Stage::Ready {
        origin,
        outcome,
        members,
    } = standing.stage
    else {
        return None;
    };
    Some(Box::new(GuildReady {
        shard: shard.id(),
        guild,
        origin,
        outcome,
        presences: standing.presences,
        members,
        request: None,
    }))
}

fn readiness<'e>(event: &'e Event<'_>) -> Option<&'e GuildReady> {
    match event {
        Event::GuildReady(it) | Event::GuildJoin(it) | Event::GuildRestored(it) => Some(it),
        _ => None,
    }
}

/// The first event that a listener hears.
async fn first(mut listener: Listener) -> Result<Arc<BotEvent>, WaitError> {
    loop {
        match listener.next().await {
            Some(Ok(event)) => return Ok(event),
            // The first one may be lost among them; a later one fits as well.
            Some(Err(ListenError::Lagged(_))) => {}
            Some(Err(ListenError::Panicked(panicked))) => {
                return Err(WaitError::Panicked(panicked));
            }
            None => return Err(WaitError::Ended),
        }
    }
}
