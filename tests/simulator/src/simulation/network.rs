//! The lines between the shards and the gateway: frames under way, and what befalls them.
use crate::edge::{ConnectionId, Millis};
use crate::rng::Rng;
use crate::scenario::Line;
use std::collections::BTreeMap;

/// How long a parcel that was late matters: longer than any pace of the protocol.
const LATE: Millis = 70_000;

/// One attempt to connect, and the connection that came of it.
#[derive(Clone, Debug)]
pub(crate) struct Socket {
    pub(crate) host: usize,
    pub(crate) connection: Option<ConnectionId>,
    /// The shard has identified or resumed on it.
    pub(crate) spoke: bool,
    /// Late heartbeats are not the shard's fault.
    pub(crate) spoiled: bool,
    /// No parcel overtakes another one.
    up_at: Millis,
    down_at: Millis,
    slow: Millis,
    deaf_up: bool,
    deaf_down: bool,
    duplicate: u32,
    truncate: Option<u8>,
    forged: Option<Forged>,
}

/// A frame that nobody sent, and after how many frames of the server it comes.
type Forged = (u8, Vec<u8>);

/// Something under way.
#[derive(Clone, Debug)]
pub(crate) enum Parcel {
    /// A handshake, on its way to the base host or the resume host.
    Dial { resume_host: bool },
    /// A handshake that fails.
    Refused,
    /// To the server.
    Up(Vec<u8>),
    /// The shard's end of the connection; nothing comes after it.
    UpEnd(Option<u16>),
    /// The handshake is done.
    Opened,
    /// To the shard.
    Down(Vec<u8>),
    /// The server's end of the connection.
    DownEnd(Option<u16>),
}

impl Parcel {
    const fn goes_up(&self) -> bool {
        match self {
            Self::Dial { .. } | Self::Up(_) | Self::UpEnd(_) => true,
            Self::Refused | Self::Opened | Self::Down(_) | Self::DownEnd(_) => false,
        }
    }
}

/// All lines.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    sockets: Vec<Socket>,
    by_connection: Vec<usize>,
    parcels: BTreeMap<(Millis, u64), (usize, Parcel)>,
    posted: u64,
    latency: Millis,
    jitter: Millis,
    rng: Rng,
    /// Until when parcels that were late may spoil the pace of others.
    late_until: Millis,
    /// For each host: dials that fail, and dials that vanish.
    refuse: Vec<u32>,
    vanish: Vec<u32>,
    /// For each host: connections that are dead once they are open.
    mute: Vec<u32>,
    /// For each host: what is forged on its next connection.
    forge: Vec<Option<Forged>>,
}

impl Network {
    pub(crate) fn new(hosts: usize, latency: Millis, jitter: Millis, seed: u64) -> Self {
        Self {
            sockets: Vec::new(),
            by_connection: Vec::new(),
            parcels: BTreeMap::new(),
            posted: 0,
            latency,
            jitter,
            rng: Rng::of(&[seed, 55]),
            late_until: 0,
            refuse: vec![0; hosts],
            vanish: vec![0; hosts],
            mute: vec![0; hosts],
            forge: vec![None; hosts],
        }
    }

    pub(crate) fn socket(&self, socket: usize) -> &Socket {
        &self.sockets[socket]
    }

    pub(crate) fn socket_mut(&mut self, socket: usize) -> &mut Socket {
        &mut self.sockets[socket]
    }

    /// The socket that carries this connection.
    pub(crate) fn socket_of(&self, connection: ConnectionId) -> Option<usize> {
        let place = usize::try_from(connection.get()).ok()?.checked_sub(1)?;
        self.by_connection.get(place).copied()
    }

    pub(crate) fn next_at(&self) -> Option<Millis> {
        self.parcels.first_key_value().map(|((at, _), _)| *at)
    }

    /// The next parcel that has arrived.
    pub(crate) fn take_due(&mut self, now: Millis) -> Option<(usize, Parcel)> {
        let first = self
            .parcels
            .first_entry()
            .filter(|first| first.key().0 <= now)?;
        Some(first.remove())
    }

