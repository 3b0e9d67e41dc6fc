//! A Twitch in virtual time that checks every limit when a line arrives.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use headcount_core::Instant;
use headcount_core::manager::ShardKey;
use headcount_core::session::DialFailure;
use headcount_core::twitch::{
    IrcMessage, ManagerKey, Pool, PoolAction, PoolEvent, PoolInput, Room, SayOutcome, SocketId,
};

use crate::dice::Dice;

/// What happens next.
enum Next {
    Opened(SocketId),
    DialFailed(SocketId),
    /// Bytes reach the client.
    Down(SocketId, Vec<u8>),
    /// A line reaches the server.
    Up(SocketId, String),
    /// The server gets in a room and answers so.
    Admit(SocketId, Room),
    /// The client's socket ends.
    Closed(SocketId),
    /// The server loses the socket.
    Gone(SocketId),
    Chat,
}

#[derive(Default)]
struct Socket {
    login: Option<String>,
    rooms: BTreeSet<Room>,
    /// JOINs that are still worked on; a PART ends them.
    coming: BTreeSet<Room>,
    /// Nothing gets through any more, and nobody says so.
    deaf: bool,
    up_at: u64,
    down_at: u64,
}

#[derive(Default)]
pub(crate) struct Usage {
    pub(crate) joins: VecDeque<u64>,
    pub(crate) logins: VecDeque<u64>,
    pub(crate) plain: VecDeque<u64>,
    pub(crate) all: VecDeque<u64>,
    pub(crate) most_rooms: usize,
}

/// How the server behaves.
#[derive(Clone, Default)]
pub(crate) struct Manners {
    pub(crate) missing: BTreeSet<Room>,
    pub(crate) banned: BTreeSet<Room>,
    pub(crate) moderated: BTreeSet<Room>,
    /// Per cent of JOINs that are dropped, and that take long.
    pub(crate) dropped: u64,
    pub(crate) slow: u64,
    pub(crate) dial_failures: u64,
    pub(crate) bad_tokens: u64,
    /// Milliseconds between two chat messages in each room; 0 for none.
    pub(crate) chat_every: u64,
}

pub(crate) struct World {
    pub(crate) pool: Pool,
    pub(crate) manners: Manners,
    pub(crate) dice: Dice,
    pub(crate) usage: BTreeMap<String, Usage>,
    pub(crate) logins: BTreeMap<usize, String>,
    pub(crate) said: BTreeMap<String, usize>,
    pub(crate) outcomes: BTreeMap<u64, SayOutcome>,
    pub(crate) seen: BTreeMap<(ManagerKey, String), usize>,
    pub(crate) events: Vec<(u64, String)>,
    pub(crate) joined: BTreeMap<(ManagerKey, Room), (ShardKey, u64)>,
    pub(crate) rejoins: Vec<Duration>,
    pub(crate) tokens_wanted: usize,
    pub(crate) ended: usize,
    now: u64,
    queue: BTreeMap<(u64, u64), Next>,
    serial: u64,
    sockets: BTreeMap<SocketId, Socket>,
    next_message: u64,
}

impl World {
    pub(crate) fn new(pool: Pool, manners: Manners, seed: u64) -> Self {
        let mut new = Self {
            pool,
            manners,
            dice: Dice(seed * 2 + 1),
            usage: BTreeMap::new(),
            logins: BTreeMap::new(),
            said: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            seen: BTreeMap::new(),
            events: Vec::new(),
            joined: BTreeMap::new(),
            rejoins: Vec::new(),
            tokens_wanted: 0,
            ended: 0,
            now: 0,
            queue: BTreeMap::new(),
            serial: 0,
            sockets: BTreeMap::new(),
            next_message: 0,
        };
        if new.manners.chat_every > 0 {
            new.at(1, Next::Chat);
        }
        new
    }

    pub(crate) fn now(&self) -> u64 {
        self.now
    }

    pub(crate) fn time(&self) -> Instant {
        Instant::from_millis(self.now)
    }

    fn at(&mut self, at: u64, next: Next) {
        self.serial += 1;
        self.queue.insert((at, self.serial), next);
    }

    pub(crate) fn sockets(&self) -> Vec<SocketId> {
        self.sockets.keys().copied().collect()
    }

