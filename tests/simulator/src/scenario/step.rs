//! What can happen next.
use super::{Setting, Source, faults};
use crate::act::{Act, Change};
use crate::snowflake::guild_id;
use crate::world::World;
use crate::world::guild::Guild;
use crate::world::presence::Status;
use headcount_core::chunk::MemberQuery;
use headcount_core::id::{ChannelId, GuildId, UserId};
use headcount_core::session::OnStop;
use headcount_core::setup::AutoChunk;
use headcount_core::wire::command::{Command, VoiceStateChange};

/// One step of a scenario.
#[derive(Clone, Debug)]
pub enum Step {
    /// Milliseconds pass.
    Wait(u64),
    /// Something happens on the server's side; with the fault's name if it is one.
    Server(Act, Option<&'static str>),
    /// The line of a shard misbehaves.
    Line(usize, Line),
    /// The host's clock, or the host, misbehaves.
    Clock(Clock),
    /// The consumer of a shard's events stalls for so many milliseconds.
    Stall(usize, u64),
    /// The user asks for members.
    Ask(usize, GuildId, MemberQuery, bool),
    /// The user sends a command.
    Send(usize, Box<Command>),
    /// The user changes automatic requests.
    Chunking(usize, AutoChunk),
    /// The user stops a shard; the next start takes a kept session along.
    Stop(usize, OnStop),
    /// The process of a shard dies without a word, and starts anew.
    Crash(usize),
    /// The process of all shards dies without a word; the next one begins so many milliseconds
    /// later with what was written down.
    Kill {
        /// How long no process runs.
        pause: u64,
        /// What the next one has of the rows.
        rows: RowsLeft,
    },
}

/// What is left of the rows when their process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowsLeft {
    /// All: they are kept elsewhere.
    All,
    /// None.
    Nothing,
    /// Those of the last snapshot, if there is one.
    Snapshot,
}

/// What befalls a shard's line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// The connection is dropped; so many frames on the way down and up still arrive. Without
    /// `noticed` the server notices only by missing heartbeats.
    Cut {
        /// Frames to the shard that still arrive.
        down: usize,
        /// Frames to the server that still arrive.
        up: usize,
        /// Whether the server learns of the end.
        noticed: bool,
    },
    /// Nothing arrives any more in these directions, and nobody notices.
    HalfOpen {
        /// To the shard.
        down: bool,
        /// To the server.
        up: bool,
    },
    /// Everything takes so many milliseconds longer.
    Slow(u64),
    /// The next frames to the shard arrive twice.
    Duplicate(u32),
    /// Something arrives at the shard that the server never said; on a connection that is still to
    /// come, behind so many frames of the server.
    Forge {
        /// What arrives.
        bytes: Vec<u8>,
        /// Frames before it.
        after: u8,
    },
    /// Before the next frame to the shard comes its beginning.
    Truncate(u8),
    /// The shard sees its connection end, while what it sent is on its way for so long that it
    /// arrives after what is sent on the next connection.
    Straggle(u64),
    /// The next dials fail.
    Refuse(u32),
    /// The next dials are never answered.
    Vanish(u32),
    /// The next connections open, and then nothing arrives at the shard.
    Mute(u32),
}

/// What befalls the host of all shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The clock jumps forward by milliseconds.
    Forward(u64),
    /// The clock jumps backward.
    Backward(u64),
    /// The clock stands still for so long, while the host works.
    Stuck(u64),
    /// The host is suspended for so long, while the clock goes on.
    Asleep(u64),
    /// The host is suspended, and its clock with it.
    Unaware(u64),
}

/// What a step is drawn for.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'w> {
    /// What the run is made of.
    pub setting: &'w Setting,
    /// What exists now.
    pub world: &'w World,
    /// How many guilds there have ever been.
    pub guilds: u32,
}

impl Step {
    /// Draws the next step.
    pub fn draw(source: &mut Source<'_>, scene: Scene<'_>) -> Self {
        let rates = scene.setting.rates;
        let weights = [
            25,
            rates.life,
            rates.guilds,
            rates.user,
            rates.server,
            rates.chunks,
            rates.late,
            rates.odd,
            rates.line,
            rates.host,
        ];
        match source.weighted(&weights) {
            0 => Self::Wait(wait(source)),
            1 => Self::Server(life(source, scene), None),
            2 => guilds(source, scene),
            3 => user(source, scene),
            4 => faults::server(source, scene),
            5 => faults::chunks(source, scene),
            6 => faults::late(source, scene),
            7 => faults::odd(source, scene),
            8 => Self::Line(scene.shard(source), faults::line(source)),
            _ => host(source, scene),
        }
    }

