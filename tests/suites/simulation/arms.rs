//! What all runs together have to reach: each kind of fault, each close code, and the arms of the
//! machines as they show from outside: who changes into what and why, and who hears what.
//!
//! Left out, since nobody can reach them here: inputs against the host's contract.
use headcount_sim::simulation::Tally;

pub(crate) const FAULTS: [&str; 63] = [
    "clock: backward",
    "clock: forward",
    "clock: stuck",
    "close after start",
    "close instead of hello",
    "consumer: stalled",
    "cut after chunks",
    "cut after dispatches",
    "dead resume host",
    "delay acks",
    "delay chunk",
    "duplicate chunk",
    "guild: deleted",
    "guild: outage",
    "host: asleep",
    "host: asleep unawares",
    "host: crash",
    "ignore request",
    "ignore sync",
    "invalidate identify",
    "invalidate resume",
    "invalidate resume, resumable",
    "junk after dispatches",
    "late word of a channel",
    "late word of a member",
    "late word of a role",
    "late word of a thread",
    "leave amid chunk",
    "line: cut",
    "line: dead once open",
    "line: dial refused",
    "line: dial unanswered",
    "line: duplicate",
    "line: garbage",
    "line: half-open",
    "line: reordered over a reconnect",
    "line: slow",
    "line: truncated",
    "lose chunk",
    "odd row",
    "odd value",
    "process: killed",
    "process: killed, and has snapshots",
    "process: killed, with its rows",
    "ready for resume",
    "reconnect instead of hello",
    "refuse request",
    "refuse upgrade",
    "server: asks for beats",
    "server: close",
    "server: cut",
    "server: foreign chunk",
    "server: forgets sessions",
    "server: invalid session",
    "server: invalid session, resumable",
    "server: junk",
    "server: reconnect",
    "server: silent",
    "server: withholds acks",
    "silent after dispatches",
    "silent from",
    "silent upgrade",
    "withhold acks",
];

pub(crate) const CODES: [u16; 16] = [
    1000, 1001, 4000, 4001, 4002, 4003, 4004, 4005, 4007, 4008, 4009, 4010, 4011, 4012, 4013, 4014,
];

/// From, to, and the reasons.
const SESSION: [(&str, &str, &[&str]); 17] = [
    ("Idle", "Connecting", &["WaitOver"]),
    ("Idle", "Waiting", &["WaitOver"]),
    ("Idle", "Halted", &["Stopped"]),
    ("Waiting", "Connecting", &["IdentifyGranted"]),
    ("Waiting", "Halted", &["Stopped"]),
    ("Connecting", "Greeting", &["Opened"]),
    ("Connecting", "Idle", &["DialFailed", "DialTimedOut"]),
    ("Connecting", "Halted", &["Stopped"]),
    ("Greeting", "Identifying", &["Greeted"]),
    ("Greeting", "Resuming", &["Greeted"]),
    (
        "Greeting",
        "Idle",
        &[
            "HelloTimedOut",
            "ReconnectAsked",
            "Closed",
            "InvalidSession { resumable: false }",
        ],
    ),
    ("Identifying", "Active", &["Ready"]),
    ("Identifying", "Idle", LOST),
    ("Resuming", "Active", &["Resumed", "Ready"]),
    ("Resuming", "Idle", LOST),
    (
        "Active",
        "Idle",
        &[
            "HostStalled",
            "HeartbeatUnanswered",
            "ReconnectAsked",
            "Closed",
            "InvalidSession { resumable: true }",
            "InvalidSession { resumable: false }",
        ],
    ),
    ("Active", "Halted", &["Stopped", "Closed"]),
];

const LOST: &[&str] = &[
    "HostStalled",
    "ReadyTimedOut",
    "HeartbeatUnanswered",
    "ReconnectAsked",
    "Closed",
    "InvalidSession { resumable: true }",
    "InvalidSession { resumable: false }",
];

/// What the states with a connection hear, beside what makes them change.
const HEARD: [(&str, &[&str]); 3] = [
    ("Identifying", &["1", "10", "11", "none"]),
    ("Resuming", &["1", "10", "11", "none"]),
    ("Active", &["1", "2", "10", "11", "77", "99", "none"]),
];