    pub(crate) fn rooms_of(&self, id: SocketId) -> usize {
        self.sockets.get(&id).map_or(0, |socket| socket.rooms.len())
    }

    /// How many sockets are in a room.
    pub(crate) fn crowd(&self, room: Room) -> usize {
        let there = |socket: &&Socket| socket.rooms.contains(&room);
        self.sockets.values().filter(there).count()
    }

    pub(crate) fn run_for(&mut self, span: Duration) {
        let end = self.now + u64::try_from(span.as_millis()).unwrap();
        let mut spins = 0;
        loop {
            let queued = self.queue.first_key_value().map(|((at, _), _)| *at);
            let due = self.pool.poll_timeout().map(|(at, _)| at.as_millis());
            let next = queued.into_iter().chain(due).min().unwrap_or(u64::MAX);
            if next > end {
                self.now = end;
                return;
            }
            spins = if next > self.now { 0 } else { spins + 1 };
            assert!(spins < 10_000, "it spins: {:?}", self.pool.poll_timeout());
            self.now = self.now.max(next);
            if due.is_some_and(|due| queued.is_none_or(|queued| due <= queued)) {
                self.send(&Next::Chat);
            } else if let Some((_, next)) = self.queue.pop_first() {
                self.happen(next);
            }
        }
    }

    /// Gives the pool an input (`Chat` stands for the timeout) and carries its actions out.
    fn send(&mut self, what: &Next) {
        let input = match what {
            Next::Opened(id) => PoolInput::Opened(*id),
            Next::DialFailed(id) => PoolInput::DialFailed(*id, DialFailure::Other),
            Next::Down(id, bytes) => PoolInput::Frame(*id, bytes),
            Next::Closed(id) => PoolInput::Closed(*id),
            Next::Up(..) | Next::Admit(..) | Next::Gone(_) | Next::Chat => PoolInput::Timeout,
        };
        let actions = self.pool.handle(Instant::from_millis(self.now), input);
        for action in actions {
            self.carry_out(action);
        }
    }

    fn carry_out(&mut self, action: PoolAction<'_>) {
        match action {
            PoolAction::Connect {
                socket: id,
                account,
            } => {
                let wait = self.now + self.dice.roll(20, 400);
                if self.dice.chance(self.manners.dial_failures) {
                    return self.at(wait, Next::DialFailed(id));
                }
                let login = self.logins.get(&account.get()).cloned();
                assert!(login.is_some(), "every account of a test is known");
                self.sockets.insert(id, Socket::default());
                self.at(wait, Next::Opened(id));
            }
            PoolAction::Send {
                socket: id,
                command,
            } => {
                let mut line = String::new();
                command.encode(&mut line).unwrap();
                let wait = self.now + self.dice.roll(5, 200);
                let Some(socket) = self.sockets.get_mut(&id) else {
                    return;
                };
                socket.up_at = socket.up_at.max(wait);
                let at = socket.up_at;
                self.at(at, Next::Up(id, line));
            }
            PoolAction::Close { socket: id } => {
                self.at(self.now + 30, Next::Gone(id));
                self.at(self.now + 40, Next::Closed(id));
            }
            PoolAction::WantToken { account } => {
                self.tokens_wanted += 1;
                self.pool
                    .set_token(account, headcount_core::Token::new("oauth:fresh"));
            }
            PoolAction::Emit(event) => self.note(event),
        }
    }

    fn note(&mut self, event: PoolEvent<'_>) {
        match &event {
            PoolEvent::Message {
                manager, message, ..
            } => {
                if let Some(id) = message.tag("id") {
                    *self.seen.entry((*manager, id.raw().into())).or_default() += 1;
                }
                return;
            }
            PoolEvent::Joined {
                manager,
                shard,
                room,
                ..
            }
            | PoolEvent::HandedOver {
                manager,
                shard,
                room,
            } => {
                self.joined.insert((*manager, *room), (*shard, self.now));
            }
            PoolEvent::Said { id, outcome, .. } => {
                let before = self.outcomes.insert(id.get(), outcome.clone());
                assert!(before.is_none(), "an outcome comes once");
            }
            PoolEvent::Ended { .. } => self.ended += 1,
            _ => {}
        }
        if let PoolEvent::Joined {
            again: true, took, ..
        } = &event
        {
            self.rejoins.push(*took);
        }
        self.events.push((self.now, format!("{event:?}")));
    }

