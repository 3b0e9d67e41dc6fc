//! Odd values that say where something belongs, how many there are, or that something begins.

use headcount_core::cache::GuildStatus;

use crate::live::Live;
use crate::world::{channel_json, guild, guild_1, in_guild, member_json, ready, user};

#[test]
fn a_session_whose_ready_has_no_sequence_counts_anew_in_the_store() {
    let mut live = Live::new();
    for _ in 0..9 {
        live.feed("CHANNEL_UPDATE", &in_guild(channel_json(101), 1))
            .plainly();
    }
    live.begin_anew(&ready(&[1])).plainly();
    live.feed("GUILD_CREATE", &guild_1()).plainly();
    live.feed("GUILD_MEMBER_ADD", &in_guild(member_json(20), 1))
        .plainly();
    assert_eq!(
        live.store.guild_status(guild(1)),
        Some(GuildStatus::Available)
    );
    assert!(live.store.member(guild(1), user(20)).is_some());
}
