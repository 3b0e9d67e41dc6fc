//! The accounts: what each has spent and what it may do.

use alloc::vec::Vec;

use super::account_state::AccountState;
use super::action::AccountKey;
use super::effect::Effects;
use crate::bounds::ConfigError;
use crate::twitch::Account;
use crate::twitch::connection::End;
use crate::{Instant, Token};

/// All accounts, in the order in which they were added.
#[derive(Debug, Default)]
pub(super) struct Accounts(Vec<AccountState>);

impl Accounts {
    pub(super) fn add(&mut self, account: Account) -> AccountKey {
        let key = AccountKey(self.0.len());
        self.0.push(AccountState::new(key, account));
        key
    }

    pub(super) fn get(&self, key: AccountKey) -> Option<&AccountState> {
        self.0.get(key.0)
    }

    pub(super) fn get_mut(&mut self, key: AccountKey) -> Option<&mut AccountState> {
        self.0.get_mut(key.0)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut AccountState> {
        self.0.iter_mut()
    }

    /// The account with this login; nobody's is called `anonymous`.
    pub(super) fn find(&self, name: &str) -> Option<AccountKey> {
        let found = self.0.iter().find(|account| account.is_called(name));
        found.map(AccountState::key)
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let mut limits = self.0.iter().map(AccountState::limits);
        limits.try_for_each(|limits| limits.check().map_err(|error| error.of("account")))
    }

    pub(super) fn set_token(&mut self, key: AccountKey, token: Token) {
        if let Some(account) = self.get_mut(key) {
            account.set_token(token);
        }
    }

    /// Lets an account log in once more, and at once, because the caller wishes to try again.
    pub(super) fn forgive(&mut self, key: AccountKey) {
        if let Some(account) = self.get_mut(key) {
            account.forgive();
        }
    }

    /// Remembers the failures of a shard that has ended, for the one that takes its place.
    pub(super) fn set_failures(&mut self, key: AccountKey, failures: u32) {
        if let Some(account) = self.get_mut(key) {
            account.failures = failures;
        }
    }

    /// A socket of an account is lost: its token may be of no use any more.
    pub(super) fn lost(&mut self, now: Instant, key: AccountKey, end: End, effects: &mut Effects) {
        if end == End::BadToken
            && let Some(account) = self.get_mut(key)
        {
            account.drop_token(now, effects);
        }
    }

    /// The server does not take the login of an account.
    pub(super) fn reject_login(&mut self, key: AccountKey) {
        if let Some(account) = self.get_mut(key) {
            account.reject_login();
        }
    }

    /// Asks again for the tokens that nobody brought. Where no shard runs any more, none is needed.
    pub(super) fn on_time(
        &mut self,
        now: Instant,
        is_used: impl Fn(AccountKey) -> bool,
        effects: &mut Effects,
    ) {
        for account in self.iter_mut() {
            if account.asks_again_at().is_some_and(|at| at <= now) {
                account.ask_again(now, is_used(account.key()), effects);
            }
        }
    }
}
