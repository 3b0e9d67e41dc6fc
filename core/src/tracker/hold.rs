//! Which events wait until their guild is ready.

use alloc::vec::Vec;

use crate::action::Actions;
use crate::dispatch::Dispatch;
use crate::event::{Event, HeldOverflow};
use crate::id::GuildId;
use crate::setup::{HeldEvents, HoldConfig, Holding};
use crate::wire::Name;
use crate::wire::json::Reader;

/// The held dispatches of a shard.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Hold(HeldEvents<Dispatch<'static>>);

impl Hold {
    pub(super) const fn new(config: HoldConfig) -> Self {
        Self(HeldEvents::new(config))
    }

    /// Holds a dispatch, or delivers it when the guild has overflowed.
    pub(super) fn hold<'i>(
        &mut self,
        guild: GuildId,
        dispatch: Dispatch<'i>,
        bytes: usize,
        out: &mut Actions<'i>,
    ) {
        match self.0.hold(guild, dispatch.into_owned(), bytes) {
            Holding::Held => {}
            Holding::Deliver(dispatch) => out.deliver(dispatch),
            Holding::Overflow(overflow) => {
                out.emit(Event::HeldOverflow(HeldOverflow {
                    guild,
                    events: overflow.events.len(),
                    bytes: overflow.bytes,
                }));
                deliver(overflow.events, out);
            }
        }
    }

    /// Every dispatch that is held.
    #[cfg(feature = "checkpoint")]
    pub(super) fn dispatches(&mut self) -> impl Iterator<Item = &mut Dispatch<'static>> {
        self.0.all()
    }

    /// The sequence of the oldest dispatch that is held.
    pub(super) fn since(&self) -> Option<u64> {
        let oldest = self.0.oldest().filter_map(Dispatch::sequence);
        oldest.min()
    }

    /// Delivers what is held for a guild.
    pub(super) fn release(&mut self, guild: GuildId, out: &mut Actions<'_>) {
        deliver(self.0.release(guild), out);
    }

    /// Delivers what is held for every guild that need not wait any more, guilds ascending.
    pub(super) fn release_unless(
        &mut self,
        waits: impl Fn(GuildId) -> bool,
        out: &mut Actions<'_>,
    ) {
        for guild in self.0.guilds() {
            if !waits(guild) {
                self.release(guild, out);
            }
        }
    }
}

fn deliver(dispatches: Vec<Dispatch<'static>>, out: &mut Actions<'_>) {
    for dispatch in dispatches {
        out.deliver(dispatch);
    }
}

/// Whether an event may wait: not those that make up the setup itself, nor interactions, which
/// have to be answered within three seconds.
pub(super) fn may_wait(name: Name) -> bool {
    !matches!(
        name,
        Name::Ready
            | Name::Resumed
            | Name::GuildCreate
            | Name::GuildDelete
            | Name::GuildSync
            | Name::GuildMembersChunk
            | Name::RateLimited
            | Name::InteractionCreate
    )
}

/// The guild that an event names in its `guild_id`, or in its `id` if it is the guild's own.
pub(super) fn guild_of(name: Name, data: &str) -> Option<GuildId> {
    let its_own = name == Name::GuildUpdate;
    let wanted = if its_own { "id" } else { "guild_id" };
    let mut guild = None;
    let read = Reader::new(data).object(|key, reader| {
        if key == wanted {
            guild = match reader.null()? {
                true => None,
                false => Some(reader.id()?),
            };
            return Ok(());
        }
        reader.skip()
    });
    read.ok().and(guild)
}
