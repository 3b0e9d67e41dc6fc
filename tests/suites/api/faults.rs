//! What a fault looks like to a user: each row of the core's table, on virtual time.

mod gone;
mod host;
mod metrics;
mod odd;
mod stores;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::Duration;

use headcount_core::config::{SendLimits, Timing};
use headcount_core::event::CommandOutcome;
use headcount_core::id::GuildId;
use headcount_core::session::{Halt, Phase, Reason};
use headcount_core::setup::{Outcome, SetupConfig, Stage};
use headcount_core::wire::close::Fatal;
use headcount_core::wire::command::{Command, VoiceStateChange};
use headcount_core::{Action, Event, RequestError};
use headcount_sim::pair::{BASE, RESUME};
use headcount_sim::{Act, Arrival, Fault, Millis, Options, Pair, Target, Trouble, guild_id};

use crate::bot::{all_active, options, pair};
use crate::sources::read;

const BEAT: Millis = 41_250;
const HOUR: Millis = 3_600_000;
const SEEDS: u64 = 8;

/// One row of the table.
struct Row {
    name: String,
    /// The times of its column, in milliseconds.
    within: Vec<Millis>,
    /// The words of code in its column of events.
    reported_by: Vec<String>,
    /// Its column of metrics, and the words of code in it.
    metrics: String,
    counted_as: Vec<String>,
}

fn rows() -> Vec<Row> {
    let table = read("core/src/faults.md");
    let rows = table.lines().filter(|line| line.starts_with("| ")).skip(1);
    rows.map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let code = |cell: &str| {
            cell.split('`')
                .skip(1)
                .step_by(2)
                .map(str::to_owned)
                .collect()
        };
        Row {
            name: cells[1].replace(' ', "_"),
            within: seconds(cells[3]),
            reported_by: code(cells[4]),
            metrics: cells[5].to_owned(),
            counted_as: code(cells[5]),
        }
    })
    .collect()
}

/// Every number of seconds in a text, in milliseconds.
fn seconds(text: &str) -> Vec<Millis> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let pairs = words
        .windows(2)
        .filter(|pair| pair[1].trim_end_matches([',', ';']) == "s");
    let found = pairs.filter_map(|pair| pair[0].parse::<f64>().ok());
    found
        .map(|seconds| millis(Duration::from_secs_f64(seconds)))
        .collect()
}

fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap()
}

fn row(name: &str) -> Row {
    rows().into_iter().find(|row| row.name == name).unwrap()
}

impl Row {
    /// Whether each event that the row names was emitted.
    fn is_reported(&self, events: &str) {
        for word in &self.reported_by {
            assert!(events.contains(word.as_str()), "{}: no {word}", self.name);
        }
    }
}

/// The events so far, as text.
fn emitted(pair: &Pair) -> String {
    pair.events().fold(String::new(), |mut text, event| {
        writeln!(text, "{event:?}").unwrap();
        text
    })
}

/// A bot that has been well for longer than a connection needs to count as stable.
fn well(seed: u64) -> Pair {
    let mut pair = pair(options(), seed);
    assert!(pair.run_until(60_000, all_active));
    pair.run(millis(Timing::default().stable) + seed * 3_700);
    pair.done.clear();
    pair
}

