//! Commands: their JSON says what was asked for, and no shard takes one that is too large.
use crate::scenario::Source;
use headcount_core::chunk::{MemberQuery, Nonce, RequestMembers};
use headcount_core::id::{ChannelId, GuildId, UserId};
use headcount_core::wire::command::{Command, Identify, Resume, VoiceStateChange};
use headcount_core::wire::presence::{ActivityKind, BotActivity, BotPresence, BotStatus};
use headcount_core::{Config, Intents, RequestError, Shard, ShardId, Token};
use serde_json::{Value, json};

/// The protocol's limit of a payload, in bytes.
const LIMIT: usize = 4096;
/// Letters that are easy to write wrongly.
const AWKWARD: &[char] = &[
    'a',
    '"',
    '\\',
    '\n',
    '\u{0}',
    '\u{7f}',
    '\u{e9}',
    '\u{2028}',
    '\u{1f600}',
];

pub(super) fn run(bytes: &[u8]) {
    let source = &mut Source::bytes(bytes);
    let mut shard = Shard::new(config(), 1);
    let mut scratch = String::from("left over");
    for _ in 0..8 {
        let (command, said) = draw(source);
        let text = command.encode(&mut scratch);
        let value: Value = serde_json::from_str(text).expect("a command is JSON");
        assert_eq!(value, json!({"op": command.opcode(), "d": said}), "{text}");
        let bytes = text.len();
        offer(&mut shard, command, bytes);
        ask(&mut shard, source);
    }
}

fn config() -> Config {
    Config::new(Token::new("t"), Intents::all(), ShardId::ONE)
}

/// The shard takes it or says why not.
fn offer(shard: &mut Shard, command: Command, bytes: usize) {
    let reserved = matches!(
        command,
        Command::Heartbeat { .. }
            | Command::Identify(_)
            | Command::Resume(_)
            | Command::RequestMembers(_)
            | Command::GuildSync(_)
    );
    let bytes = bytes.max(identify_bytes(&command));
    let answer = shard.send(command);
    let expected = match bytes > LIMIT {
        true => Err(RequestError::TooLarge {
            bytes,
            limit: LIMIT,
        }),
        false if reserved => Err(RequestError::Reserved),
        false => Ok(()),
    };
    assert_eq!(answer.map(drop), expected);
}

/// A presence counts as the identify that will carry it.
fn identify_bytes(command: &Command) -> usize {
    let Command::UpdatePresence(presence) = command else {
        return 0;
    };
    let config = config();
    let identify = Identify {
        token: config.token,
        intents: config.intents,
        shard: config.shard,
        large_threshold: config.large_threshold,
        presence: Some((**presence).clone()),
        os: config.os,
    };
    let identify = Command::Identify(Box::new(identify));
    identify.encode(&mut String::new()).len()
}

/// No member request that a shard takes is too large.
fn ask(shard: &mut Shard, source: &mut Source<'_>) {
    let (guild, (query, _)) = (guild(source), query(source));
    let presences = source.percent(50);
    if shard
        .request_members(guild, query.clone(), presences)
        .is_err()
    {
        return;
    }
    let nonce = Nonce::new(&"n".repeat(32)).expect("the longest nonce");
    let request = RequestMembers {
        guild,
        query,
        presences,
        nonce,
    };
    let command = Command::RequestMembers(Box::new(request));
    assert!(command.encode(&mut String::new()).len() <= LIMIT);
}

/// A command, and the `d` that it has to be.
fn draw(source: &mut Source<'_>) -> (Command, Value) {
    match source.below(9) {
        0 => {
            let sequence = source.percent(50).then(|| source.below(u64::MAX));
            (Command::Heartbeat { sequence }, json!(sequence))
        }
        1 => identify(source),
        2 => {
            let (session, sequence) = (text(source), source.below(u64::MAX));
            let said = json!({"token": "t", "session_id": session, "seq": sequence});
            let (token, session) = (Token::new("t"), session.into());
            (
                Command::Resume(Box::new(Resume {
                    token,
                    session,
                    sequence,
                })),
                said,
            )
        }
        3 => members(source),
        4 => {
            let (presence, said) = presence(source);
            (Command::UpdatePresence(Box::new(presence)), said)
        }
        5 => voice(source),
        6 => {
            let (guilds, said) = guilds(source);
            (
                Command::RequestSoundboardSounds(guilds),
                json!({"guild_ids": said}),
            )
        }
        7 => {
            let guild = guild(source);
            let said = json!({
                "guild_id": guild.to_string(), "fields": ["status", "voice_start_time"],
            });
            (Command::RequestChannelInfo(guild), said)
        }
        _ => {
            let (guilds, said) = guilds(source);
            (Command::GuildSync(guilds), said)
        }
    }
}

