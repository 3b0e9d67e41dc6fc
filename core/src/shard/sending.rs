//! What a shard has to send: commands of the user, and member requests.

use crate::action::{Action, Actions};
use crate::event::{CommandFinished, CommandOutcome, Event};
use crate::send_budget::Rank;
use crate::session::state::State;
use crate::shard::Shard;
use crate::time::Instant;

impl Shard {
    /// When the next command or member request can go out.
    pub(super) fn send_deadline(&self) -> Option<Instant> {
        let State::Active { live, .. } = self.session.state() else {
            return None;
        };
        let with_room =
            |at: Instant, rank| live.budget.room_at(rank).map_or(at, |room| room.max(at));
        let command = self
            .command_queue
            .next_at(self.now, &self.session.config().limits);
        let command = command.map(|at| with_room(at, Rank::Command));
        let request = self
            .tracker
            .sendable_at()
            .map(|at| with_room(at, Rank::Request));
        command.into_iter().chain(request).min()
    }

    pub(super) fn drop_commands(&mut self, outcome: CommandOutcome, out: &mut Actions<'_>) {
        self.emit_replaced(out);
        for ticket in self.command_queue.clear() {
            out.emit(Event::CommandFinished(CommandFinished { ticket, outcome }));
        }
    }

    fn emit_replaced(&mut self, out: &mut Actions<'_>) {
        for ticket in self.command_queue.take_replaced() {
            let outcome = CommandOutcome::Replaced;
            out.emit(Event::CommandFinished(CommandFinished { ticket, outcome }));
        }
    }

    /// Sends what waits and has room.
    pub(super) fn flush(&mut self, out: &mut Actions<'_>) {
        self.emit_replaced(out);
        while self
            .command_queue
            .has_ready(self.now, &self.session.config().limits)
            && self.session.take_room(self.now, Rank::Command)
        {
            let limits = &self.session.config().limits;
            let Some((ticket, command)) = self.command_queue.pop(self.now, limits) else {
                return;
            };
            out.push(Action::Send(command));
            let outcome = CommandOutcome::Sent;
            out.emit(Event::CommandFinished(CommandFinished { ticket, outcome }));
        }
        while self.tracker.sendable_at().is_some_and(|at| at <= self.now)
            && self.session.has_room(self.now, Rank::Request)
        {
            let Some(command) = self.tracker.next_send(self.now) else {
                return;
            };
            self.session.take_room(self.now, Rank::Request);
            if let Some(loading) = self.tracker.mark_loading(&command) {
                out.push(Action::Mutate(loading));
            }
            out.push(Action::Send(command));
        }
    }
}
