//! Outcomes that are not plain: stated, one by one.

use std::collections::BTreeSet;

use super::forms::Form;
use super::lines::Lines;

/// Whether a line says something of a row. The others say whether a set is whole, or that what was
/// sent is not known.
pub(super) fn is_about_a_row(line: &str) -> bool {
    let about_sets = [
        "op Replace",
        "op Upsert",
        "op Patch",
        "op SyncThreads",
        "op OnlyChannels",
        "op NewSession.is_whole",
        "op Recount",
        "op RolesUnread",
        "op Complete",
        "op Incomplete",
        "op SetPresencesLack",
        "origin",
        "guild",
    ];
    let (part, value) = line.split_once(" = ").expect("a value");
    !about_sets.iter().any(|op| part.starts_with(op)) && !says_unknown(part, value)
}

/// The forms in which a mutation says that something cannot be read: a permission set, a list of
/// overwrites, a list of roles.
fn says_unknown(part: &str, value: &str) -> bool {
    part.ends_with(".unreadable")
        || part.ends_with(".unread")
        || (part.ends_with(".permission_overwrites.rows") && value == "null")
        || value == "\"18446744073709551615\""
}

/// Whether the outcome says that a value of this type is not known, if others are decided by it.
pub(super) fn is_said_unknown(of: Option<&str>, lines: &Lines) -> bool {
    let decides = |of: &str| of.contains("Stated<") || of == "Overwrites";
    let unknown = |line: &str| {
        let (part, value) = line.split_once(" = ").expect("a value");
        says_unknown(part, value) && value != "0"
    };
    !of.is_some_and(decides) || lines.iter().any(unknown)
}

/// A path without the places in lists.
fn pattern(path: &str) -> String {
    let mut pattern = String::new();
    for part in path.split('[') {
        pattern.push_str(part.split_once(']').map_or(part, |(_, rest)| rest));
    }
    pattern
}

/// What a row, or all of a dispatch, is about: without it there is none.
pub(super) fn is_key(name: &str, path: &str) -> bool {
    let keys = [
        "id",
        "user",
        "user_id",
        "guild_id",
        "channel_id",
        "message_id",
        "code",
        "sound_id",
        "role",
        "role_id",
        "label",
        "session_id",
        "guild_scheduled_event_id",
    ];
    let pattern = pattern(path);
    let key = pattern.rsplit('.').next().unwrap_or_default();
    keys.contains(&key) || is_needed(name, &pattern)
}

/// What one step is made of, all of it: a change of a reaction, a vote, a count of messages, the
/// newest thread of a forum, a member from elsewhere.
fn is_needed(name: &str, pattern: &str) -> bool {
    let needed: &[&str] = match name {
        "MESSAGE_REACTION_ADD" | "MESSAGE_REACTION_REMOVE" | "MESSAGE_REACTION_REMOVE_EMOJI" => {
            &["emoji", "burst"]
        }
        "MESSAGE_POLL_VOTE_ADD" | "MESSAGE_POLL_VOTE_REMOVE" => &["answer_id"],
        "MESSAGE_DELETE_BULK" => &["ids"],
        "CHANNEL_PINS_UPDATE" => &["last_pin_timestamp"],
        "THREAD_CREATE" => &["parent_id", "newly_created"],
        "VOICE_STATE_UPDATE" => &["member.joined_at"],
        "MESSAGE_CREATE" => &["author", "member"],
        "CHANNEL_INFO" | "VOICE_CHANNEL_STATUS_UPDATE" => &["channels", "status"],
        _ => &[],
    };
    needed.contains(&pattern)
}

/// What is decided by a value, so that an odd one is not as good as none.
pub(super) fn decides(name: &str, path: &str) -> bool {
    let pattern = pattern(path);
    let decides: &[&str] = match name {
        // An outage, rather than all of a guild gone.
        "GUILD_DELETE" => &["unavailable"],
        // Without a guild, it is a channel outside guilds.
        "CHANNEL_PINS_UPDATE" => &["guild_id"],
        // Where nobody is named, it is the bot.
        "THREAD_LIST_SYNC" => &["members.user_id"],
        // A reaction of the wrong kind, or with the wrong emoji, would be counted.
        "MESSAGE_REACTION_ADD" | "MESSAGE_REACTION_REMOVE" | "MESSAGE_REACTION_REMOVE_EMOJI" => {
            &["burst", "emoji", "emoji.id"]
        }
        "MESSAGE_CREATE" | "MESSAGE_UPDATE" => &["reactions.emoji.id", "guild_id"],
        // In a guild that cannot be read is not outside guilds.
        "CHANNEL_CREATE" | "CHANNEL_UPDATE" | "CHANNEL_DELETE" => &["guild_id"],
        _ => &[],
    };
    decides.contains(&pattern.as_str())
}

/// What a value other than the one that is meant leads to, beyond its own part.
pub(super) fn leads_further(name: &str, path: &str) -> bool {
    let pattern = pattern(path);
    let further: &[&str] = match name {
        // Who has never joined is a guest of a stage, and no member.
        "GUILD_CREATE" => &[
            "unavailable",
            "threads.member.user_id",
            "members.joined_at",
            "voice_states.channel_id",
        ],
        "GUILD_MEMBERS_CHUNK" | "GUILD_SYNC" => &["members.joined_at"],
        "GUILD_MEMBER_ADD" => &["joined_at"],
        "THREAD_MEMBERS_UPDATE" => &["added_members.member.joined_at"],
        "GUILD_DELETE" => &["unavailable"],
        "READY" => &["application.flags_new"],
        "THREAD_UPDATE" => &["thread_metadata.archived"],
        "THREAD_LIST_SYNC" => &["threads.member.user_id", "members.user_id"],
        "VOICE_STATE_UPDATE" => &["channel_id", "member.joined_at"],
        _ => &[],
    };
    is_key(name, path) || further.contains(&pattern.as_str())
}

/// Values that are one with what they stand in: two numbers are one size, or one shard.
pub(super) fn is_one_with_its_list(path: &str) -> bool {
    path.ends_with(']') && (path.starts_with("shard[") || pattern(path).ends_with("party.size"))
}

/// Whether the subject is understood, and is none: no guild, or a session without a name.
pub(super) fn is_no_subject(form: &Form, named: &[&str]) -> bool {
    ["null", "0", "\"0\"", "\"\""].contains(&form.text.as_str()) && named == [""]
}

/// What cannot be read either without this value: a member without a user of its own.
pub(super) fn follows(name: &str, path: &str, named: &str) -> bool {
    name == "MESSAGE_CREATE" && path.starts_with("author") && named == "member"
}

/// The kinds of which rows are lost.
pub(super) fn kinds_of_lost_rows(lost: &Lines, left: &Lines) -> BTreeSet<String> {
    let row = |line: &str| line.split(['.', '=']).next().unwrap_or_default().to_owned();
    let is_left = |of: &str| left.iter().any(|line| row(line) == of);
    let rows: BTreeSet<String> = lost.iter().map(row).collect();
    let gone = rows
        .into_iter()
        .filter(|of| of.contains('"') && !is_left(of));
    gone.filter_map(|of| of.split(' ').next().map(str::to_owned))
        .collect()
}
