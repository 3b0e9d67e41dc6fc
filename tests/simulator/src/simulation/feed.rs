//! What goes into the shards, and what they want done.
use super::Simulation;
use super::host::Frame;
use super::network::Parcel;
use super::tolerance::Expected;
use crate::edge::{Accept, Output, Upgrade};
use headcount_core::fleet::{FleetAction, FleetInput};
use headcount_core::session::{DialFailure, Phase};
use headcount_core::wire::command::Command;
use headcount_core::{Action, Event, Input, Instant, Position};
use headcount_driver::record::RunRecorder;
use std::time::Duration;

/// How many times at most a shard may be woken at one time.
const WAKES: u32 = 16;

impl Simulation {
    /// Puts what the gateway says on its way.
    pub(super) fn collect(&mut self) {
        while let Some((connection, output)) = self.gateway.poll_output() {
            let Some(socket) = self.network.socket_of(connection) else {
                continue;
            };
            let parcel = match output {
                Output::Send(text) => Parcel::Down(text.into_bytes()),
                Output::Close(code) => {
                    *self.tally.codes.entry(code).or_default() += 1;
                    Parcel::DownEnd(Some(code))
                }
                Output::Drop => Parcel::DownEnd(None),
            };
            self.network.post(self.now, socket, parcel);
        }
    }

    /// Something has arrived.
    pub(super) fn deliver(&mut self, socket: usize, parcel: Parcel) {
        let frame = match parcel {
            Parcel::Dial { resume_host } => return self.upgrade(socket, resume_host),
            Parcel::Up(bytes) => {
                if let Some(connection) = self.network.socket(socket).connection {
                    self.gateway.receive(self.now, connection, &bytes);
                }
                return;
            }
            Parcel::UpEnd(code) => {
                if let Some(connection) = self.network.socket(socket).connection {
                    self.gateway.closed(self.now, connection, code);
                }
                return;
            }
            Parcel::Opened => Frame::Opened,
            Parcel::Refused => Frame::Refused,
            Parcel::Down(bytes) => Frame::Payload(bytes),
            Parcel::DownEnd(code) => Frame::End(code),
        };
        let host = self.network.socket(socket).host;
        if self.hosts[host].socket == Some(socket) {
            let unread = self.hosts[host].stalled > self.now;
            // A Hello that nobody reads brings no heartbeats.
            self.network.socket_mut(socket).spoiled |= unread;
            self.hosts[host].inbox.push_back(frame);
        }
    }

    fn upgrade(&mut self, socket: usize, resume_host: bool) {
        let upgrade = Upgrade {
            resume_host,
            ..Upgrade::default()
        };
        match self.gateway.upgrade(self.now, upgrade) {
            Accept::Open(id) => self.network.connect(self.now, socket, id),
            Accept::Refuse(_) => self.network.post(self.now, socket, Parcel::Refused),
            Accept::Silent => {}
        }
    }

    /// Reads what has come for a host, and wakes its shard.
    pub(super) fn attend(&mut self, host: usize) {
        if self.hosts[host].down > self.now {
            return;
        }
        self.hear_stores(host);
        self.read_on(host);
        while self.hosts[host].stalled <= self.now
            && let Some(frame) = self.hosts[host].inbox.pop_front()
        {
            self.read(host, &frame);
        }
        let shown = self.clock.read(self.now);
        let due = |at: Instant| at.as_millis() <= shown;
        for wake in 0.. {
            let deadline = self.hosts[host].shard.poll_timeout();
            let Some(deadline) = deadline.filter(|it| due(it.at)) else {
                break;
            };
            if wake == WAKES || self.failure.is_some() {
                return self.fail(format!("s{host} is woken again and again: {deadline:?}"));
            }
            match self.hosts[host].unread_since.replace(shown) {
                Some(since) => {
                    let missed = Duration::from_millis(shown.saturating_sub(since));
                    self.feed(host, Input::Unread { missed });
                }
                None => {
                    self.hosts[host].unread_since = None;
                    self.feed(host, Input::Timeout);
                }
            }
        }
        self.revive(host);
    }

    /// A host that has stalled and goes on says how long it did.
    fn read_on(&mut self, host: usize) {
        let shown = self.clock.read(self.now);
        let it = &mut self.hosts[host];
        if it.stalled <= self.now
            && let Some(since) = it.unread_since.take()
        {
            let missed = Duration::from_millis(shown.saturating_sub(since));
            self.feed(host, Input::Unread { missed });
        }
    }

    fn read(&mut self, host: usize, frame: &Frame) {
        let input = match frame {
            Frame::Opened => Input::Opened,
            Frame::Refused => Input::DialFailed(DialFailure::Other),
            Frame::Payload(bytes) => Input::Payload(bytes),
            Frame::End(code) => Input::Closed(*code),
        };
        if let Frame::Refused | Frame::End(_) = frame {
            self.hosts[host].socket = None;
            self.hosts[host].inbox.clear();
        }
        self.feed(host, input);
    }

