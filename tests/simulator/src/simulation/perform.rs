//! Doing what a step says.
use super::journal::Journal;
use super::restored::HostRows;
use super::{Simulation, fleet};
use crate::act::Act;
use crate::edge::Millis;
use crate::scenario::{Clock, Line, RowsLeft, Step};
use headcount_core::chunk::MemberQuery;
use headcount_core::id::GuildId;
use headcount_core::session::OnStop;
use headcount_core::wire::command::Command;
use headcount_core::{Instant, Session};
use std::time::Duration;

/// Requests of the user under way at once; those of one guild pass its gate one by one.
const MOST_ASKED: usize = 8;

impl Simulation {
    pub(super) fn perform(&mut self, step: Step) {
        let fault = step.fault();
        if let Some(name) = fault {
            self.trace
                .line(self.now, None, format_args!("# fault: {name}: {step:?}"));
        }
        match step {
            Step::Wait(time) => self.run_until(self.now + time),
            Step::Server(act, name) => self.act(act, name),
            Step::Line(host, line) => self.line(host, &line, fault),
            Step::Clock(clock) => self.disturb(clock, fault),
            Step::Stall(host, time) => {
                self.count(fault);
                // A host that sleeps does not read either.
                let since = self.clock.last_awake(self.now);
                let host = &mut self.hosts[host];
                host.stalled = host.stalled.max(self.now + time);
                host.unread_since.get_or_insert(since);
            }
            Step::Ask(host, guild, query, presences) => self.ask(host, guild, query, presences),
            Step::Send(host, command) => self.queue(host, *command),
            Step::Chunking(host, mode) => {
                let chunking = mode.into();
                self.record(|recorder| recorder.set_chunking(host, &chunking));
                self.hosts[host].shard.set_chunking(chunking);
            }
            Step::Stop(host, on_stop) => self.stop(host, on_stop),
            Step::Crash(host) => {
                self.count(fault);
                self.crash(host);
            }
            Step::Kill { pause, rows } => {
                self.count(fault);
                self.kill(pause, rows);
            }
        }
    }

    fn count(&mut self, fault: Option<&'static str>) {
        if let Some(name) = fault {
            self.tally.fault(name);
        }
    }

    pub(super) fn act(&mut self, act: Act, name: Option<&'static str>) {
        // An injected fault counts when it strikes.
        if !matches!(act, Act::Inject(_)) {
            self.count(name);
        }
        self.guilds += u32::from(matches!(act, Act::CreateGuild { .. }));
        if name.is_none() {
            self.trace.line(self.now, None, format_args!("# {act:?}"));
        }
        if let Act::ForgetSessions(target) = act {
            // A server that forgets a session ends its connection; nothing else would tell.
            self.gateway.act(self.now, Act::Cut(target));
        }
        self.gateway.act(self.now, act);
    }

    /// A line counts as faulty only when there is one, or will be.
    fn line(&mut self, host: usize, line: &Line, fault: Option<&'static str>) {
        let socket = self.hosts[host].socket;
        if socket.is_some()
            || matches!(
                line,
                Line::Refuse(_) | Line::Vanish(_) | Line::Mute(_) | Line::Forge { .. }
            )
        {
            self.count(fault);
        }
        self.network.suffer(self.now, host, socket, line);
    }

    fn disturb(&mut self, clock: Clock, fault: Option<&'static str>) {
        self.count(fault);
        self.excuses.pace(self.now);
        for host in &self.hosts {
            if let Some(socket) = host.socket {
                self.network.socket_mut(socket).spoiled = true;
            }
        }
        match clock {
            Clock::Forward(time) => self.clock.jump(self.now, time, 0),
            Clock::Backward(time) => self.clock.jump(self.now, 0, time),
            Clock::Stuck(time) => self.clock.stick(self.now, time),
            Clock::Asleep(time) => self.clock.sleep(self.now, time),
            Clock::Unaware(time) => {
                self.clock.stick(self.now, time);
                self.clock.sleep(self.now, time);
            }
        }
        self.excuses.beats(self.now, clock);
    }

