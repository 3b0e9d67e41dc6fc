//! The processes of a bot, as they stand in the table.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Not;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::fleet::FleetReport;
use crate::fleet::lease::queue::{LONGEST, Stamp};
use crate::owners::RunnableShards;
use crate::process_id::ProcessId;

const VERSION: u32 = 1;

/// More processes than that are not counted with.
const MOST: usize = 1_024;

/// One entry of the table: the processes of the bot, in the order in which they came.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ProcessList {
    pub(super) version: u32,
    pub(super) processes: Vec<ListedProcess>,
    /// Its beginning, where there was no list; none any more once it was seen for a lease: until
    /// then processes may be missing that live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) founded: Option<Stamp>,
    /// What a later version says beside that, and is left as it is.
    #[serde(flatten)]
    pub(super) rest: Map<String, Value>,
}

/// What is written of one process.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ListedProcess {
    pub(super) id: ProcessId,
    /// A number that goes up while it lives; none once it has left.
    pub(super) beat: Option<u64>,
    /// How far its shards are, until all is said.
    pub(super) report: Option<FleetReport>,
    pub(super) said: SaidOfBot,
    /// The shards that it can run; earlier versions do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) runs: Option<RunnableShards>,
    /// Whether it runs none because others run the bot with another number of shards.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub(super) is_held_back: bool,
    /// Whether that is since the list is new, and others may be missing.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub(super) is_waiting: bool,
    #[serde(flatten)]
    pub(super) rest: Map<String, Value>,
}

/// What of the whole bot was said to the user, in any process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SaidOfBot {
    pub(super) chunked: bool,
    pub(super) ready: bool,
}

impl ListedProcess {
    /// With its beat, of how many shards it says the bot is; `None` if it has left or does not say.
    fn total(&self) -> Option<(ProcessId, u64, u32)> {
        Some((self.id, self.beat?, self.runs.as_ref()?.total()))
    }
}

impl ProcessList {
    pub(super) fn new() -> Self {
        Self {
            version: VERSION,
            processes: Vec::new(),
            founded: None,
            rest: Map::new(),
        }
    }

    pub(super) fn names(&self, process: ProcessId) -> bool {
        self.of(process).is_some()
    }

    pub(super) fn of(&self, process: ProcessId) -> Option<&ListedProcess> {
        self.processes.iter().find(|it| it.id == process)
    }

    /// Those who have not left, are not held back, and say of how many shards the bot is, in the
    /// order in which they came: each with its beat.
    pub(super) fn totals(&self) -> impl Iterator<Item = (ProcessId, u64, u32)> {
        let processes = self.processes.iter().filter(|it| !it.is_held_back);
        processes.filter_map(ListedProcess::total)
    }

    /// The same for who comes anew: where nobody has said so yet, of those who are about to.
    pub(super) fn expected_totals(&self) -> Vec<(ProcessId, u64, u32)> {
        let known: Vec<_> = self.totals().collect();
        if !known.is_empty() {
            return known;
        }
        let waiting = self.processes.iter().filter(|it| it.is_waiting);
        waiting.filter_map(ListedProcess::total).collect()
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes = Some(bytes).filter(|bytes| bytes.len() <= LONGEST)?;
        let list: Self = serde_json::from_slice(bytes).ok()?;
        (list.version == VERSION && list.processes.len() <= MOST).then_some(list)
    }

    pub(super) fn encode(&self) -> Box<[u8]> {
        serde_json::to_vec(self).unwrap_or_default().into()
    }
}

impl SaidOfBot {
    pub(super) const fn is_all(self) -> bool {
        self.chunked && self.ready
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self {
            chunked: self.chunked || other.chunked,
            ready: self.ready || other.ready,
        }
    }
}