    /// A shard dials.
    pub(crate) fn dial(&mut self, now: Millis, host: usize, resume_host: bool) -> usize {
        let socket = self.sockets.len();
        self.sockets.push(Socket {
            host,
            connection: None,
            spoke: false,
            spoiled: false,
            up_at: now,
            down_at: now,
            slow: 0,
            deaf_up: false,
            deaf_down: false,
            duplicate: 0,
            truncate: None,
            forged: self.forge[host].take(),
        });
        if let Some(left) = self.refuse[host].checked_sub(1) {
            self.refuse[host] = left;
            self.post(now, socket, Parcel::Refused);
        } else if let Some(left) = self.vanish[host].checked_sub(1) {
            self.vanish[host] = left;
        } else {
            self.post(now, socket, Parcel::Dial { resume_host });
        }
        socket
    }

    /// The server has accepted: everything it says on the connection comes on this socket.
    pub(crate) fn connect(&mut self, now: Millis, socket: usize, connection: ConnectionId) {
        self.sockets[socket].connection = Some(connection);
        self.by_connection.push(socket);
        self.post(now, socket, Parcel::Opened);
        self.forge_in_time(now, socket);
        let host = self.sockets[socket].host;
        if let Some(left) = self.mute[host].checked_sub(1) {
            self.mute[host] = left;
            let it = &mut self.sockets[socket];
            (it.deaf_down, it.spoiled) = (true, true);
        }
    }

    /// Sends something on its way, unless the line is dead.
    pub(crate) fn post(&mut self, now: Millis, socket: usize, parcel: Parcel) {
        let dead = |it: &Socket| {
            if parcel.goes_up() {
                it.deaf_up
            } else {
                it.deaf_down
            }
        };
        if dead(&self.sockets[socket]) {
            return;
        }
        if let Parcel::Down(frame) = &parcel {
            if let Some(share) = self.sockets[socket].truncate.take() {
                let end = frame.len() * usize::from(share) / 101;
                let part = frame[..end.min(frame.len().saturating_sub(1))].to_vec();
                self.put(now, socket, Parcel::Down(part));
            }
            if let Some(left) = self.sockets[socket].duplicate.checked_sub(1) {
                self.sockets[socket].duplicate = left;
                self.put(now, socket, parcel.clone());
            }
        }
        let down = matches!(parcel, Parcel::Down(_));
        self.put(now, socket, parcel);
        if down {
            self.forge_in_time(now, socket);
        }
    }

    /// Adds a forged frame when its turn has come.
    fn forge_in_time(&mut self, now: Millis, socket: usize) {
        let it = &mut self.sockets[socket];
        match it.forged.take() {
            None => {}
            Some((0, bytes)) => {
                it.spoiled = true;
                self.put(now, socket, Parcel::Down(bytes));
            }
            Some((after, bytes)) => it.forged = Some((after - 1, bytes)),
        }
    }

    fn put(&mut self, now: Millis, socket: usize, parcel: Parcel) {
        let way = self.latency + self.rng.below(self.jitter + 1) + self.sockets[socket].slow;
        let it = &mut self.sockets[socket];
        let last = if parcel.goes_up() {
            &mut it.up_at
        } else {
            &mut it.down_at
        };
        *last = (*last).max(now + way);
        let at = *last;
        if way > self.latency + self.jitter {
            self.late_until = at + LATE;
        }
        self.posted += 1;
        self.parcels.insert((at, self.posted), (socket, parcel));
    }

    /// The keys of the parcels of a socket that go up, or down, in order.
    fn under_way(&self, socket: usize, up: bool) -> Vec<(Millis, u64)> {
        let fits = |(of, parcel): &(usize, Parcel)| *of == socket && parcel.goes_up() == up;
        self.parcels
            .iter()
            .filter(|(_, it)| fits(it))
            .map(|(key, _)| *key)
            .collect()
    }