    fn ask(&mut self, host: usize, guild: GuildId, query: MemberQuery, presences: bool) {
        let is_down = self.hosts[host].down > self.now;
        if is_down || self.hosts[host].book.asked.len() >= MOST_ASKED {
            return;
        }
        self.record(|recorder| recorder.request(host, guild, &query, presences));
        let asked = self.hosts[host]
            .shard
            .request_members(guild, query, presences);
        let answer = asked.as_ref().map(ToString::to_string);
        self.trace.line(
            self.now,
            Some(host),
            format_args!("# asks for {guild}: {answer:?}"),
        );
        match asked {
            Ok(request) => {
                self.tally.steps += 1;
                self.hosts[host].book.asked.insert(request);
            }
            Err(error) => {
                let name = format!("{error:?}");
                let name = name.split(['(', ' ']).next().unwrap_or_default();
                self.tally.mark(format!("request: {name}"));
            }
        }
    }

    fn queue(&mut self, host: usize, command: Command) {
        if self.hosts[host].down > self.now {
            return;
        }
        self.record(|recorder| recorder.send(host, &command));
        if let Ok(ticket) = self.hosts[host].shard.send(command) {
            self.tally.steps += 1;
            self.hosts[host].book.tickets.insert(ticket);
        }
    }

    fn stop(&mut self, host: usize, on_stop: OnStop) {
        self.tally.steps += 1;
        self.trace
            .line(self.now, Some(host), format_args!("# stop, {on_stop:?}"));
        self.record(|recorder| recorder.stop(host, on_stop));
        self.hosts[host].shard.stop(on_stop);
    }

    /// The process of the shard is gone; its system closes the connection.
    fn crash(&mut self, host: usize) {
        self.hang_up(host);
        self.excuse_restart(self.now);
        self.restart(host, None, None);
    }

    /// Another process takes the shard over, with this session and these rows if there are any.
    pub(super) fn restart(
        &mut self,
        host: usize,
        session: Option<Session>,
        rows: Option<HostRows>,
    ) {
        let it = &mut self.hosts[host];
        let (id, kept) = (it.id, session.clone());
        let seed = it.restart(&self.setting, session, rows, self.guilds);
        let begun = self
            .recorder
            .as_mut()
            .map(|it| it.begin(host, id, seed, kept.as_ref()));
        if let Some(Err(wrong)) = begun {
            self.fail(format!("s{host}: {wrong}"));
        }
    }

    /// The fleet of a new process, which knows when those before it identified.
    fn begin_fleet(&mut self) {
        let shown = self.clock.read(self.now);
        self.fleet = fleet(&self.setting, shown);
        for (shard, at) in &self.identified {
            let ago = Duration::from_millis(shown.saturating_sub(*at));
            let now = Instant::from_millis(shown);
            self.fleet.identified_before(now, *shard, ago);
        }
    }

    fn hang_up(&mut self, host: usize) {
        let socket = self.hosts[host].socket.take();
        let end = Line::Cut {
            down: 0,
            up: 2,
            noticed: true,
        };
        self.network.suffer(self.now, host, socket, &end);
    }

    /// The process of all shards is gone; the next one has what it wrote down.
    fn kill(&mut self, pause: Millis, left: RowsLeft) {
        self.kills += 1;
        self.witness = None;
        let begins = self.now + pause;
        self.snapshots.die(begins);
        let found = self.find_rows(begins, left);
        for host in 0..self.hosts.len() {
            self.hang_up(host);
            let written = self.hosts[host].journal.as_mut().and_then(Journal::die);
            let rows = match (left, &found, &written) {
                (RowsLeft::All, _, session) => self.rows_here(host, session.as_ref()),
                (_, Some(found), Some(session)) => found.of(session, begins, self.guilds),
                (_, None, _) | (_, _, None) => None,
            };
            let how = match (&written, &rows) {
                (Some(_), Some(_)) => "its session and rows",
                (Some(_), None) => "its session",
                (None, _) => "nothing",
            };
            self.tally.mark(format!("process: begins with {how}"));
            self.trace
                .line(self.now, Some(host), format_args!("# begins with {how}"));
            let stored = rows.as_ref().map(|rows| rows.ended);
            self.restart(host, written, rows);
            let it = &mut self.hosts[host];
            (it.down, it.after_kill) = (begins, true);
            if left != RowsLeft::All {
                (it.stored, it.rows_lost) = (stored.unwrap_or(0), stored.is_none());
            }
            it.summed = None;
            it.ready = None;
        }
        self.excuse_restart(begins);
        self.begin_fleet();
        self.fleet_emitted.clear();
        if left != RowsLeft::All {
            self.inherit(found);
        }
    }
}