fn has(pair: &Pair, wanted: impl Fn(&Event<'_>) -> bool) -> bool {
    pair.events().any(wanted)
}

fn has_resumed(pair: &Pair) -> bool {
    has(pair, |event| matches!(event, Event::Resumed { .. }))
}

fn is_ready_anew(pair: &Pair) -> bool {
    has(pair, |event| matches!(event, Event::ShardReady(_)))
}

#[test]
fn every_row_has_a_test_of_its_name() {
    let files = [
        "faults.rs",
        "faults/gone.rs",
        "faults/host.rs",
        "faults/odd.rs",
        "faults/stores.rs",
    ];
    let tests: String = files
        .map(|file| read(&format!("tests/suites/api/{file}")))
        .concat();
    let elsewhere = ["floods/main.rs", "socket/state.rs", "socket/warm.rs"];
    let elsewhere = elsewhere.map(|file| read(&format!("tests/suites/{file}")));
    let elsewhere = elsewhere.concat();
    let processes = [
        "driver/tests/sharing/faults.rs",
        "driver/tests/sharing/snapshots.rs",
        "driver/tests/sharing/unable.rs",
        "redis/tests/rows/faults.rs",
    ];
    let processes = processes.map(|file| read(&format!("adapters/{file}")));
    let processes = processes.concat();
    let mut names = BTreeSet::new();
    for Row { name, .. } in rows() {
        let is_over_sockets = elsewhere.contains(&format!("\n    {name},\n"));
        assert!(
            is_over_sockets
                || tests.contains(&format!("#[test]\nfn {name}() {{"))
                || processes.contains(&format!("\nasync fn {name}() {{")),
            "{name}"
        );
        assert!(names.insert(name));
    }
    assert_eq!(names.len(), 58);
}

#[test]
fn cable_pulled() {
    let (row, timing) = (row("cable_pulled"), Timing::default());
    let Timing {
        dial,
        first_backoff,
        longest_backoff,
        ..
    } = timing;
    let soon = 2 * BEAT + millis(first_backoff);
    // A dial in vain, a wait, a resume that is refused, and another wait.
    let late = millis(dial + longest_backoff + longest_backoff);
    assert_eq!(row.within, [soon, late]);
    for seed in 0..SEEDS {
        let mut pair = well(seed);
        pair.act(Act::Silence(Target::All));
        assert!(pair.run_until(soon, has_resumed), "{seed}");
        pair.act(Act::Inject(Fault::always(Trouble::SilentUpgrade)));
        pair.act(Act::Silence(Target::All));
        pair.run(HOUR / 6 + seed * 3_100);
        pair.act(Act::Heal);
        assert!(pair.run_until(late, all_active), "{seed}");
        row.is_seen(&pair);
    }
}

#[test]
fn laptop_asleep_for_an_hour() {
    let (row, timing) = (row("laptop_asleep_for_an_hour"), Timing::default());
    let bound = millis(timing.first_backoff + 5 * timing.invalid_session);
    // How long the driver's timers run before they look at the clock.
    let nap = 5_000;
    assert_eq!(row.within, [bound, nap]);
    for seed in 0..SEEDS {
        let mut pair = well(seed);
        pair.now += HOUR;
        // What the gateway did meanwhile is not read yet when the laptop looks at its clock.
        pair.gateway.act(pair.now, Act::ForgetSessions(Target::All));
        let woken = pair.now;
        pair.input(0, headcount_core::Input::Timeout);
        assert_eq!(pair.seats[0].shard.phase(), Phase::Idle, "{seed}");
        assert!(pair.run_until(bound, all_active), "{seed}");
        assert!(pair.now - woken <= bound);
        pair.run_until(60_000, is_ready_anew);
        row.is_seen(&pair);
    }
}

#[test]
fn gateway_gone() {
    let row = row("gateway_gone");
    let longest = millis(Timing::default().longest_backoff);
    assert_eq!(row.within, [longest, 2 * longest]);
    for seed in 0..SEEDS {
        for (gone, within, lapsed) in [(20_000, longest, false), (HOUR / 3, 2 * longest, true)] {
            let mut pair = well(seed);
            pair.act(Act::Inject(Fault::always(Trouble::RefuseUpgrade(503))));
            pair.act(Act::Cut(Target::All));
            pair.run(gone + seed * 500);
            pair.act(Act::Heal);
            assert!(pair.run_until(within, all_active), "{seed}, {gone} ms");
            pair.run(60_000);
            let mut emitted = emitted(&pair);
            assert_eq!(is_ready_anew(&pair), lapsed, "{seed}, {gone} ms");
            assert_eq!(has_resumed(&pair), !lapsed, "{seed}, {gone} ms");
            emitted.push_str(if lapsed { "Resumed" } else { "Gap ShardReady" });
            row.is_reported(&emitted);
            row.is_counted(&pair);
        }
    }
}

#[test]
fn resume_host_dead() {
    let (row, timing) = (row("resume_host_dead"), Timing::default());
    let bound = millis(timing.first_backoff + timing.dial + 2 * timing.first_backoff);
    assert_eq!(row.within, [bound]);
    for seed in 0..SEEDS {
        let mut all = String::new();
        for dead in [Trouble::DeadResumeHost(503), Trouble::SilentUpgrade] {
            let mut pair = well(seed);
            pair.act(Act::Inject(Fault::once(dead.clone())));
            pair.act(Act::Cut(Target::All));
            assert!(pair.run_until(bound, has_resumed), "{seed}, {dead:?}");
            let urls = pair.done.iter().filter_map(|done| match &done.action {
                Action::Connect { url } => Some(&**url),
                _ => None,
            });
            assert_eq!(urls.collect::<Vec<_>>(), [RESUME, BASE], "{seed}, {dead:?}");
            all.push_str(&emitted(&pair));
        }
        row.is_reported(&all);
    }
}

#[test]
fn token_revoked() {
    let row = row("token_revoked");
    assert_eq!(row.within, [0]);
    let mut pair = well(1);
    pair.act(Act::Close(Target::All, Fatal::AuthenticationFailed.code()));
    let halt = Halt::Refused(Fatal::AuthenticationFailed);
    assert!(has(
        &pair,
        |event| matches!(event, Event::Halted(why) if *why == halt)
    ));
    assert!(Fatal::AuthenticationFailed.remedy().contains("token"));
    row.is_seen(&pair);
    pair.done.clear();
    pair.run(HOUR);
    assert!(pair.done.is_empty() && pair.seats[0].shard.poll_timeout().is_none());
}

#[test]
fn outage() {
    let (row, guild) = (row("outage"), guild_id(0));
    let silence = millis(SetupConfig::default().silence);
    assert_eq!(row.within, [0, silence]);
    let mut world = options().world;
    world.guilds[3].arrival = Arrival::Never;
    let mut pair = pair(Options { world, ..options() }, 1);
    let gone = GuildId::new(guild).unwrap();
    let others_are_there = |pair: &Pair| {
        let shard = &pair.seats[0].shard;
        (0..3).all(|number| {
            let guild = GuildId::new(guild_id(number)).unwrap();
            shard
                .guild(guild)
                .is_some_and(|guild| matches!(guild.stage, Stage::Ready { .. }))
        })
    };
    assert!(pair.run_until(60_000, others_are_there));
    assert!(!is_ready_anew(&pair));
    assert!(pair.run_until(silence, is_ready_anew));
    let missed = |event: &Event<'_>| match event {
        Event::ShardFinishedChunking(summary) => summary.missed.len() == 1,
        _ => false,
    };
    assert!(has(&pair, missed));
    pair.act(Act::Outage { guild });
    assert!(has(&pair, |event| match event {
        Event::GuildUnavailable(event) => event.guild == gone,
        _ => false,
    }));
    pair.run(HOUR);
    assert!(all_active(&pair));
    pair.act(Act::Restore { guild });
    pair.run(60_000);
    assert!(has(&pair, |event| match event {
        Event::GuildRestored(ready) => ready.guild == gone && ready.outcome == Outcome::Complete,
        _ => false,
    }));
    row.is_seen(&pair);
    assert_eq!(pair.gateway.violations(), []);
}

