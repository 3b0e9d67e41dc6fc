//! What lives in a guild, as the guild's own payloads list it.

use alloc::vec::Vec;

use super::{Batch, Channel, Member, PlainListings, Presence, Role, Thread, ThreadMembership};
use crate::kind::Kinds;
use crate::wire::{Field, Listing, Malformed, field::Read as _, json::Reader};

/// What lives in a guild. `None`: the payload does not say, in no form that could be read, or the
/// kind is not cached.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Content<'i> {
    /// All channels that the bot sees.
    pub channels: Option<Listing<Channel<'i>>>,
    /// All active threads that the bot sees.
    pub threads: Option<Listing<Thread<'i>>>,
    /// The bot's own memberships of these.
    pub memberships: Vec<ThreadMembership<'i>>,
    /// All roles.
    pub roles: Option<Listing<Role<'i>>>,
    /// All members or some of them; see [`Content::listed`].
    pub members: Option<Batch<Member<'i>>>,
    /// How many more members the payload lists, which could not be read.
    pub members_unread: u64,
    /// The presences of these.
    pub presences: Option<Batch<Presence<'i>>>,
    /// How many more presences the payload lists, which could not be read.
    pub presences_unread: u64,
    /// Rows of plain kinds.
    pub plain: PlainListings<'i>,
    /// How many members the payload lists, read or not, even if members are not cached.
    pub listed: u64,
}

impl<'i> Content<'i> {
    /// Reads one part of a guild, or passes over it.
    pub(super) fn field(
        &mut self,
        key: &str,
        from: &mut Reader<'i>,
        kinds: Kinds,
    ) -> Result<(), Malformed> {
        match key {
            "channels" if kinds.contains(Kinds::CHANNELS) => {
                self.channels = from.tolerate(Listing::read)?;
            }
            "threads" if kinds.intersects(Kinds::THREADS | Kinds::THREAD_MEMBERS) => {
                self.threads(from)?;
            }
            "roles" if kinds.contains(Kinds::ROLES) => {
                self.roles = from.tolerate(Listing::read)?;
            }
            "members" if kinds.contains(Kinds::MEMBERS) => {
                // A list that cannot be read at all may have held anybody.
                let (members, unread) = from
                    .tolerate(Batch::<Member<'_>>::read)?
                    .map_or((None, 1), some);
                let read = members.as_ref().map_or(0, |members| members.len() as u64);
                self.listed = read.saturating_add(unread);
                (self.members, self.members_unread) = (members, unread);
            }
            "members" => self.listed = from.tolerate(Batch::<Member<'_>>::count)?.unwrap_or(0),
            "presences" if kinds.contains(Kinds::PRESENCES) => {
                let read = from.tolerate(Batch::<Presence<'_>>::read)?;
                (self.presences, self.presences_unread) = read.map_or((None, 1), some);
            }
            _ => self.plain.field(key, from, kinds)?,
        }
        Ok(())
    }

    /// Reads threads, each with the bot's own membership if there is one.
    fn threads(&mut self, from: &mut Reader<'i>) -> Result<(), Malformed> {
        let mut memberships = Vec::new();
        let row = |reader: &mut Reader<'i>| {
            let mut own = None;
            let thread = Thread::read_with(reader, |key, reader| {
                match key {
                    "member" => own = reader.tolerate(Field::read)?.and_then(Field::into_value),
                    _ => reader.skip()?,
                }
                Ok(())
            })?;
            memberships.extend(own.map(|own: ThreadMembership<'i>| ThreadMembership {
                thread: Some(thread.id),
                ..own
            }));
            Ok(thread)
        };
        self.threads = from.tolerate(|reader| Listing::read_with(reader, row))?;
        self.memberships = memberships;
        Ok(())
    }
}

fn some<T>((rows, unread): (T, u64)) -> (Option<T>, u64) {
    (Some(rows), unread)
}
