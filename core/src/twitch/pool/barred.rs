//! Accounts whose login the server does not take.

use alloc::vec::Vec;

use super::action::{Action, Event, ManagerKey};
use super::{Out, Pool};
use crate::manager::ShardKey;

impl Pool {
    /// The server does not take an account's login: its shards end, and nothing is dialled for it.
    /// While another link of the account is logged in, the login is good, and this is a failure
    /// like any other.
    pub(super) fn bar(&mut self, account: usize, out: Out<'_, '_>) {
        let logged_in = |link: &super::Link| link.account == account && link.is_ready();
        if self.links.values().any(logged_in) {
            return;
        }
        if let Some(ledger) = self.accounts.get_mut(account) {
            ledger.barred = true;
        }
        for (manager, shard) in self.shards_on(account) {
            out.push(Action::Emit(Event::Barred { manager, shard }));
            self.end_shard(manager, shard);
        }
    }

    /// The running shards of an account.
    pub(super) fn shards_on(&self, account: usize) -> Vec<(ManagerKey, ShardKey)> {
        let mut found = Vec::new();
        for (number, squad) in self.squads.iter().enumerate() {
            let runners = squad.runners.iter();
            let its = runners.filter(|(_, runner)| runner.account == account);
            found.extend(its.map(|(shard, _)| (ManagerKey(number), *shard)));
        }
        found
    }

    /// A start is a wish to try again: the accounts of a manager's shards may log in once more, and
    /// at once.
    pub(super) fn forgive(&mut self, manager: ManagerKey) {
        let Some(squad) = self.squads.get(manager.0) else {
            return;
        };
        let shards = squad.supervisor.roster().shards();
        let accounts = shards.filter_map(|(_, shard)| self.account_for(manager, shard.spec()));
        for account in accounts.collect::<Vec<_>>() {
            if let Some(ledger) = self.accounts.get_mut(account) {
                ledger.barred = false;
                ledger.failures = 0;
            }
        }
    }
}
