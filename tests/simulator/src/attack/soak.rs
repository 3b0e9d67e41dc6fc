//! All attacks at once on a bot of many shards, for long.
use super::bot::Report;
use super::script::Script;
use super::verdict::Verdict;
use super::{Attack, MIB, child, memory, right};
use futures_util::FutureExt;
use futures_util::future::{Either, select};
use headcount_core::event::Gap;
use headcount_core::id::GuildId;
use headcount_core::session::Reason;
use headcount_core::setup::{SetupConfig, ShardFinishedChunking};
use headcount_core::wire::Name;
use headcount_core::{Event, ShardId};
use headcount_driver::{Bot, BotEvent, Compression, Handle, Runtime};
use std::collections::BTreeMap;
use std::io;
use std::process::Command;
use std::time::{Duration, Instant};

/// Shards of the bot.
pub(super) const SHARDS: u64 = 16;

/// Guilds of each shard; the last one never comes.
pub(super) const GUILDS: u64 = 4;

/// A shard's guild.
pub(super) fn guild(shard: u64, number: u64) -> u64 {
    ((number * SHARDS + shard) << 22) | 1
}

/// How long the user takes events, and then takes none.
const TAKES: Duration = Duration::from_secs(4);
const RESTS: Duration = Duration::from_secs(1);

/// How much more memory may be held late than early, in bytes.
const FLAT: u64 = 24 * MIB;

/// The silence after which the guilds that have not come are missed. Connections are short and most
/// of their time is replay, so ten minutes have room for the default; a shorter soak scales it
/// down.
pub(super) fn silence(time: Duration) -> Duration {
    let default = SetupConfig::default().silence;
    (time / 40).clamp(Duration::from_secs(1), default)
}

/// How long they are waited for all in all: the default leaves a busy machine no time after it.
pub(super) fn patience(time: Duration) -> Duration {
    silence(time).max(time / 5)
}

/// The attack.
pub(super) const SOAK: Attack = Attack {
    name: "soak",
    what: "floods 16 shards with everything, cuts them, and lets them resume",
    script: Script::Soak,
    compression: Compression::ZlibStream,
    takes: true,
    // The buffer, twice while it is copied, and what each shard has read already.
    right: right(2 * 64 + 16 * 4, false, &["Resumed"]),
};

/// Runs it for so long.
///
/// # Errors
/// The processes cannot be brought together.
pub fn soak(time: Duration, program: &Command) -> io::Result<Verdict> {
    child::run(&SOAK, time, program)
}

/// What is seen of one shard.
#[derive(Debug, Default)]
struct Seen {
    /// The last sequence.
    last: Option<u64>,
    sessions: u64,
    /// Sequences that did not follow the one before.
    gaps: u64,
    finished: Option<ShardFinishedChunking>,
    /// Why sessions were lost, and why the connections before that had ended.
    lost: Vec<String>,
    last_ends: Vec<Reason>,
}

/// What the guild that never comes is still waited for.
fn pending(handle: &Handle, shard: ShardId) -> String {
    let guild = GuildId::new(guild(u64::from(shard.number()), GUILDS));
    let standing = guild.and_then(|guild| handle.guild(guild));
    let phase = handle.shards().find(|it| it.id == shard).map(|it| it.phase);
    format!("chunking has not ended: {phase:?}, {standing:?}")
}

/// The bot's side.
#[derive(Debug, Default)]
pub(super) struct SoakRecord {
    shards: BTreeMap<ShardId, Seen>,
    dispatches: u64,
    /// The most that was resident in each second.
    resident: Vec<u64>,
}

impl SoakRecord {
    fn see(&mut self, event: &BotEvent) {
        let BotEvent {
            shard: Some(id),
            event,
            ..
        } = event
        else {
            return;
        };
        let seen = self.shards.entry(*id).or_default();
        match event {
            Event::Dispatch(dispatch) => {
                self.dispatches += 1;
                let sequence = dispatch.sequence();
                let is_new = dispatch.name() == Name::Ready;
                seen.sessions += u64::from(is_new);
                let follows = seen.last.map(|last| last + 1) == sequence;
                seen.gaps += u64::from(!follows && !is_new);
                seen.last = sequence;
            }
            Event::StateChanged(change) if change.from.has_session() => {
                seen.last_ends.push(change.reason);
            }
            Event::Resumed { .. } => seen.last_ends.clear(),
            Event::Gap(Gap { why, .. }) => {
                let ends = std::mem::take(&mut seen.last_ends);
                seen.lost.push(format!("{why:?} after {ends:?}"));
            }
            Event::ShardFinishedChunking(event) => seen.finished = Some((**event).clone()),
            _ => {}
        }
    }

    /// Takes events, and takes none for a while, again and again.
    pub(super) async fn observe<R: Runtime + Default>(
        &mut self,
        bot: &mut Bot<R>,
        time: Duration,
        mut note: impl FnMut(BotEvent),
    ) {
        let (start, runtime) = (Instant::now(), R::default());
        while start.elapsed() < time {
            let turn = Instant::now();
            while turn.elapsed() < TAKES {
                let timer = std::pin::pin!(runtime.timer(TAKES.saturating_sub(turn.elapsed())));
                let Either::Left((Some(event), _)) =
                    select(std::pin::pin!(bot.next()), timer).await
                else {
                    break;
                };
                self.see(&event);
                note(event);
                self.sample(start);
            }
            runtime.timer(RESTS).await;
            self.sample(start);
        }
        while let Some(event) = bot.next().now_or_never().flatten() {
            self.see(&event);
            note(event);
            if start.elapsed() > time + RESTS {
                break;
            }
        }
    }

    fn sample(&mut self, start: Instant) {
        let second = start.elapsed().as_secs() as usize;
        if self.resident.len() <= second {
            self.resident.resize(second + 1, 0);
            self.resident[second] = memory::resident().unwrap_or(0);
        }
    }

    /// Adds what was seen to a report.
    pub(super) fn report(self, handle: &Handle, report: &mut Report) {
        let wrong = &mut report.wrong;
        for (id, seen) in &self.shards {
            if seen.gaps > 0 {
                wrong.push(format!("{id}: {} gaps", seen.gaps));
            }
            if seen.sessions != 1 {
                let lost = seen.lost.join(", ");
                wrong.push(format!("{id}: {} sessions ({lost})", seen.sessions));
            }
            let Some(summary) = &seen.finished else {
                wrong.push(format!("{id}: {}", pending(handle, *id)));
                continue;
            };
            let came = summary.no_intent.len() + summary.complete;
            let missed = summary.missed.len();
            if (came as u64, missed) != (GUILDS - 1, 1) {
                wrong.push(format!("{id}: {came} guilds, {missed} missed"));
            }
        }
        if self.shards.len() as u64 != SHARDS {
            wrong.push(format!("{} shards", self.shards.len()));
        }
        let third = self.resident.len() / 3;
        let most = |part: &[u64]| part.iter().copied().max().unwrap_or(0);
        let early = most(&self.resident[..third]);
        let late = most(&self.resident[self.resident.len() - third..]);
        if late > early + FLAT {
            wrong.push(format!("{} MiB, later {}", early / MIB, late / MIB));
        }
        report
            .emitted
            .insert("dispatches in order".to_owned(), self.dispatches);
        report
            .emitted
            .insert("MiB resident in the first third".to_owned(), early / MIB);
        report
            .emitted
            .insert("MiB resident in the last third".to_owned(), late / MIB);
    }
}
