//! The rows that a bot has left, against the world of its gateway.
use headcount_sim::World;
use headcount_sim::world::guild::Guild;
use headcount_tokio::driver::core::cache::MemoryStore;
use headcount_tokio::driver::core::cache::memory::Completeness;
use headcount_tokio::driver::core::cache::memory::snapshot::SnapshotReader;
use headcount_tokio::driver::core::id::{GuildId, RoleId, UserId};
use headcount_tokio::driver::core::wire::view::VoiceState;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::io;
use std::path::Path;

/// What a bot writes at its end, whatever it wrote before.
const FILE: &str = "snapshot.portable";

/// How the rows of guilds that are whole compare.
#[derive(Clone, Debug, Default)]
pub(crate) struct Comparison {
    /// How many guilds are whole, and as they are in the world.
    pub(crate) right: usize,
    /// What is wrong of the others, a line each.
    pub(crate) wrong: Vec<String>,
}

/// Compares what a bot that has ended by itself left in its folder, which is as far as the world.
pub(crate) fn compare(folder: &Path, world: &World) -> io::Result<Comparison> {
    let store = left(folder)?;
    let mut comparison = Comparison::default();
    for guild in world.guilds() {
        let Some(id) = GuildId::new(guild.id()) else {
            continue;
        };
        match differences(&store, id, guild, world) {
            Err(wrong) => comparison.wrong.push(format!("guild {id}: {wrong}")),
            Ok(is_whole) => comparison.right += usize::from(is_whole),
        }
    }
    Ok(comparison)
}

fn left(folder: &Path) -> io::Result<MemoryStore> {
    let bytes = std::fs::read(folder.join(FILE))?;
    // Whose it is, and what it says of itself.
    let mut lines = bytes.splitn(3, |byte| *byte == b'\n');
    let body = lines.nth(2).unwrap_or_default();
    let mut reader = SnapshotReader::new(MemoryStore::new(2));
    reader.push(body).map_err(io::Error::other)?;
    let (store, _) = reader.finish().map_err(io::Error::other)?;
    Ok(store)
}

/// Whether the guild is whole, which it only is with all that there is. What is held of others is
/// there as well.
fn differences(
    store: &MemoryStore,
    id: GuildId,
    guild: &Guild,
    world: &World,
) -> Result<bool, String> {
    let completeness = store.completeness(id);
    let is_whole = matches!(completeness, Some(Completeness::Complete { .. }));
    let members = store.members(id).map(|row| row.user().id().get());
    same("members", is_whole, members, guild.member_ids())?;
    let roles = store.roles(id).map(|role| role.id.get());
    same("roles", is_whole, roles, guild.role_ids())?;
    let channels = store.channels(id).map(|channel| channel.id.get());
    same("channels", is_whole, channels, guild.channel_ids())?;
    let seat = |row: &VoiceState<'_>| Some((row.user.get(), row.channel.value()?.get()));
    let seats = store.voice_states(id).filter_map(seat);
    same("seats", is_whole, seats, guild.in_voice())?;
    if let Some(Completeness::Complete { members }) = completeness {
        let counted = [members].into_iter();
        same("count", true, counted, [guild.len() as u64].into_iter())?;
        for user in guild.member_ids() {
            member(store, id, user, world)?;
        }
    }
    Ok(is_whole)
}

/// A member's nick, roles, name and status.
fn member(store: &MemoryStore, id: GuildId, user: u64, world: &World) -> Result<(), String> {
    let key = UserId::new(user).ok_or("no such user")?;
    let row = store.member(id, key).ok_or("a member without a row")?;
    let text = world.member_json(id.get(), user).unwrap_or_default();
    let truth: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let role = |role: &Value| role.as_str()?.parse().ok();
    let roles = truth["roles"].as_array().into_iter().flatten();
    let (held, is) = (row.roles().map(RoleId::get), roles.filter_map(role));
    same("a member's roles", true, held, is)?;
    let is_same = row.nick() == truth["nick"].as_str()
        && Some(row.user().username()) == truth["user"]["username"].as_str();
    if !is_same {
        return Err(format!("{row:?} should be {truth}"));
    }
    if let Some(presence) = store.presence(id, key) {
        let (held, is) = (presence.status(), world.status(user));
        if format!("{held:?}") != format!("{is:?}") {
            return Err(format!("{user} is {held:?}, but should be {is:?}"));
        }
    }
    Ok(())
}

/// Fails if something is held that there is not, or is to be whole and is not.
fn same<T: Ord + Debug>(
    what: &str,
    is_whole: bool,
    held: impl Iterator<Item = T>,
    is: impl Iterator<Item = T>,
) -> Result<(), String> {
    let (held, is): (BTreeSet<T>, BTreeSet<T>) = (held.collect(), is.collect());
    match held == is || !is_whole && held.is_subset(&is) {
        true => Ok(()),
        false => Err(format!("{what}: {held:?} are held, and there are {is:?}")),
    }
}