/// When each heartbeat since the last look was sent; everything done so far is forgotten.
fn beats(pair: &mut Pair) -> Vec<Millis> {
    let beat = |action: &Action<'_>| matches!(action, Action::Send(Command::Heartbeat { .. }));
    let done = std::mem::take(&mut pair.done);
    done.iter()
        .filter(|done| beat(&done.action))
        .map(|done| done.at)
        .collect()
}

/// Whether one heartbeat followed the other in time.
fn in_time(beats: &[Millis], within: Millis) -> bool {
    beats.windows(2).all(|pair| pair[1] - pair[0] <= within)
}

/// The sequences of dispatches that were delivered since the last look.
fn sequences(pair: &Pair) -> Vec<u64> {
    let sequence = |event: &Event<'_>| match event {
        Event::Dispatch(dispatch) => dispatch.sequence(),
        _ => None,
    };
    pair.events().filter_map(sequence).collect()
}

/// One more command at shard 0.
fn mute(pair: &mut Pair) -> Result<(), RequestError> {
    let guild = GuildId::new(guild_id(0)).unwrap();
    let state = VoiceStateChange {
        guild,
        channel: None,
        self_mute: true,
        self_deaf: false,
    };
    pair.seats[0]
        .shard
        .send(Command::UpdateVoiceState(state))
        .map(drop)
}

