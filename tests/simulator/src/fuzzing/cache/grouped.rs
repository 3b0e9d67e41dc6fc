//! Rows by what they belong to, held against the model's rows.
use super::model::Guild;
use super::{GUILDS, USERS};
use headcount_core::cache::MemoryStore;
use headcount_core::cache::memory::MemberRef;
use headcount_core::id::{ChannelId, GuildId, RoleId, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// Roles and channels that are drawn, and some that never are.
const GROUPS: std::ops::Range<u64> = 1..48;

/// Asks of each group who is in it, one by one and with those that were in it once.
pub(super) fn assert_as_modelled(store: &MemoryStore, guilds: &BTreeMap<u64, Guild>) {
    for (&number, guild) in guilds {
        let id = GuildId::new(number).expect("no guild is zero");
        let ids = |found: &mut dyn Iterator<Item = u64>| found.collect::<BTreeSet<u64>>();
        for group in GROUPS {
            let (role, channel) = (RoleId::new(group), ChannelId::new(group));
            let (role, channel) = (role.expect("not zero"), channel.expect("not zero"));
            let member = |row: MemberRef<'_>| row.id().get();
            let has = |own: &[u64]| group == number || own.contains(&group);
            let members = guild.members.iter().filter(|(_, row)| has(&row.roles));
            assert_eq!(
                ids(&mut store.members_with_role(id, role).map(member)),
                ids(&mut members.map(|(user, _)| *user)),
                "role {group} of guild {number}"
            );
            let voice = guild.voice.iter().filter(|(_, at)| **at == group);
            assert_eq!(
                ids(&mut store.voice_states_in(id, channel).map(|row| row.user.get())),
                ids(&mut voice.map(|(user, _)| *user)),
                "voice channel {group} of guild {number}"
            );
            let threads = guild.small.iter();
            let threads = threads.filter(|((kind, _), at)| *kind == 0 && **at == Some(group));
            assert_eq!(
                ids(&mut store.threads_of(id, channel).map(|row| row.id.get())),
                ids(&mut threads.map(|((_, thread), _)| *thread)),
                "threads of channel {group} of guild {number}"
            );
        }
    }
    for user in USERS.filter_map(UserId::new) {
        let shared = (1..=GUILDS).filter(|guild| {
            let guild = guilds.get(guild);
            guild.is_some_and(|guild| guild.members.contains_key(&user.get()))
        });
        assert!(store.guilds_of(user).map(GuildId::get).eq(shared));
    }
}
