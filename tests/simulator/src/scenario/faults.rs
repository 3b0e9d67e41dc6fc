//! What goes wrong on the server's side and on the line.
use super::Source;
use super::step::{Line, Scene, Step};
use crate::act::{Act, Target};
use crate::faults::{Fault, Junk, Subject, Times, Trouble};

/// Every close code that a gateway sends, and two that any server sends.
const CODES: [u16; 16] = [
    4000, 4001, 4002, 4003, 4004, 4005, 4007, 4008, 4009, 4010, 4011, 4012, 4013, 4014, 1000, 1001,
];

/// The codes after which a session may go on, or a new one begin.
const PASSING: [u16; 6] = [4000, 4009, 4007, 4008, 1000, 4003];

/// Dispatches with lists of rows.
const WITH_ROWS: [&str; 8] = [
    "GUILD_CREATE",
    "GUILD_CREATE",
    "GUILD_CREATE",
    "GUILD_MEMBERS_CHUNK",
    "GUILD_MEMBERS_CHUNK",
    "GUILD_UPDATE",
    "GUILD_SYNC",
    "READY",
];

/// Dispatches that have an odd value; what comes often and decides much, oftener.
const WITH_VALUES: [&str; 26] = [
    "READY",
    "GUILD_CREATE",
    "GUILD_CREATE",
    "GUILD_CREATE",
    "GUILD_MEMBERS_CHUNK",
    "GUILD_MEMBERS_CHUNK",
    "GUILD_MEMBERS_CHUNK",
    "GUILD_UPDATE",
    "GUILD_DELETE",
    "GUILD_SYNC",
    "GUILD_ROLE_CREATE",
    "GUILD_ROLE_UPDATE",
    "GUILD_ROLE_DELETE",
    "CHANNEL_CREATE",
    "CHANNEL_UPDATE",
    "CHANNEL_DELETE",
    "THREAD_CREATE",
    "THREAD_UPDATE",
    "THREAD_DELETE",
    "GUILD_MEMBER_ADD",
    "GUILD_MEMBER_UPDATE",
    "GUILD_MEMBER_REMOVE",
    "PRESENCE_UPDATE",
    "VOICE_STATE_UPDATE",
    "MESSAGE_CREATE",
    "RATE_LIMITED",
];

pub(super) fn server(source: &mut Source<'_>, scene: Scene<'_>) -> Step {
    let shard = scene.shard(source) as u32;
    let target = match source.percent(15) {
        true => Target::All,
        false => Target::Shard(shard),
    };
    let (act, name) = match source.below(17) {
        0 | 1 => (Act::Cut(target), "server: cut"),
        2 | 3 => (
            Act::Close(Target::Shard(shard), source.pick(&CODES)),
            "server: close",
        ),
        4 => (Act::Reconnect(target), "server: reconnect"),
        5 => {
            let resumable = source.percent(50);
            let name = if resumable {
                "server: invalid session, resumable"
            } else {
                "server: invalid session"
            };
            (Act::Invalidate { target, resumable }, name)
        }
        6 => (Act::AskBeat(target), "server: asks for beats"),
        7 => (Act::WithholdAcks(target), "server: withholds acks"),
        8 => (Act::Silence(target), "server: silent"),
        9 | 10 => (Act::Babble(target, junk(source)), "server: junk"),
        11 => (Act::ForgetSessions(target), "server: forgets sessions"),
        12 => (Act::Close(target, source.pick(&PASSING)), "server: close"),
        _ => {
            let times = Times::Count(1 + source.up_to(2));
            let trouble = opening(source);
            let name = trouble.name();
            let fault = Fault {
                shard: source.percent(50).then_some(shard),
                times,
                trouble,
            };
            return Step::Server(Act::Inject(fault), Some(name));
        }
    };
    Step::Server(act, Some(name))
}

/// Troubles around the start of a connection, and after some dispatches on it.
fn opening(source: &mut Source<'_>) -> Trouble {
    let after = 1 + source.up_to(15);
    let code = source.pick(&[None, Some(4000), Some(4009)]);
    match source.below(17) {
        0 => Trouble::RefuseUpgrade(503),
        1 => Trouble::DeadResumeHost(503),
        2 => Trouble::SilentUpgrade,
        3 => Trouble::CloseInsteadOfHello(code),
        4 => Trouble::ReconnectInsteadOfHello,
        5 => Trouble::InvalidateIdentify {
            resumable: source.percent(30),
        },
        6 => Trouble::InvalidateResume { resumable: true },
        7 => Trouble::InvalidateResume { resumable: false },
        8 => Trouble::CloseAfterStart(code),
        9 | 10 => Trouble::CutAfterDispatches(after),
        11 => Trouble::CutAfterChunks(1 + source.up_to(4)),
        12 => Trouble::SilentAfterDispatches(after),
        13 => Trouble::JunkAfterDispatches(after, junk(source)),
        14 => Trouble::WithholdAcks { from: 0 },
        15 => Trouble::ReadyForResume,
        _ => source.pick(&[
            Trouble::DelayAcks { by: 2_000 },
            Trouble::DelayAcks { by: 60_000 },
            Trouble::SilentFrom { from: 0 },
        ]),
    }
}