#[test]
fn ten_times_the_load() {
    let (row, limits) = (row("ten_times_the_load"), SendLimits::default());
    assert_eq!(row.within, [BEAT]);
    assert_eq!(
        (limits.total, limits.window.as_secs(), limits.queue),
        (120, 61, 128)
    );
    let mut pair = well(2);
    let mut last = pair.gateway.ledger().dispatches;
    let (mut all_beats, mut refused, mut sent, mut text) = (Vec::new(), 0, 0, String::new());
    for _ in 0..4 * BEAT / 1_000 {
        pair.act(Act::Traffic { events: 1_000 });
        for _ in 0..20 {
            match mute(&mut pair) {
                Ok(()) => {}
                Err(RequestError::QueueFull { bound }) => {
                    assert_eq!(bound, limits.queue);
                    refused += 1;
                }
                Err(other) => panic!("{other}"),
            }
        }
        pair.run(1_000);
        let sequences = sequences(&pair);
        assert!(sequences.iter().all(|sequence| {
            last += 1;
            *sequence == last
        }));
        let finished = pair.events().filter(|event| match event {
            Event::CommandFinished(event) => event.outcome == CommandOutcome::Sent,
            _ => false,
        });
        sent += finished.count();
        text.push_str(&emitted(&pair));
        all_beats.extend(beats(&mut pair));
    }
    assert_eq!(last, pair.gateway.ledger().dispatches);
    assert!(
        last > 20_000 && refused > 1_000 && sent > 200,
        "{last}, {refused}, {sent}"
    );
    assert!(
        all_beats.len() >= 4 && in_time(&all_beats, row.within[0]),
        "{all_beats:?}"
    );
    row.is_reported(&text);
    assert_eq!(pair.gateway.violations(), []);
    assert!(all_active(&pair));
}

#[test]
fn slow_consumer() {
    let row = row("slow_consumer");
    assert_eq!(row.within, [BEAT, 2 * BEAT]);
    let mut pair = well(3);
    let before = pair.gateway.ledger().dispatches;
    pair.reading = false;
    for _ in 0..HOUR / 60_000 {
        pair.act(Act::Traffic { events: 100 });
        pair.run(60_000);
    }
    assert!(sequences(&pair).is_empty());
    let beats = beats(&mut pair);
    assert!(beats.len() as u64 >= HOUR / BEAT - 1 && in_time(&beats, row.within[0]));
    pair.reading = true;
    pair.act(Act::Traffic { events: 1 });
    let expected: Vec<u64> = (before + 1..=pair.gateway.ledger().dispatches).collect();
    assert!(expected.len() > 1_000);
    assert_eq!(sequences(&pair), expected);
    row.is_seen(&pair);
    assert!(all_active(&pair) && pair.gateway.violations().is_empty());
    pair.reading = false;
    pair.act(Act::Silence(Target::All));
    pair.run(HOUR);
    assert!(all_active(&pair), "nobody could know");
    pair.reading = true;
    let noticed = |pair: &Pair| {
        has(pair, |event| match event {
            Event::StateChanged(change) => change.reason == Reason::HeartbeatUnanswered,
            _ => false,
        })
    };
    assert!(pair.run_until(row.within[1], noticed));
    assert_eq!(pair.gateway.ledger().identifies.len(), 1);
}