    /// Hands an input to a shard, does what it wants, and looks whether all is well.
    pub(super) fn feed(&mut self, host: usize, input: Input<'_>) {
        if self.failure.is_some() {
            return;
        }
        let shown = Instant::from_millis(self.clock.read(self.now));
        self.note_input(host, input);
        let before = self.standing(host);
        let it = &mut self.hosts[host];
        if let Some(journal) = &mut it.journal {
            journal.acknowledge(self.now, &mut it.shard);
        }
        self.record_acknowledged(host, before);
        self.record(|recorder| recorder.input(host, shown, &input));
        let it = &mut self.hosts[host];
        let actions = it.shard.handle(shown, input);
        if let Some(recorder) = &mut self.recorder {
            recorder.actions(host, &actions);
        }
        if let Some(journal) = &mut it.journal {
            journal.move_on(&it.shard);
        }
        let (mut emitted, mut expected) = (None, Expected::default());
        let mut grants = Vec::new();
        for action in actions {
            match action {
                Action::Mutate(mutation) => {
                    let late = mutation.origin().map(|at| at.sequence) == emitted;
                    if late && emitted.is_some() {
                        self.fail(format!("s{host}: a mutation after its event, {emitted:?}"));
                    }
                    self.apply(host, mutation);
                }
                Action::Emit(event) => {
                    if let Event::Dispatch(dispatch) = &event {
                        emitted = dispatch.sequence();
                    }
                    self.hold_to_tolerance(host, &mut expected, &event);
                    self.emit(host, &event, &mut grants);
                }
                Action::WantIdentify => {
                    let id = self.hosts[host].id;
                    let granted = self.fleet.handle(shown, FleetInput::WantIdentify(id));
                    grants.extend(granted);
                }
                Action::Confirm(barrier) => self.confirm(host, barrier),
                Action::Connect { url } => self.connect(host, &url),
                Action::Send(command) => self.send(host, &command),
                Action::Close(code) => self.close(host, code),
            }
        }
        self.write_down(host);
        self.hold_to_the_rest(host, &expected);
        self.recount(host);
        self.grant(grants);
    }

    /// All that came of an input has been handed on.
    fn write_down(&mut self, host: usize) {
        let before = self.standing(host);
        let it = &mut self.hosts[host];
        let Some(journal) = &mut it.journal else {
            return;
        };
        journal.settle();
        let bounded = |recorded| self.snapshots.bounded(self.now, recorded);
        let written = journal.write(self.now, &mut it.shard, bounded);
        self.record_acknowledged(host, before);
        match written {
            Ok(sequence) => {
                let recorded = sequence.into_iter();
                recorded.for_each(|it| self.record(|recorder| recorder.recorded(host, it)));
            }
            Err(wrong) => self.fail(format!("s{host}: {wrong}")),
        }
    }

    /// Notes in the recording, if there is one, what is done to a shard.
    pub(super) fn record(&mut self, note: impl FnOnce(&mut RunRecorder)) {
        if let Some(recorder) = &mut self.recorder {
            note(recorder);
        }
    }

    /// All that acknowledging can change of a shard.
    fn standing(&self, host: usize) -> (Option<Position>, u64) {
        let shard = &self.hosts[host].shard;
        (shard.acknowledged(), shard.guild_changes())
    }

    fn record_acknowledged(&mut self, host: usize, before: (Option<Position>, u64)) {
        let now = self.standing(host);
        if let Some(at) = now.0.filter(|_| now != before) {
            self.record(|recorder| recorder.acknowledged(host, at.sequence));
        }
    }

    fn note_input(&mut self, host: usize, input: Input<'_>) {
        let what = match input {
            Input::Timeout => "timeout",
            Input::Opened => "opened",
            Input::Payload(bytes) => return self.note_payload(host, bytes),
            Input::Closed(_) => "closed",
            Input::DialFailed(_) => "dial failed",
            Input::Unread { .. } => "unread",
            Input::IdentifyGranted => "granted",
            Input::Stored(_) => "stored",
            Input::StoreFailed(_) => "a store failed",
            Input::Crashed => "crashed",
        };
        if input != Input::Timeout {
            self.tally.steps += 1;
        }
        if let Input::Unread { .. } = input {
            let phase = self.hosts[host].shard.phase();
            self.tally.mark(format!("session: {phase:?} is unread"));
        }
        self.trace
            .line(self.now, Some(host), format_args!("< {what}"));
    }

    fn note_payload(&mut self, host: usize, bytes: &[u8]) {
        self.tally.steps += 1;
        let head = String::from_utf8_lossy(&bytes[..bytes.len().min(72)]);
        let op = head.split_once("\"op\":").map(|(_, rest)| rest);
        let op = op
            .and_then(|rest| rest.split([',', '}']).next())
            .unwrap_or("none");
        if op != "0" {
            let phase = self.hosts[host].shard.phase();
            self.tally.mark(format!("session: {phase:?} hears op {op}"));
        }
        self.trace.line(
            self.now,
            Some(host),
            format_args!("< {} bytes {head}", bytes.len()),
        );
    }

