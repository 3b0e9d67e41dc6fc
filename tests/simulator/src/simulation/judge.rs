//! The rules of the protocol that the model saw broken, and when that is nobody's fault.
use super::Simulation;
use crate::edge::Millis;
use crate::rules::{Rule, Violation};
use crate::scenario::Clock;

/// Longer than any pace of the protocol.
const PACE: Millis = 70_000;

/// Until when which rule may be broken, because a clock or a process was.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Excuses {
    pace: Millis,
    budgets: Millis,
    beats: Millis,
    judged: usize,
}

impl Excuses {
    /// A clock jumped.
    pub(super) fn pace(&mut self, now: Millis) {
        self.pace = self.pace.max(now + PACE);
        self.budgets(now);
    }

    /// What knew when something was sent is gone, but for when shards identified.
    fn budgets(&mut self, now: Millis) {
        self.budgets = self.budgets.max(now + PACE);
    }

    /// A clock or a host stands still for a while.
    pub(super) fn beats(&mut self, now: Millis, clock: Clock) {
        let (Clock::Forward(time)
        | Clock::Backward(time)
        | Clock::Stuck(time)
        | Clock::Asleep(time)
        | Clock::Unaware(time)) = clock;
        self.beats = self.beats.max(now) + time + PACE;
    }
}

impl Simulation {
    /// A shard, or its process, begins anew at this time. The fleet knows when shards identified
    /// before; one that keeps its pace by itself does not.
    pub(super) fn excuse_restart(&mut self, at: Millis) {
        match self.setting.fleet {
            true => self.excuses.budgets(at),
            false => self.excuses.pace(at),
        }
    }

    /// Fails for every rule that was broken without an excuse.
    pub(super) fn judge_rules(&mut self) {
        let broken: Vec<Violation> = self.gateway.violations()[self.excuses.judged..].to_vec();
        self.excuses.judged += broken.len();
        for violation in broken {
            if self.is_excused(&violation) {
                self.trace
                    .line(self.now, None, format_args!("# excused: {violation}"));
            } else {
                self.fail(format!("rule broken: {violation}"));
            }
        }
    }

    fn is_excused(&self, violation: &Violation) -> bool {
        let socket = violation
            .connection
            .and_then(|id| self.network.socket_of(id));
        let socket = socket.map(|socket| self.network.socket(socket));
        match violation.rule {
            Rule::Heartbeat => {
                self.now < self.excuses.beats || socket.is_some_and(|socket| socket.spoiled)
            }
            Rule::IdentifyPace => self.now < self.excuses.pace || self.network.is_late(self.now),
            Rule::SendBudget | Rule::RequestPace | Rule::PresencePace => {
                self.now < self.excuses.budgets || self.network.is_late(self.now)
            }
            // What was on its way when the server ended the session.
            Rule::Authentication => socket.is_some_and(|socket| socket.spoke),
            _ => false,
        }
    }
}