    /// The name of the fault that this step is; `None` when it belongs to ordinary life.
    #[must_use]
    pub const fn fault(&self) -> Option<&'static str> {
        match self {
            Self::Server(_, name) => *name,
            Self::Line(_, line) => Some(match line {
                Line::Cut { .. } => "line: cut",
                Line::HalfOpen { .. } => "line: half-open",
                Line::Slow(_) => "line: slow",
                Line::Duplicate(_) => "line: duplicate",
                Line::Forge { .. } => "line: garbage",
                Line::Truncate(_) => "line: truncated",
                Line::Straggle(_) => "line: reordered over a reconnect",
                Line::Refuse(_) => "line: dial refused",
                Line::Vanish(_) => "line: dial unanswered",
                Line::Mute(_) => "line: dead once open",
            }),
            Self::Clock(clock) => Some(match clock {
                Clock::Forward(_) => "clock: forward",
                Clock::Backward(_) => "clock: backward",
                Clock::Stuck(_) => "clock: stuck",
                Clock::Asleep(_) => "host: asleep",
                Clock::Unaware(_) => "host: asleep unawares",
            }),
            Self::Stall(..) => Some("consumer: stalled"),
            Self::Crash(_) => Some("host: crash"),
            Self::Kill { rows, .. } => Some(match rows {
                RowsLeft::All => "process: killed",
                RowsLeft::Nothing => "process: killed, with its rows",
                RowsLeft::Snapshot => "process: killed, and has snapshots",
            }),
            Self::Wait(_)
            | Self::Ask(..)
            | Self::Send(..)
            | Self::Chunking(..)
            | Self::Stop(..) => None,
        }
    }
}

impl Scene<'_> {
    pub(super) fn shard(self, source: &mut Source<'_>) -> usize {
        source.below(u64::from(self.setting.shards)) as usize
    }

    /// A guild that exists, or existed, or never did.
    pub(super) fn guild(self, source: &mut Source<'_>) -> u64 {
        guild_id(source.up_to(self.guilds + 1))
    }

    /// A member of the guild, or a stranger.
    fn user(self, source: &mut Source<'_>, guild: u64) -> u64 {
        let found = self.world.guild(guild);
        let place = source.below(found.map_or(1, Guild::len) as u64 + 1) as usize;
        found
            .and_then(|found| found.member_at(place))
            .unwrap_or(77 << 22)
    }
}

fn wait(source: &mut Source<'_>) -> u64 {
    match source.below(20) {
        0..=11 => source.below(500),
        12..=16 => source.below(6_000),
        17 | 18 => source.below(40_000),
        _ => source.below(200_000),
    }
}

fn life(source: &mut Source<'_>, scene: Scene<'_>) -> Act {
    let guild = scene.guild(source);
    let user = scene.user(source, guild);
    match source.below(18) {
        0 => Act::Traffic {
            events: 1 + source.up_to(10),
        },
        1 | 2 => Act::AddMember {
            guild,
            user: source.percent(30).then_some(user),
        },
        3 | 4 if user != scene.world.bot() => Act::RemoveMember { guild, user },
        5 => Act::UpdateMember {
            guild,
            user,
            nick: Some(source.percent(50).then(|| "nick".into())),
        },
        6 => Act::UpdateUser { user },
        7 => Act::SetStatus {
            user,
            status: source.pick(&[Status::Online, Status::Offline]),
        },
        8 => Act::UpdateGuild { guild },
        9 => Act::ChangeRole {
            guild,
            change: change(source, scene, guild, Guild::role_ids),
        },
        10 => Act::ChangeChannel {
            guild,
            change: change(source, scene, guild, Guild::channel_ids),
        },
        11 => Act::Message {
            guild,
            author: user,
        },
        12 => Act::MessagePreview { guild },
        13 => Act::MoveGuest {
            guild,
            guest: source.up_to(3),
            joins: source.percent(60),
        },
        14 | 15 => Act::ChangeThread {
            guild,
            change: change(source, scene, guild, Guild::thread_ids),
        },
        16 => Act::MoveVoice {
            guild,
            user,
            joins: true,
        },
        _ => Act::MoveVoice {
            guild,
            user,
            joins: source.percent(50),
        },
    }
}

