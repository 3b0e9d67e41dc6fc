//! Commands that wait for room in the send budget.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::mem;

use crate::event::Ticket;
use crate::send_budget::SendLimits;
use crate::time::Instant;
use crate::wire::command::Command;
use crate::wire::presence::BotPresence;

/// The user's commands, in order; and of the presences the last, which alone matters.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct CommandQueue {
    commands: VecDeque<(Ticket, Command)>,
    presence: Option<(Ticket, Box<BotPresence>)>,
    presences_sent: VecDeque<Instant>,
    /// Presences that another took the place of, not reported yet.
    replaced: Vec<Ticket>,
    tickets: u64,
}

impl CommandQueue {
    /// Puts a command in line; `None` when the line is as long as it may be.
    pub(crate) fn push(&mut self, command: Command, bound: usize) -> Option<Ticket> {
        if self.commands.len() >= bound {
            return None;
        }
        let ticket = self.ticket();
        self.commands.push_back((ticket, command));
        Some(ticket)
    }

    /// Takes a presence in, in place of one that still waits; `None` when too many replaced ones
    /// have not been reported yet.
    pub(crate) fn set_presence(
        &mut self,
        presence: Box<BotPresence>,
        bound: usize,
    ) -> Option<Ticket> {
        if self.replaced.len() >= bound {
            return None;
        }
        let ticket = self.ticket();
        let replaced = self.presence.replace((ticket, presence));
        self.replaced.extend(replaced.map(|(ticket, _)| ticket));
        Some(ticket)
    }

    /// Whether presences were replaced that have not been reported yet.
    pub(crate) const fn has_replaced(&self) -> bool {
        !self.replaced.is_empty()
    }

    /// The presences that were replaced since the last call.
    pub(crate) fn take_replaced(&mut self) -> Vec<Ticket> {
        mem::take(&mut self.replaced)
    }

    fn ticket(&mut self) -> Ticket {
        self.tickets = self.tickets.saturating_add(1);
        Ticket(self.tickets)
    }

    /// Whether something could be sent now, the connection's budget aside.
    pub(crate) fn has_ready(&self, now: Instant, limits: &SendLimits) -> bool {
        self.next_at(now, limits).is_some_and(|at| at <= now)
    }

    /// When something can be sent, the connection's budget aside; `None` if nothing waits.
    pub(crate) fn next_at(&self, now: Instant, limits: &SendLimits) -> Option<Instant> {
        if self.commands.is_empty() {
            self.presence_at(now, limits)
        } else {
            Some(now)
        }
    }

    /// When the presence that waits may be sent by its own limit.
    fn presence_at(&self, now: Instant, limits: &SendLimits) -> Option<Instant> {
        self.presence.as_ref()?;
        let over = self.presences_sent.len().checked_sub(limits.presences);
        let held = over.and_then(|over| self.presences_sent.get(over));
        Some(held.map_or(now, |sent| sent.after(limits.presence_window).max(now)))
    }

    /// The next command to send now; a presence that may go, goes first.
    pub(crate) fn pop(&mut self, now: Instant, limits: &SendLimits) -> Option<(Ticket, Command)> {
        if self.presence_at(now, limits).is_none_or(|at| at > now) {
            return self.commands.pop_front();
        }
        let (ticket, presence) = self.presence.take()?;
        self.presences_sent.push_back(now);
        while self.presences_sent.len() > limits.presences {
            self.presences_sent.pop_front();
        }
        Some((ticket, Command::UpdatePresence(presence)))
    }

    /// Empties the line, and says of each command in it that it was not sent.
    pub(crate) fn clear(&mut self) -> impl Iterator<Item = Ticket> {
        let presence = self.presence.take().map(|(ticket, _)| ticket);
        let commands = mem::take(&mut self.commands);
        presence
            .into_iter()
            .chain(commands.into_iter().map(|(ticket, _)| ticket))
    }
}