const SETUP: [(&str, &[&str]); 13] = [
    (
        "unknown",
        &[
            "expected",
            "syncing",
            "requested",
            "complete",
            "unavailable",
        ],
    ),
    (
        "expected",
        &[
            "with unread members",
            "syncing",
            "requested",
            "complete",
            "unavailable",
            "missed",
            "unknown",
        ],
    ),
    (
        "syncing",
        &[
            "requested",
            "complete",
            "incomplete",
            "unavailable",
            "unknown",
            "expected",
        ],
    ),
    (
        "requested",
        &[
            "with unread members",
            "receiving",
            "complete",
            "without members",
            "refused",
            "unavailable",
            "unknown",
            "expected",
        ],
    ),
    (
        "receiving",
        &[
            "with unread members",
            "complete",
            "incomplete",
            "requested",
            "unavailable",
            "unknown",
            "expected",
        ],
    ),
    (
        "complete",
        &[
            "requested",
            "unavailable",
            "unknown",
            "expected",
            "with a failed store",
        ],
    ),
    (
        "storing",
        &[
            "complete",
            "incomplete",
            "with a failed store",
            "unavailable",
        ],
    ),
    ("incomplete", &["expected"]),
    ("without members", &["expected"]),
    ("refused", &["expected"]),
    ("with unread members", &["expected"]),
    (
        "missed",
        &[
            "syncing",
            "complete",
            "requested",
            "unavailable",
            "unknown",
            "expected",
        ],
    ),
    (
        "unavailable",
        &["syncing", "complete", "requested", "unknown", "expected"],
    ),
];

const CHUNKS: [(&str, &[&str]); 6] = [
    ("Complete", &["once", "again", "theirs"]),
    ("TimedOut", &["again", "theirs"]),
    ("Superseded", &["once", "again", "theirs"]),
    ("GuildGone", &["once", "again", "theirs"]),
    ("Refused", &["again"]),
    ("Halted", &["once", "again", "theirs"]),
];

const OTHERS: [&str; 30] = [
    "fleet: BotReady",
    "fleet: FinishedChunking",
    "gateway: RESUMED repeats a sequence",
    "guild: Initial",
    "guild: Join",
    "guild: Returned",
    "host: starts anew with its session",
    "host: starts anew with nothing",
    "misunderstood: Malformed",
    "misunderstood: NoSubject",
    "misunderstood: OutOfPlace",
    "misunderstood: Repeated",
    "misunderstood: UnknownOpcode",
    "misunderstood: Values",
    "process: begins with its session",
    "process: begins with its session and rows",
    "process: begins with nothing",
    "request: EmptyPrefix",
    "request: Limit",
    "request: MissingIntents",
    "request: OtherShard",
    "request: UserCount",
    "request: awaits its guild",
    "request: queued",
    "request: receiving",
    "request: sent",
    "session: lost, Refused",
    "session: lost, ResumesFailed",
    "sync: again",
    "sync: once",
];

/// The marks that no run has reached.
pub(crate) fn missing(tally: &Tally) -> Vec<String> {
    let session = SESSION.iter().flat_map(|(from, to, reasons)| {
        reasons
            .iter()
            .map(move |reason| format!("session: {from} -> {to}, {reason}"))
    });
    let heard = HEARD.iter().flat_map(|(phase, ops)| {
        ops.iter()
            .map(move |op| format!("session: {phase} hears op {op}"))
    });
    let unread = ["Identifying", "Resuming", "Active"];
    let unread = unread
        .iter()
        .map(|phase| format!("session: {phase} is unread"));
    let setup = SETUP
        .iter()
        .flat_map(|(from, to)| to.iter().map(move |to| format!("setup: {from} -> {to}")));
    let chunks = CHUNKS.iter().flat_map(|(why, whose)| {
        whose
            .iter()
            .map(move |whose| format!("chunk: {why}, {whose}"))
    });
    let others = OTHERS.iter().map(ToString::to_string);
    let all = session
        .chain(heard)
        .chain(unread)
        .chain(setup)
        .chain(chunks)
        .chain(others);
    all.filter(|mark| !tally.marks.contains_key(mark)).collect()
}