fn junk(source: &mut Source<'_>) -> Junk {
    match source.below(8) {
        0 => Junk::UnknownEvent,
        1 => Junk::NotJson,
        2 => Junk::NotAnEnvelope,
        3 => Junk::Deep,
        4 => Junk::UnknownOpcode,
        5 => Junk::WrongBody(
            source
                .pick(&["GUILD_CREATE", "GUILD_MEMBERS_CHUNK", "TYPING_START"])
                .to_owned(),
        ),
        6 => Junk::HugeNumbers,
        _ => Junk::Text(r#"{"op":10,"d":{"heartbeat_interval":-5}}"#.to_owned()),
    }
}

/// Troubles of the answers to member requests.
pub(super) fn chunks(source: &mut Source<'_>, scene: Scene<'_>) -> Step {
    let guild = scene.guild(source);
    let index = source.up_to(4);
    let times = source.pick(&[Times::Count(1), Times::Count(2), Times::Count(6)]);
    let trouble = match source.below(12) {
        0 | 1 => Trouble::LoseChunk { guild, index },
        2 | 3 => Trouble::DuplicateChunk { guild, index },
        4 | 5 => Trouble::DelayChunk {
            guild,
            index,
            by: 1 + source.below(30_000),
        },
        6 if scene.setting.sync.is_some() && source.percent(70) => Trouble::IgnoreSync { guild },
        6 => Trouble::IgnoreRequest { guild },
        7 | 8 => Trouble::RefuseRequest {
            guild,
            retry_after: source.below(40_000),
        },
        9 | 10 => Trouble::CutAfterChunks(1 + source.up_to(2)),
        _ => return foreign(source, guild),
    };
    let name = trouble.name();
    Step::Server(
        Act::Inject(Fault {
            shard: None,
            times,
            trouble,
        }),
        Some(name),
    )
}

/// Words about what has gone, which come late.
pub(super) fn late(source: &mut Source<'_>, scene: Scene<'_>) -> Step {
    let guild = scene.guild(source);
    let by = source.pick(&[0, 0, 300, 5_000, 60_000]);
    let of = |of| Trouble::LateWord { of, by };
    let trouble = match source.below(6) {
        0 | 1 => Trouble::LeaveAmidChunk { guild },
        2 => of(Subject::Member),
        3 => of(Subject::Channel),
        4 => of(Subject::Role),
        _ => of(Subject::Thread),
    };
    let name = trouble.name();
    let times = Times::Count(1 + source.up_to(3));
    let shard = None;
    let fault = Fault {
        shard,
        times,
        trouble,
    };
    Step::Server(Act::Inject(fault), Some(name))
}

/// A dispatch of which something has a form that nobody foresaw.
pub(super) fn odd(source: &mut Source<'_>, scene: Scene<'_>) -> Step {
    let draw = source.below(u64::from(u32::MAX));
    let trouble = match source.below(3) {
        0 => Trouble::OddRow {
            event: source.pick(&WITH_ROWS),
            draw,
        },
        _ => Trouble::OddValue {
            event: source.pick(&WITH_VALUES),
            draw,
        },
    };
    let name = trouble.name();
    let fault = Fault {
        shard: source.percent(50).then(|| scene.shard(source) as u32),
        times: Times::Count(1),
        trouble,
    };
    Step::Server(Act::Inject(fault), Some(name))
}

/// A chunk that answers somebody else, or nobody.
fn foreign(source: &mut Source<'_>, guild: u64) -> Step {
    let nonce = source.pick(&[r#""nonce":"theirs","#, r#""nonce":"others","#, ""]);
    let count = 1 + source.up_to(3);
    let index = source.up_to(4);
    let place = format!(r#""chunk_index":{index},"chunk_count":{count}"#);
    let body = format!(r#"{{"guild_id":"{guild}","members":[],{nonce}{place}}}"#);
    let act = Act::Dispatch {
        guild: Some(guild),
        event: "GUILD_MEMBERS_CHUNK".to_owned(),
        body,
    };
    Step::Server(act, Some("server: foreign chunk"))
}

/// Troubles of a shard's line.
pub(super) fn line(source: &mut Source<'_>) -> Line {
    match source.below(13) {
        0 | 1 => Line::Cut {
            down: source.below(4) as usize,
            up: source.below(3) as usize,
            noticed: source.percent(70),
        },
        2 => source.pick(&[
            Line::HalfOpen {
                down: true,
                up: true,
            },
            Line::HalfOpen {
                down: true,
                up: false,
            },
            Line::HalfOpen {
                down: false,
                up: true,
            },
        ]),
        3 => Line::Slow(1 + source.below(4_000)),
        4 | 5 => Line::Duplicate(1 + source.up_to(3)),
        6 | 7 => Line::Forge {
            bytes: forged(source),
            after: source.up_to(2) as u8,
        },
        8 => Line::Truncate(source.below(100) as u8),
        9 => Line::Straggle(500 + source.below(8_000)),
        10 => Line::Refuse(1 + source.up_to(3)),
        11 => Line::Vanish(1 + source.up_to(2)),
        _ => Line::Mute(1),
    }
}

/// Bytes that nobody sent: noise, and control frames out of place.
fn forged(source: &mut Source<'_>) -> Vec<u8> {
    let text = match source.below(10) {
        0 => {
            return (0..source.below(40))
                .map(|_| source.below(256) as u8)
                .collect();
        }
        1 => r#"{"op":1,"d":null}"#,
        2 => r#"{"op":11}"#,
        3 => r#"{"op":7,"d":null}"#,
        4 => r#"{"op":9,"d":true}"#,
        5 => r#"{"op":9,"d":false}"#,
        6 => r#"{"op":10,"d":{"heartbeat_interval":45000}}"#,
        7 => "",
        8 => r#"{"op":0,"t":"TYPING_START","s":1,"d":{"user_id":"3"}}"#,
        _ => r#"{"op":2,"d":{}}"#,
    };
    text.as_bytes().to_vec()
}