    fn lose(&mut self, socket: usize, up: bool, kept: usize) {
        for key in self.under_way(socket, up).into_iter().skip(kept) {
            self.parcels.remove(&key);
        }
    }

    /// Something befalls a host's line.
    pub(crate) fn suffer(&mut self, now: Millis, host: usize, socket: Option<usize>, line: &Line) {
        match (line, socket) {
            (Line::Refuse(dials), _) => self.refuse[host] += dials,
            (Line::Vanish(dials), _) => self.vanish[host] += dials,
            (Line::Mute(dials), _) => self.mute[host] += dials,
            (Line::Forge { bytes, after }, None) => {
                self.forge[host] = Some((*after, bytes.clone()));
            }
            (Line::Forge { bytes, after }, Some(socket))
                if self.sockets[socket].connection.is_none() =>
            {
                self.sockets[socket].forged = Some((*after, bytes.clone()));
            }
            (line, Some(socket)) => self.befall(now, socket, line),
            (_, None) => {}
        }
    }

    fn befall(&mut self, now: Millis, socket: usize, line: &Line) {
        match line {
            Line::Refuse(_) | Line::Vanish(_) | Line::Mute(_) => {}
            Line::Cut { down, up, noticed } => {
                self.lose(socket, false, *down);
                self.lose(socket, true, *up);
                self.post(now, socket, Parcel::DownEnd(None));
                self.sockets[socket].deaf_down = true;
                self.sockets[socket].spoiled = true;
                if *noticed {
                    self.post(now, socket, Parcel::UpEnd(None));
                }
                self.sockets[socket].deaf_up = true;
            }
            Line::HalfOpen { down, up } => {
                let it = &mut self.sockets[socket];
                it.deaf_down |= down;
                it.deaf_up |= up;
                it.spoiled = true;
                for (deaf, goes_up) in [(*down, false), (*up, true)] {
                    if deaf {
                        self.lose(socket, goes_up, 0);
                    }
                }
            }
            Line::Slow(by) => {
                self.sockets[socket].slow += by;
                self.sockets[socket].spoiled = true;
            }
            Line::Duplicate(frames) => self.sockets[socket].duplicate += frames,
            Line::Forge { bytes, .. } => {
                self.sockets[socket].spoiled = true;
                self.post(now, socket, Parcel::Down(bytes.clone()));
            }
            Line::Truncate(share) => self.sockets[socket].truncate = Some(*share),
            Line::Straggle(by) => self.straggle(now, socket, *by),
        }
    }

    /// What goes up comes late; the shard sees the end now.
    fn straggle(&mut self, now: Millis, socket: usize, by: u64) {
        for key in self.under_way(socket, true) {
            if let Some(parcel) = self.parcels.remove(&key) {
                self.posted += 1;
                self.parcels.insert((key.0 + by, self.posted), parcel);
            }
        }
        self.late_until = self.late_until.max(now + by + LATE);
        self.sockets[socket].spoiled = true;
        self.post(now, socket, Parcel::DownEnd(None));
        self.sockets[socket].deaf_down = true;
        self.sockets[socket].up_at = self.sockets[socket].up_at.max(now) + by;
        self.post(now, socket, Parcel::UpEnd(None));
        self.sockets[socket].deaf_up = true;
    }

    /// Whether paces may be spoilt by parcels that came late.
    pub(crate) const fn is_late(&self, now: Millis) -> bool {
        now < self.late_until
    }

    /// No more faults of the line; connections that are dead stay so.
    pub(crate) fn heal(&mut self) {
        self.refuse
            .iter_mut()
            .chain(&mut self.vanish)
            .chain(&mut self.mute)
            .for_each(|dials| *dials = 0);
        self.forge.iter_mut().for_each(|forged| *forged = None);
        for socket in &mut self.sockets {
            (socket.slow, socket.duplicate) = (0, 0);
            (socket.truncate, socket.forged) = (None, None);
        }
    }
}