fn identify(source: &mut Source<'_>) -> (Command, Value) {
    let total = 1 + source.up_to(70_000);
    let number = source.up_to(total);
    let large_threshold = source.up_to(256) as u8;
    let shown = source.percent(50).then(|| presence(source));
    let mut said = json!({
        "token": "t", "intents": Intents::all().bits(), "shard": [number, total],
        "large_threshold": large_threshold,
        "properties": {"os": "linux", "browser": "headcount", "device": "headcount"},
    });
    if let Some((_, shown)) = &shown {
        said["presence"] = shown.clone();
    }
    let identify = Identify {
        token: Token::new("t"),
        intents: Intents::all(),
        shard: ShardId::new(number, total),
        large_threshold,
        presence: shown.map(|(presence, _)| presence),
        os: "linux",
    };
    (Command::Identify(Box::new(identify)), said)
}

fn members(source: &mut Source<'_>) -> (Command, Value) {
    let guild = guild(source);
    let (query, mut said) = query(source);
    let presences = source.percent(50);
    let nonce = format!("n{}", source.below(u64::MAX));
    said["guild_id"] = json!(guild.to_string());
    said["nonce"] = json!(nonce);
    if presences {
        said["presences"] = json!(true);
    }
    let nonce = Nonce::new(&nonce).expect("at most 32 bytes");
    let request = RequestMembers {
        guild,
        query,
        presences,
        nonce,
    };
    (Command::RequestMembers(Box::new(request)), said)
}

fn query(source: &mut Source<'_>) -> (MemberQuery, Value) {
    match source.below(3) {
        0 => (MemberQuery::All, json!({"query": "", "limit": 0})),
        1 => {
            let (query, limit) = (text(source), source.up_to(120) as u16);
            let said = json!({"query": query, "limit": limit});
            (MemberQuery::Prefix { query, limit }, said)
        }
        _ => {
            let count = source.pick(&[1, 0, 2, 100, 101]);
            let users = (0..count).filter_map(|_| UserId::new(source.below(u64::MAX)));
            let users: Vec<UserId> = users.collect();
            let said =
                json!({"user_ids": users.iter().map(ToString::to_string).collect::<Vec<_>>()});
            (MemberQuery::Users(users), said)
        }
    }
}

fn voice(source: &mut Source<'_>) -> (Command, Value) {
    let state = VoiceStateChange {
        guild: guild(source),
        channel: ChannelId::new(source.below(3)),
        self_mute: source.percent(50),
        self_deaf: source.percent(50),
    };
    let said = json!({
        "guild_id": state.guild.to_string(), "channel_id": state.channel.map(|id| id.to_string()),
        "self_mute": state.self_mute, "self_deaf": state.self_deaf,
    });
    (Command::UpdateVoiceState(state), said)
}

fn presence(source: &mut Source<'_>) -> (BotPresence, Value) {
    let (status, word) = source.pick(&[
        (BotStatus::Online, "online"),
        (BotStatus::DoNotDisturb, "dnd"),
        (BotStatus::Idle, "idle"),
        (BotStatus::Invisible, "invisible"),
    ]);
    let (since, afk) = (
        source.percent(50).then(|| source.below(u64::MAX)),
        source.percent(50),
    );
    let (activities, said): (Vec<_>, Vec<_>) =
        (0..source.below(3)).map(|_| activity(source)).unzip();
    let said = json!({"since": since, "activities": said, "status": word, "afk": afk});
    (
        BotPresence {
            since,
            activities,
            status,
            afk,
        },
        said,
    )
}

fn activity(source: &mut Source<'_>) -> (BotActivity, Value) {
    let (kind, number) = source.pick(&[
        (ActivityKind::Playing, 0),
        (ActivityKind::Streaming, 1),
        (ActivityKind::Custom, 4),
        (ActivityKind::Competing, 5),
    ]);
    let name = text(source);
    let state = source.percent(50).then(|| text(source));
    let url = source.percent(50).then(|| text(source));
    let mut said = json!({"name": name, "type": number});
    for (key, text) in [("state", &state), ("url", &url)] {
        if let Some(text) = text {
            said[key] = json!(text);
        }
    }
    (
        BotActivity {
            name,
            kind,
            state,
            url,
        },
        said,
    )
}

fn guild(source: &mut Source<'_>) -> GuildId {
    GuildId::new(1 + source.below(u64::MAX)).expect("not zero")
}

fn guilds(source: &mut Source<'_>) -> (Vec<GuildId>, Value) {
    let count = source.pick(&[1, 0, 3, 200]);
    let guilds: Vec<GuildId> = (0..count).map(|_| guild(source)).collect();
    let said = guilds.iter().map(ToString::to_string).collect();
    (guilds, said)
}

/// A text whose length may pass every limit.
fn text(source: &mut Source<'_>) -> String {
    let length = source.pick(&[0, 3, 12, 600, 5000]);
    let letters: Vec<char> = (0..1 + source.below(6)).map(|_| letter(source)).collect();
    letters.iter().cycle().take(length).collect()
}

fn letter(source: &mut Source<'_>) -> char {
    match source.percent(60) {
        true => source.pick(AWKWARD),
        false => char::from_u32(source.up_to(0x11_0000)).unwrap_or('\u{fffd}'),
    }
}
