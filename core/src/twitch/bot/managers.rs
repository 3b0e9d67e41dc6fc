//! The shard managers, and what they have decided.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::accounts::Accounts;
use super::action::{AccountKey, ManagerKey};
use super::shard_ref::ShardRef;
use super::wait::PoolWait;
use crate::Instant;
use crate::manager::{Decision, Health, NewShard, Refusal, ShardKey, Supervisor};
use crate::twitch::Room;

/// What a manager has decided, or why it refuses.
pub(super) type Decided = Result<Vec<Decision<Room>>, Refusal<Room>>;

/// Whether the end of a manager is still to be reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EndReport {
    /// It runs, has not started, or its end was reported.
    NotDue,
    /// It was stopped.
    Due,
}

#[derive(Debug)]
struct Managed {
    supervisor: Supervisor<Room>,
    /// Of the shards that name no other.
    account: AccountKey,
    end_report: EndReport,
}

/// All managers, in the order in which they were added.
#[derive(Debug, Default)]
pub(super) struct Managers {
    list: Vec<Managed>,
    /// What is still to be carried out.
    decisions: VecDeque<(ManagerKey, Decision<Room>)>,
}

impl Managers {
    pub(super) fn add(&mut self, supervisor: Supervisor<Room>, account: AccountKey) -> ManagerKey {
        let key = ManagerKey(self.list.len());
        self.list.push(Managed {
            supervisor,
            account,
            end_report: EndReport::NotDue,
        });
        key
    }

    pub(super) fn get(&self, key: ManagerKey) -> Option<&Supervisor<Room>> {
        self.list.get(key.0).map(|managed| &managed.supervisor)
    }

    pub(super) fn is_running(&self, key: ManagerKey) -> bool {
        self.get(key)
            .is_some_and(|manager| manager.roster().is_running())
    }

    /// Asks a manager and queues what it decides.
    pub(super) fn ask(
        &mut self,
        now: Instant,
        key: ManagerKey,
        call: impl FnOnce(&mut Supervisor<Room>, Instant) -> Decided,
    ) -> Result<(), Refusal<Room>> {
        let Some(managed) = self.list.get_mut(key.0) else {
            return Err(Refusal::Other("there is no such manager".into()));
        };
        let decisions = call(&mut managed.supervisor, now)?;
        self.queue(key, decisions);
        Ok(())
    }

    /// Takes a shard's health to its manager and queues what that decides.
    pub(super) fn report(&mut self, now: Instant, at: ShardRef, health: Health) {
        if let Some(managed) = self.list.get_mut(at.manager.0) {
            let decisions = managed.supervisor.report(now, at.shard, health);
            self.queue(at.manager, decisions);
        }
    }

    /// Lets the managers whose time has come look after their shards.
    pub(super) fn on_time(&mut self, now: Instant) {
        for (number, managed) in self.list.iter_mut().enumerate() {
            let deadline = managed.supervisor.poll_timeout();
            if deadline.is_some_and(|at| at <= now) {
                let decisions = managed.supervisor.handle_timeout(now).into_iter();
                let key = ManagerKey(number);
                self.decisions
                    .extend(decisions.map(|decision| (key, decision)));
            }
        }
    }

    pub(super) fn next_deadline(&self) -> Option<(Instant, PoolWait)> {
        let managers = self.list.iter();
        let next = managers.filter_map(|managed| managed.supervisor.poll_timeout());
        next.min().map(|at| (at, PoolWait::Manager))
    }

    fn queue(&mut self, key: ManagerKey, decisions: Vec<Decision<Room>>) {
        let decisions = decisions.into_iter().map(|decision| (key, decision));
        self.decisions.extend(decisions);
    }

    /// Takes a room from a shard whose manager decides nothing, since the shard is stopped.
    pub(super) fn queue_part(&mut self, key: ManagerKey, shard: ShardKey, channel: Room) {
        self.queue(key, alloc::vec![Decision::Part { shard, channel }]);
    }

    pub(super) fn pop_decision(&mut self) -> Option<(ManagerKey, Decision<Room>)> {
        self.decisions.pop_front()
    }

    pub(super) fn has_decisions(&self) -> bool {
        !self.decisions.is_empty()
    }

    /// The account that a shard logs in with: its own, or the manager's.
    pub(super) fn account_for(
        &self,
        key: ManagerKey,
        spec: &NewShard,
        accounts: &Accounts,
    ) -> Option<AccountKey> {
        match spec.account() {
            Some(name) => accounts.find(name),
            None => {
                let own = self.list.get(key.0).map(|managed| managed.account);
                own.filter(|own| accounts.get(*own).is_some())
            }
        }
    }

    /// The accounts of a manager's shards.
    pub(super) fn accounts_of(&self, key: ManagerKey, accounts: &Accounts) -> Vec<AccountKey> {
        let Some(manager) = self.get(key) else {
            return Vec::new();
        };
        let shards = manager.roster().shards();
        shards
            .filter_map(|(_, shard)| self.account_for(key, shard.spec(), accounts))
            .collect()
    }

    /// A manager was stopped: its end is to be reported.
    pub(super) fn stopped(&mut self, key: ManagerKey) {
        self.set_end_report(key, EndReport::Due);
    }

    /// A shard of a manager opens: its end is not to be reported.
    pub(super) fn opens(&mut self, key: ManagerKey) {
        self.set_end_report(key, EndReport::NotDue);
    }

    fn set_end_report(&mut self, key: ManagerKey, end_report: EndReport) {
        if let Some(managed) = self.list.get_mut(key.0) {
            managed.end_report = end_report;
        }
    }

    /// Takes the managers whose end is to be reported now.
    pub(super) fn take_ended(
        &mut self,
        has_socket: impl Fn(ManagerKey) -> bool,
    ) -> Vec<ManagerKey> {
        let mut ended = Vec::new();
        for (number, managed) in self.list.iter_mut().enumerate() {
            let key = ManagerKey(number);
            match managed.end_report {
                EndReport::Due if managed.supervisor.has_ended() && !has_socket(key) => {
                    managed.end_report = EndReport::NotDue;
                    ended.push(key);
                }
                EndReport::Due | EndReport::NotDue => {}
            }
        }
        ended
    }
}
