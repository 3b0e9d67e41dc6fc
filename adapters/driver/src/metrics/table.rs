//! The table of metrics: what each is called, and what it says.

/// What kind of number a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MetricKind {
    /// Only grows, from zero at the bot's start.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts in buckets, which only grow.
    Histogram,
}

impl MetricKind {
    /// Its name, as the text format of Prometheus has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

macro_rules! metrics {
    ($(
        $variant:ident $kind:ident $unit:literal $name:literal [$($label:ident)?] $help:literal
    )*) => {
        /// A metric of a bot.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Metric {
            $(
                #[doc = concat!("`", $name, "`: ", $help)]
                $variant,
            )*
        }

        impl Metric {
            /// Every metric, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its name, which is valid for Prometheus.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// What kind of number it is.
            #[must_use]
            pub const fn kind(self) -> MetricKind {
                match self {
                    $(Self::$variant => MetricKind::$kind,)*
                }
            }

            /// What it counts or measures, in the plural.
            #[must_use]
            pub const fn unit(self) -> &'static str {
                match self {
                    $(Self::$variant => $unit,)*
                }
            }

            /// The label that distinguishes its samples; `None` if it has one sample.
            #[must_use]
            pub const fn label(self) -> Option<&'static str> {
                match self {
                    $(Self::$variant => metrics!(@label $($label)?),)*
                }
            }

            /// What it says, in a sentence without line breaks, quotes and backslashes.
            #[must_use]
            pub const fn help(self) -> &'static str {
                match self {
                    $(Self::$variant => $help,)*
                }
            }
        }
    };
    (@label) => { None };
    (@label $label:ident) => { Some(stringify!($label)) };
}