fn change<'w, I: Iterator<Item = u64>>(
    source: &mut Source<'_>,
    scene: Scene<'w>,
    guild: u64,
    ids: impl Fn(&'w Guild) -> I,
) -> Change {
    let ids: Vec<u64> = scene.world.guild(guild).into_iter().flat_map(ids).collect();
    match source.below(3) {
        1 if !ids.is_empty() => Change::Update(source.pick(&ids)),
        2 if !ids.is_empty() => Change::Remove(source.pick(&ids)),
        _ => Change::Add,
    }
}

fn guilds(source: &mut Source<'_>, scene: Scene<'_>) -> Step {
    let guild = scene.guild(source);
    match source.below(10) {
        0..=3 => Step::Server(Act::Restore { guild }, None),
        4..=6 => Step::Server(Act::Outage { guild }, Some("guild: outage")),
        7 | 8 if scene.world.guilds().count() < 12 => {
            let members = 1 + source.up_to(60);
            Step::Server(Act::CreateGuild { members }, None)
        }
        _ => Step::Server(Act::DeleteGuild { guild }, Some("guild: deleted")),
    }
}

fn user(source: &mut Source<'_>, scene: Scene<'_>) -> Step {
    let number = scene.guild(source);
    let Some(guild) = GuildId::new(number) else {
        return Step::Wait(0);
    };
    let own = ((number >> 22) % u64::from(scene.setting.shards)) as usize;
    let shard = match source.percent(10) {
        true => scene.shard(source),
        false => own,
    };
    match source.below(12) {
        0..=7 => {
            let query = query(source, scene, number);
            Step::Ask(shard, guild, query, source.percent(10))
        }
        8..=10 => Step::Send(own, Box::new(command(source, guild))),
        _ => Step::Chunking(
            shard,
            source.pick(&[scene.setting.chunking, AutoChunk::All, AutoChunk::Missing]),
        ),
    }
}

fn query(source: &mut Source<'_>, scene: Scene<'_>, guild: u64) -> MemberQuery {
    match source.below(4) {
        0 | 1 => MemberQuery::All,
        2 => MemberQuery::Prefix {
            query: source.pick(&["a", "zz", ""]).to_owned(),
            limit: source.pick(&[100, 5, 0]),
        },
        _ => {
            let count = source.pick(&[1, 3, 100, 101]);
            let ids = (0..count).map(|_| scene.user(source, guild));
            MemberQuery::Users(ids.filter_map(UserId::new).collect())
        }
    }
}

fn command(source: &mut Source<'_>, guild: GuildId) -> Command {
    match source.below(5) {
        0 | 1 => Command::UpdatePresence(Box::default()),
        2 => Command::UpdateVoiceState(VoiceStateChange {
            guild,
            channel: ChannelId::new(source.below(2)),
            self_mute: false,
            self_deaf: true,
        }),
        3 => Command::RequestSoundboardSounds(vec![guild]),
        _ => Command::Heartbeat { sequence: None },
    }
}

fn host(source: &mut Source<'_>, scene: Scene<'_>) -> Step {
    let shard = scene.shard(source);
    let long = source.pick(&[3_000, 30_000, 90_000, 400_000]);
    let time = 1 + source.below(long);
    match source.below(12) {
        5..=7 | 9 if scene.setting.state => Step::Kill {
            pause: source.pick(&[0, 10, 2_000, time]),
            rows: match (source.percent(50), scene.setting.snapshots) {
                (true, _) => RowsLeft::All,
                (false, true) => RowsLeft::Snapshot,
                (false, false) => RowsLeft::Nothing,
            },
        },
        0..=3 => Step::Stall(shard, time),
        4 => Step::Clock(Clock::Forward(time * 4)),
        5 => Step::Clock(Clock::Backward(time / 4)),
        6 => Step::Clock(Clock::Stuck(time / 4)),
        7 => Step::Clock(Clock::Asleep(time)),
        8 => Step::Clock(Clock::Unaware(time)),
        9 => Step::Crash(shard),
        10 => Step::Stop(shard, OnStop::Resume),
        _ => Step::Stop(shard, OnStop::End),
    }
}