    fn happen(&mut self, next: Next) {
        match &next {
            Next::Up(id, line) => {
                if let Ok(message) = IrcMessage::parse(line.as_bytes()) {
                    self.serve(*id, &message);
                }
            }
            Next::Admit(id, room) => self.admit(*id, *room),
            Next::Gone(id) => {
                self.sockets.remove(id);
            }
            Next::Chat => self.chat(),
            Next::Opened(_) | Next::DialFailed(_) | Next::Down(..) | Next::Closed(_) => {
                self.send(&next);
            }
        }
    }

    /// Sends lines to a client, in order.
    fn reply(&mut self, id: SocketId, text: String) {
        let wait = self.now + self.dice.roll(5, 200);
        let Some(socket) = self.sockets.get_mut(&id) else {
            return;
        };
        if socket.deaf {
            return;
        }
        socket.down_at = socket.down_at.max(wait);
        let at = socket.down_at;
        self.at(at, Next::Down(id, text.into_bytes()));
    }

    /// The server ends a socket.
    pub(crate) fn kill(&mut self, id: SocketId) {
        if self.sockets.remove(&id).is_some() {
            self.at(self.now + 200, Next::Closed(id));
        }
    }

    pub(crate) fn deafen(&mut self, id: SocketId) {
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.deaf = true;
        }
    }

    /// The server announces the end of a socket, and ends it later.
    pub(crate) fn reconnect(&mut self, id: SocketId, after: u64) {
        self.reply(id, ":tmi.twitch.tv RECONNECT\r\n".into());
        self.at(self.now + after, Next::Gone(id));
        self.at(self.now + after + 200, Next::Closed(id));
    }

    pub(crate) fn send_nonsense(&mut self, id: SocketId) {
        let nonsense = "@=;; :\r\nPRIVMSG\r\n:x JOIN\r\n@x=1 PRIVMSG # :a\r\nNOTICE #a\r\n\r\n";
        self.reply(id, nonsense.into());
        self.reply(id, format!("PRIVMSG #a :{}\r\n", "x".repeat(10_000)));
    }

    /// Everybody says something in every room where somebody listens.
    fn chat(&mut self) {
        let every = self.manners.chat_every;
        self.at(self.now + every, Next::Chat);
        let rooms: BTreeSet<Room> = self
            .sockets
            .values()
            .flat_map(|socket| socket.rooms.iter().copied())
            .collect();
        for room in rooms {
            self.next_message += 1;
            let id = self.next_message;
            let line = format!("@id=m{id} :ann!ann@ann.tmi.twitch.tv PRIVMSG {room} :hi\r\n");
            for id in self.sockets() {
                if self.sockets[&id].rooms.contains(&room) {
                    self.reply(id, line.clone());
                }
            }
        }
    }

    pub(crate) fn messages_sent(&self) -> u64 {
        self.next_message
    }

    fn serve(&mut self, id: SocketId, message: &IrcMessage<'_>) {
        let Some(socket) = self.sockets.get(&id) else {
            return;
        };
        let login = socket.login.clone();
        match (message.command(), login) {
            ("CAP" | "PASS" | "PONG", _) => {}
            ("NICK", _) => self.log_in(id, message.param(0).unwrap()),
            ("PING", _) => self.reply(id, "PONG\r\n".into()),
            ("JOIN", Some(login)) => {
                for room in message.param(0).unwrap().split(',') {
                    self.join(id, &login, Room::new(room).unwrap());
                }
            }
            ("PART", Some(login)) => {
                let room = message.room().unwrap();
                let socket = self.sockets.get_mut(&id).unwrap();
                socket.coming.remove(&room);
                if socket.rooms.remove(&room) {
                    let line = format!(":{login}!{login}@{login}.tmi.twitch.tv PART {room}\r\n");
                    self.reply(id, line);
                }
            }
            ("PRIVMSG", Some(login)) => self.speak(id, &login, message),
            other => panic!("unexpected: {other:?}"),
        }
    }

    fn log_in(&mut self, id: SocketId, nick: &str) {
        let usage = self.usage.entry(nick.into()).or_default();
        spend(&mut usage.logins, self.now, 10_000, 20, "logins");
        if self.dice.chance(self.manners.bad_tokens) {
            let line = ":tmi.twitch.tv NOTICE * :Login authentication failed\r\n";
            self.reply(id, line.into());
            self.at(self.now + 300, Next::Gone(id));
            self.at(self.now + 400, Next::Closed(id));
            return;
        }
        self.sockets.get_mut(&id).unwrap().login = Some(nick.into());
        let host = ":tmi.twitch.tv";
        self.reply(
            id,
            format!("{host} 001 {nick} :Welcome, GLHF!\r\n{host} 376 {nick} :>\r\n"),
        );
    }

    fn join(&mut self, id: SocketId, login: &str, room: Room) {
        let usage = self.usage.entry(login.into()).or_default();
        spend(&mut usage.joins, self.now, 10_000, 20, "joins");
        if self.manners.banned.contains(&room) {
            let line = format!("@msg-id=msg_banned :tmi.twitch.tv NOTICE {room} :Banned.\r\n");
            return self.reply(id, line);
        }
        let lost = self.manners.missing.contains(&room);
        if lost || self.dice.chance(self.manners.dropped) {
            return;
        }
        let slow = self.dice.chance(self.manners.slow);
        let wait = if slow {
            self.dice.roll(2_000, 25_000)
        } else {
            0
        };
        self.sockets.get_mut(&id).unwrap().coming.insert(room);
        self.at(self.now + wait, Next::Admit(id, room));
    }

    fn admit(&mut self, id: SocketId, room: Room) {
        let Some(login) = self
            .sockets
            .get(&id)
            .and_then(|socket| socket.login.clone())
        else {
            return;
        };
        let moderator = self.manners.moderated.contains(&room);
        let socket = self.sockets.get_mut(&id).unwrap();
        if !socket.coming.remove(&room) {
            return;
        }
        socket.rooms.insert(room);
        let of_account = self
            .sockets
            .values()
            .filter(|s| s.login.as_ref() == Some(&login));
        let rooms = of_account.flat_map(|socket| socket.rooms.iter());
        let is_counted = |room: &&Room| !self.manners.moderated.contains(*room);
        let counted = rooms.filter(is_counted).count();
        let usage = self.usage.get_mut(&login).unwrap();
        usage.most_rooms = usage.most_rooms.max(counted);
        assert!(counted <= 100, "over the room limit: {counted}");
        let state = u8::from(moderator);
        self.reply(
            id,
            format!(
                ":{login}!{login}@{login}.tmi.twitch.tv JOIN {room}\r\n\
                 @slow=0 :tmi.twitch.tv ROOMSTATE {room}\r\n\
                 @mod={state};badges= :tmi.twitch.tv USERSTATE {room}\r\n"
            ),
        );
    }

    fn speak(&mut self, id: SocketId, login: &str, message: &IrcMessage<'_>) {
        let (room, text) = (message.room().unwrap(), message.text().unwrap());
        let usage = self.usage.entry(login.into()).or_default();
        let moderator = self.manners.moderated.contains(&room);
        spend(&mut usage.all, self.now, 30_000, 100, "messages");
        if !moderator {
            spend(&mut usage.plain, self.now, 30_000, 20, "plain messages");
        }
        *self.said.entry(text.into()).or_default() += 1;
        let (nonce, state) = (
            message.tag("client-nonce").unwrap().raw(),
            u8::from(moderator),
        );
        let tags = format!("@client-nonce={nonce};mod={state}");
        self.reply(id, format!("{tags} :tmi.twitch.tv USERSTATE {room}\r\n"));
        let echo = format!("@id=e{text} :{login}!{login}@x PRIVMSG {room} :{text}\r\n");
        for other in self.sockets() {
            if other != id && self.sockets[&other].rooms.contains(&room) {
                self.reply(other, echo.clone());
            }
        }
    }
}

/// Counts one more and checks the closed window that ends with it.
fn spend(times: &mut VecDeque<u64>, now: u64, span: u64, most: usize, what: &str) {
    times.push_back(now);
    while times.front().is_some_and(|at| at + span < now) {
        times.pop_front();
    }
    assert!(
        times.len() <= most,
        "{what}: {} within {span} ms",
        times.len()
    );
}