    fn emit(&mut self, host: usize, event: &Event<'_>, grants: &mut Vec<FleetAction>) {
        self.mark_event(host, event);
        if let Some(journal) = &mut self.hosts[host].journal {
            journal.take(self.now, event);
        }
        if let Err(wrong) = self.hosts[host].book.note(event) {
            self.fail(format!("s{host}: {wrong}"));
        }
        self.note_known_guilds(host, event);
        let shown = Instant::from_millis(self.clock.read(self.now));
        let id = self.hosts[host].id;
        let actions: Vec<FleetAction> = self
            .fleet
            .handle(shown, FleetInput::Event(id, event))
            .into_iter()
            .collect();
        for action in &actions {
            if let FleetAction::Emit(event) = action {
                self.hold_fleet_to_restored(event);
            }
        }
        grants.extend(actions);
    }

    /// Carries out what the fleet wants.
    fn grant(&mut self, actions: Vec<FleetAction>) {
        for action in actions {
            match action {
                FleetAction::Grant(id) => {
                    let host = id.number() as usize;
                    if self.hosts[host].down <= self.now {
                        self.feed(host, Input::IdentifyGranted);
                    }
                }
                FleetAction::Emit(event) => self.note_fleet(&event),
            }
        }
    }

    pub(super) fn wake_fleet(&mut self) {
        let shown = Instant::from_millis(self.clock.read(self.now));
        let actions = self
            .fleet
            .handle(shown, FleetInput::Timeout)
            .into_iter()
            .collect();
        self.grant(actions);
    }

    fn connect(&mut self, host: usize, url: &str) {
        let resume_host = url == "ws://resume";
        let socket = self.network.dial(self.now, host, resume_host);
        self.hosts[host].socket = Some(socket);
        self.hosts[host].inbox.clear();
        self.trace
            .line(self.now, Some(host), format_args!("> connect {url}"));
    }

    fn close(&mut self, host: usize, code: u16) {
        self.trace
            .line(self.now, Some(host), format_args!("> close {code}"));
        if let Some(socket) = self.hosts[host].socket.take() {
            self.network
                .post(self.now, socket, Parcel::UpEnd(Some(code)));
        }
        self.hosts[host].inbox.clear();
    }

    /// Puts a command on its way; a connection begins with one identify or resume.
    fn send(&mut self, host: usize, command: &Command) {
        let mut scratch = std::mem::take(&mut self.scratch);
        let text = command.encode(&mut scratch);
        let head = text.get(..12.min(text.len())).unwrap_or_default();
        self.trace.line(
            self.now,
            Some(host),
            format_args!("> {} bytes {head}", text.len()),
        );
        self.note_sync(host, command);
        let opens = matches!(command, Command::Identify(_) | Command::Resume(_));
        let Some(socket) = self.hosts[host].socket else {
            return self.fail(format!("s{host} sends without a connection: {head}"));
        };
        if self.network.socket(socket).spoke == opens {
            self.fail(format!("s{host} sends {head} at the wrong time"));
        }
        self.network.socket_mut(socket).spoke = true;
        if let Command::Identify(_) = command {
            let shown = self.clock.read(self.now);
            self.identified.insert(self.hosts[host].id, shown);
        }
        self.network
            .post(self.now, socket, Parcel::Up(text.as_bytes().to_vec()));
        self.scratch = scratch;
    }

    /// Notes which guilds are synced, and which of them again.
    fn note_sync(&mut self, host: usize, command: &Command) {
        let Command::GuildSync(guilds) = command else {
            return;
        };
        for guild in guilds {
            let first = self.hosts[host].book.synced.insert(*guild);
            let name = if first { "once" } else { "again" };
            self.tally.mark(format!("sync: {name}"));
        }
    }

    /// Starts a shard anew that has ended.
    fn revive(&mut self, host: usize) {
        if self.hosts[host].shard.phase() != Phase::Halted || self.failure.is_some() {
            return;
        }
        let left =
            !self.hosts[host].book.asked.is_empty() || !self.hosts[host].book.tickets.is_empty();
        if left {
            return self.fail(format!(
                "s{host} ended, and left requests or commands without end"
            ));
        }
        let session = self.hosts[host].session();
        let how = if session.is_some() {
            "its session"
        } else {
            "nothing"
        };
        self.trace.line(
            self.now,
            Some(host),
            format_args!("# starts anew with {how}"),
        );
        self.tally.mark(format!("host: starts anew with {how}"));
        self.excuse_restart(self.now);
        let rows = self.rows_here(host, session.as_ref());
        self.restart(host, session, rows);
    }
}