metrics! {
    Events Counter "events" "headcount_events_total" [event]
        "Dispatches that were emitted, by name; UNKNOWN for names that this version does not know."
    ShardEvents Counter "events" "headcount_shard_events_total" [shard]
        "Dispatches that were emitted, by shard."
    Payloads Counter "payloads" "headcount_payloads_total" [shard]
        "Payloads that came, answers to heartbeats included."
    PayloadBytes Counter "bytes" "headcount_payload_bytes_total" [shard]
        "Bytes of payloads after decompression."
    ReceivedBytes Counter "bytes" "headcount_received_bytes_total" [shard]
        "Bytes in messages that came, before decompression."
    SentBytes Counter "bytes" "headcount_sent_bytes_total" [shard]
        "Bytes in messages that were sent."
    InflateSeconds Counter "seconds" "headcount_inflate_seconds_total" [shard]
        "Time that decompression took."
    ReplayedEvents Counter "events" "headcount_replayed_events_total" [shard]
        "Dispatches that resumes replayed."
    RepeatedEvents Counter "events" "headcount_repeated_events_total" [shard]
        "Dispatches that had come before, and were not emitted again."
    LagSeconds Histogram "seconds" "headcount_event_lag_seconds" []
        "Time from the receipt of a payload to the taking of an event that followed from it."
    WaitingEvents Gauge "events" "headcount_waiting_events" []
        "Events that wait for the consumer or for a store."
    WaitingBytes Gauge "bytes" "headcount_waiting_bytes" []
        "Bytes of the events that wait."
    UnacknowledgedEvents Gauge "events" "headcount_unacknowledged_events" [shard]
        "Dispatches of which something is not acknowledged."
    Shards Gauge "shards" "headcount_shards" [phase]
        "Shards of this process, by phase."
    HeartbeatSeconds Gauge "seconds" "headcount_heartbeat_latency_seconds" [shard]
        "Time from the last answered heartbeat to its answer."
    Dials Counter "connections" "headcount_dials_total" [shard]
        "Connections that were asked for."
    Identifies Counter "identifies" "headcount_identifies_total" [shard]
        "Identifies that were sent."
    Resumes Counter "resumes" "headcount_resumes_total" [shard]
        "Resumes that were sent."
    Resumed Counter "resumes" "headcount_resumed_total" [shard]
        "Resumes that came to their end."
    Losses Counter "connections" "headcount_connection_losses_total" [cause]
        "Connections that came to nothing or ended, and ends of shards, by cause."
    Closes Counter "connections" "headcount_closes_total" [code]
        "Connections that the peer closed, by close code; none without a code."
    Gaps Counter "gaps" "headcount_gaps_total" [cause]
        "Times that dispatches are missing, by cause."
    IdentifiesLeft Gauge "identifies" "headcount_identifies_left" []
        "Identifies left for the day."
    GateWaiting Gauge "shards" "headcount_gate_waiting" []
        "Shards that wait for an identify."
    GateGrants Counter "identifies" "headcount_gate_grants_total" []
        "Identifies that were granted."
    GateSeconds Counter "seconds" "headcount_gate_wait_seconds_total" []
        "Time that shards had waited for the identifies that were granted."
    Requests Counter "requests" "headcount_member_requests_total" [outcome]
        "Member requests that ended, by outcome."
    QueuedRequests Gauge "requests" "headcount_member_requests_queued" [shard]
        "Member requests that wait to be sent."
    OutstandingRequests Gauge "requests" "headcount_member_requests_outstanding" [shard]
        "Member requests that were sent and lack a whole answer."
    Commands Counter "commands" "headcount_commands_total" [outcome]
        "Commands of the user that ended, by outcome."
    Guilds Gauge "guilds" "headcount_guilds" [stage]
        "Guilds of shards that have not ended, by stage."
    GuildOutcomes Gauge "guilds" "headcount_guild_outcomes" [outcome]
        "Guilds of the last READY of each shard, by outcome."
    Rows Gauge "rows" "headcount_rows" [kind]
        "Rows of the cache in memory, by kind."
    RowBytes Gauge "bytes" "headcount_row_bytes" [kind]
        "Bytes of the rows with their indexes and spare room, by kind."
    StoreWrites Counter "changes" "headcount_store_writes_total" []
        "Changes that stores of the application ended, well or not."
    StoreFailures Counter "changes" "headcount_store_failures_total" []
        "Changes that failed for good in a store of the application."
    StoreRetries Counter "attempts" "headcount_store_retries_total" []
        "Attempts of stores of the application after one that failed."
    StoreSeconds Counter "seconds" "headcount_store_seconds_total" []
        "Time that stores of the application took."
    StoreQuestions Counter "questions" "headcount_store_questions_total" [outcome]
        "Questions of the application's stores to their servers, by whether they were answered."
    StoreBytes Counter "bytes" "headcount_store_bytes_total" []
        "Bytes of rows that stores of the application wrote to their servers."
    Snapshots Counter "snapshots" "headcount_snapshots_total" []
        "Snapshots of the cache in memory, or of a shard of it, that were written."
    SnapshotFailures Counter "snapshots" "headcount_snapshot_failures_total" []
        "Snapshots that could not be written."
    SnapshotBytes Gauge "bytes" "headcount_snapshot_bytes" []
        "Bytes of the last snapshot."
    SnapshotHoldSeconds Gauge "seconds" "headcount_snapshot_hold_seconds" []
        "The longest time for which the last snapshot held the cache."
    Takeovers Counter "shards" "headcount_takeovers_total" [outcome]
        "Shards of an earlier owner that were resumed, by what came of the snapshot that it left."
    StateFailures Counter "attempts" "headcount_state_failures_total" [kind]
        "Attempts to write to the state folder that failed, by what was to be written."
    Misunderstood Counter "payloads" "headcount_misunderstood_payloads_total" [shard]
        "Payloads that were not understood whole."
    Misreads Counter "places" "headcount_misread_places_total" [path]
        "Places in payloads that were not understood, by dispatch and path; other for rare ones."
    HeldShards Gauge "shards" "headcount_held_shards" []
        "Shards that this process holds, of a bot in several processes."
    LiveProcesses Gauge "processes" "headcount_live_processes" []
        "Processes of the bot that live, as far as this one knows."
    LeaseEnds Counter "leases" "headcount_lease_ends_total" [cause]
        "Shards that this process had to stop, by why."
    LeaseSwaps Counter "questions" "headcount_lease_questions_total" [outcome]
        "Questions to the table of leases, by whether they were answered."
    ChatMessages Counter "messages" "headcount_chat_messages_total" []
        "Messages of chat that were emitted."
    ChatBytes Counter "bytes" "headcount_chat_received_bytes_total" []
        "Bytes in messages that came from the chat server."
    ChatMalformed Counter "lines" "headcount_chat_malformed_lines_total" []
        "Lines from the chat server that are no message."
    ChatMissed Counter "messages" "headcount_chat_missed_messages_total" []
        "Messages of chat that were dropped because nobody took them."
    ChatWaitingEvents Gauge "events" "headcount_chat_waiting_events" []
        "Events of chat that wait for the consumer."
    ChatWaitingBytes Gauge "bytes" "headcount_chat_waiting_bytes" []
        "Bytes of the events of chat that wait."
    ChatShards Gauge "shards" "headcount_chat_shards" [health]
        "Shards of chat, by how their connection is."
    ChatDials Counter "connections" "headcount_chat_dials_total" []
        "Connections to the chat server that were asked for."
    ChatLosses Counter "connections" "headcount_chat_connection_losses_total" [cause]
        "Connections to the chat server that came to nothing or ended, by cause."
    ChatRooms Gauge "rooms" "headcount_chat_rooms" [state]
        "Rooms that are assigned, by whether they are joined."
    ChatJoins Counter "rooms" "headcount_chat_joins_total" []
        "Times that a room was joined, also again after a loss."
    ChatJoinFailures Counter "rooms" "headcount_chat_join_failures_total" [cause]
        "Joins that failed, by cause."
    ChatSaid Counter "messages" "headcount_chat_said_messages_total" [outcome]
        "Messages that were to be said and ended, by outcome."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_lists_every_metric_as_it_is() {
        let rows = include_str!("../metrics.md").lines();
        let rows: Vec<&str> = rows.filter(|line| line.starts_with("| `")).collect();
        let row = |metric: &Metric| {
            let (name, kind, unit) = (metric.name(), metric.kind().as_str(), metric.unit());
            let label = metric.label().map(|label| format!("`{label}` "));
            let (label, help) = (label.unwrap_or_default(), metric.help());
            format!("| `{name}` | {kind} | {unit} | {label}| {help} |")
        };
        assert_eq!(rows, Metric::ALL.iter().map(row).collect::<Vec<_>>());
    }

    #[test]
    fn names_follow_the_conventions_of_prometheus() {
        for metric in Metric::ALL {
            let (name, is_counter) = (metric.name(), metric.kind() == MetricKind::Counter);
            let is_word = |c: char| c == '_' || c.is_ascii_lowercase();
            assert!(name.starts_with("headcount_") && name.chars().all(is_word));
            assert_eq!(name.ends_with("_total"), is_counter, "{name}");
            let stem = name.trim_end_matches("_total");
            if matches!(metric.unit(), "seconds" | "bytes") {
                assert!(stem.ends_with(metric.unit()), "{name}");
            }
            assert!(!metric.help().contains(['"', '\\', '\n']), "{name}");
        }
    }
}
