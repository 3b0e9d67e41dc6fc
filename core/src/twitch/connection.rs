//! One connection to Twitch chat, from the dial to its end.

mod input;
mod patience;
mod step;

pub use input::{ConnectionInput, Identity};
pub use patience::{ConnectionWait, Patience};
pub use step::{End, Step, StepIter, Steps};

use crate::Instant;
use crate::twitch::{IrcCommand, IrcMessage, Login, lines};

#[derive(Clone, Copy, Debug)]
enum ConnectionState {
    Dialing { until: Instant },
    Opened { until: Instant },
    LoggingIn { until: Instant, kind: LoginKind },
    Listening { heard: Instant, login: Login },
    Probing { until: Instant, login: Login },
    Closing { until: Instant },
    Ended,
}

/// Who logs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LoginKind {
    Anonymous,
    Account,
}

/// The machine of one connection; it is used once.
///
/// ```text
/// Dialing -> Opened -> LoggingIn -> Listening <-> Probing
///    \_________\___________\____________\____________\__> Closing -> Ended
/// ```
#[derive(Clone, Debug)]
pub struct Connection {
    state: ConnectionState,
    patience: Patience,
}

impl Connection {
    /// A connection that is to be opened now: the first step is [`Step::Connect`].
    #[must_use]
    pub fn open<'i>(now: Instant, patience: Patience) -> (Self, Step<'i>) {
        let until = now.after(patience.dial);
        let state = ConnectionState::Dialing { until };
        (Self { state, patience }, Step::Connect)
    }

    /// The login, while logged in.
    #[must_use]
    pub fn login(&self) -> Option<Login> {
        match self.state {
            ConnectionState::Listening { login, .. } | ConnectionState::Probing { login, .. } => {
                Some(login)
            }
            ConnectionState::Dialing { .. }
            | ConnectionState::Opened { .. }
            | ConnectionState::LoggingIn { .. }
            | ConnectionState::Closing { .. }
            | ConnectionState::Ended => None,
        }
    }

    /// When the server was last heard, while it is not suspected to be gone.
    #[must_use]
    pub fn heard(&self) -> Option<Instant> {
        match self.state {
            ConnectionState::Listening { heard, .. } => Some(heard),
            ConnectionState::Dialing { .. }
            | ConnectionState::Opened { .. }
            | ConnectionState::LoggingIn { .. }
            | ConnectionState::Probing { .. }
            | ConnectionState::Closing { .. }
            | ConnectionState::Ended => None,
        }
    }

    /// Whether it waits for its login to be granted.
    #[must_use]
    pub fn wants_login(&self) -> bool {
        matches!(self.state, ConnectionState::Opened { .. })
    }

    /// Whether it can still be used, now or after logging in.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        match self.state {
            ConnectionState::Dialing { .. }
            | ConnectionState::Opened { .. }
            | ConnectionState::LoggingIn { .. }
            | ConnectionState::Listening { .. }
            | ConnectionState::Probing { .. } => true,
            ConnectionState::Closing { .. } | ConnectionState::Ended => false,
        }
    }

    /// When to call `handle` with [`ConnectionInput::Timeout`], and what is being waited for.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Instant, ConnectionWait)> {
        match self.state {
            ConnectionState::Dialing { until } => Some((until, ConnectionWait::Dial)),
            ConnectionState::Opened { until } => Some((until, ConnectionWait::Grant)),
            ConnectionState::LoggingIn { until, .. } => Some((until, ConnectionWait::Welcome)),
            ConnectionState::Listening { heard, .. } => {
                Some((heard.after(self.patience.silence), ConnectionWait::Silence))
            }
            ConnectionState::Probing { until, .. } => Some((until, ConnectionWait::Pong)),
            ConnectionState::Closing { until } => Some((until, ConnectionWait::Close)),
            ConnectionState::Ended => None,
        }
    }

    /// Takes in what happened.
    pub fn handle<'i>(&mut self, now: Instant, input: ConnectionInput<'i>) -> Steps<'i> {
        let mut steps = Steps::default();
        match input {
            ConnectionInput::Timeout => self.on_timeout(now, &mut steps),
            ConnectionInput::Opened => self.on_opened(now, &mut steps),
            ConnectionInput::LoginGranted(identity) => self.on_grant(now, identity, &mut steps),
            ConnectionInput::Frame(frame) => self.on_frame(now, frame, &mut steps),
            ConnectionInput::Closed => self.on_ended(End::Closed, &mut steps),
            ConnectionInput::DialFailed(why) => self.on_ended(End::DialFailed(why), &mut steps),
        }
        steps
    }

    /// Ends the connection because we do not want it any more.
    pub fn close<'i>(&mut self, now: Instant) -> Steps<'i> {
        let mut steps = Steps::default();
        self.give_up(now, End::Stopped, &mut steps);
        steps
    }

    fn on_timeout(&mut self, now: Instant, steps: &mut Steps<'_>) {
        match self.poll_timeout() {
            Some((at, _)) if at > now => return,
            Some(_) => {}
            None => return,
        }
        match self.state {
            ConnectionState::Dialing { .. } => self.give_up(now, End::DialTimeout, steps),
            ConnectionState::Opened { .. } => self.give_up(now, End::GrantTimeout, steps),
            ConnectionState::LoggingIn { .. } => self.give_up(now, End::LoginTimeout, steps),
            ConnectionState::Listening { login, .. } => {
                steps.push(Step::Send(IrcCommand::Ping));
                let until = now.after(self.patience.pong);
                self.state = ConnectionState::Probing { until, login };
            }
            ConnectionState::Probing { .. } => self.give_up(now, End::Deaf, steps),
            ConnectionState::Closing { .. } => {
                self.state = ConnectionState::Ended;
                steps.push(Step::Ended);
            }
            ConnectionState::Ended => {}
        }
    }

    fn on_opened(&mut self, now: Instant, steps: &mut Steps<'_>) {
        match self.state {
            ConnectionState::Dialing { .. } => {
                let until = now.after(self.patience.grant);
                self.state = ConnectionState::Opened { until };
                steps.push(Step::WantLogin);
            }
            ConnectionState::Opened { .. }
            | ConnectionState::LoggingIn { .. }
            | ConnectionState::Listening { .. }
            | ConnectionState::Probing { .. }
            | ConnectionState::Closing { .. }
            | ConnectionState::Ended => {}
        }
    }

    fn on_grant(&mut self, now: Instant, identity: &Identity, steps: &mut Steps<'_>) {
        if !self.wants_login() {
            return;
        }
        steps.push(Step::Send(IrcCommand::Capabilities));
        let (login, kind) = match identity {
            Identity::Anonymous(login) => (*login, LoginKind::Anonymous),
            Identity::Account { login, token } => {
                steps.push(Step::Send(IrcCommand::Pass(token.clone())));
                (*login, LoginKind::Account)
            }
        };
        steps.push(Step::Send(IrcCommand::Nick(login)));
        let until = now.after(self.patience.welcome);
        self.state = ConnectionState::LoggingIn { until, kind };
    }

    fn on_frame<'i>(&mut self, now: Instant, frame: &'i [u8], steps: &mut Steps<'i>) {
        if let ConnectionState::Probing { login, .. } | ConnectionState::Listening { login, .. } =
            self.state
        {
            self.state = ConnectionState::Listening { heard: now, login };
        }
        for line in lines(frame) {
            if !self.is_alive() {
                return;
            }
            match IrcMessage::parse(line) {
                Ok(message) => self.on_message(now, message, steps),
                Err(error) => steps.push(Step::Malformed(error)),
            }
        }
    }

    fn on_message<'i>(&mut self, now: Instant, message: IrcMessage<'i>, steps: &mut Steps<'i>) {
        match message.command() {
            "PING" => {
                let word = message.param(0).unwrap_or("tmi.twitch.tv");
                steps.push(Step::Send(IrcCommand::Pong(word.into())));
            }
            "PONG" => {}
            "RECONNECT" => steps.push(Step::Reconnect),
            "001" => self.on_welcome(now, message, steps),
            "NOTICE" if message.param(0) == Some("*") => self.on_notice(now, message, steps),
            _ => steps.push(Step::Message(message)),
        }
    }

    /// A notice to nobody in particular; while logging in it is a refusal.
    fn on_notice<'i>(&mut self, now: Instant, message: IrcMessage<'i>, steps: &mut Steps<'i>) {
        steps.push(Step::Message(message));
        match self.state {
            ConnectionState::LoggingIn { kind, .. } => {
                let end = refusal(message.param(1).unwrap_or_default(), kind);
                self.give_up(now, end, steps);
            }
            ConnectionState::Dialing { .. }
            | ConnectionState::Opened { .. }
            | ConnectionState::Listening { .. }
            | ConnectionState::Probing { .. }
            | ConnectionState::Closing { .. }
            | ConnectionState::Ended => {}
        }
    }

    fn is_logging_in(&self) -> bool {
        matches!(self.state, ConnectionState::LoggingIn { .. })
    }

    fn on_welcome<'i>(&mut self, now: Instant, message: IrcMessage<'i>, steps: &mut Steps<'i>) {
        let login = message.param(0).and_then(|nick| Login::new(nick).ok());
        match (login, self.is_logging_in()) {
            (Some(login), true) => {
                self.state = ConnectionState::Listening { heard: now, login };
                steps.push(Step::Ready(login));
            }
            (None, true) => self.give_up(now, End::LoginRefused, steps),
            (Some(_) | None, false) => steps.push(Step::Message(message)),
        }
    }

    fn on_ended(&mut self, end: End, steps: &mut Steps<'_>) {
        match self.state {
            ConnectionState::Ended => return,
            ConnectionState::Closing { .. } => {}
            ConnectionState::Dialing { .. }
            | ConnectionState::Opened { .. }
            | ConnectionState::LoggingIn { .. }
            | ConnectionState::Listening { .. }
            | ConnectionState::Probing { .. } => steps.push(Step::Lost(end)),
        }
        self.state = ConnectionState::Ended;
        steps.push(Step::Ended);
    }

    fn give_up(&mut self, now: Instant, end: End, steps: &mut Steps<'_>) {
        if self.is_alive() {
            let until = now.after(self.patience.close);
            self.state = ConnectionState::Closing { until };
            steps.push(Step::Close);
            steps.push(Step::Lost(end));
        }
    }
}

/// The beginnings of the notices that refuse a token; the last one is an older wording.
const BAD_TOKEN: [&str; 4] = [
    "Login authentication failed",
    "Login unsuccessful",
    "Improperly formatted auth",
    "Error logging in",
];

/// The beginning of the notice that refuses the name.
const BAD_LOGIN: &str = "Invalid NICK";

/// What a NOTICE before the welcome means. There is no numeric for it; these are Twitch's texts.
/// Nobody has a token, so another one cannot help.
fn refusal(text: &str, kind: LoginKind) -> End {
    let begins = |words: &str| {
        let head = text.trim_start().get(..words.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(words))
    };
    let bad_token = BAD_TOKEN.into_iter().any(begins);
    match kind {
        LoginKind::Account | LoginKind::Anonymous if begins(BAD_LOGIN) => End::BadLogin,
        LoginKind::Account if bad_token => End::BadToken,
        LoginKind::Anonymous if bad_token => End::BadLogin,
        LoginKind::Account | LoginKind::Anonymous => End::LoginRefused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Token;
    use crate::twitch::ParseError;

    const WELCOME: &[u8] = b":tmi.twitch.tv 001 bot :Welcome, GLHF!\r\n";

    fn at(seconds: u64) -> Instant {
        Instant::from_millis(seconds * 1000)
    }

    fn identity() -> Identity {
        Identity::Account {
            login: Login::new("bot").unwrap(),
            token: Token::new("secret"),
        }
    }

    fn opened() -> Connection {
        let (mut connection, _) = Connection::open(at(0), Patience::default());
        assert_eq!(
            connection.handle(at(0), ConnectionInput::Opened)[..],
            [Step::WantLogin]
        );
        let identity = identity();
        let steps = connection.handle(at(0), ConnectionInput::LoginGranted(&identity));
        assert_eq!(steps.len(), 3);
        connection
    }

    fn ready() -> Connection {
        let mut connection = opened();
        let steps = connection.handle(at(0), ConnectionInput::Frame(WELCOME));
        assert_eq!(steps[..], [Step::Ready(Login::new("bot").unwrap())]);
        connection
    }

    #[test]
    fn anonymous_needs_no_password() {
        let (mut connection, _) = Connection::open(at(0), Patience::default());
        let _ = connection.handle(at(0), ConnectionInput::Opened);
        let nobody = Identity::Anonymous(Login::new("justinfan1").unwrap());
        let steps = connection.handle(at(0), ConnectionInput::LoginGranted(&nobody));
        assert!(matches!(
            steps[..],
            [
                Step::Send(IrcCommand::Capabilities),
                Step::Send(IrcCommand::Nick(_))
            ]
        ));
    }

    #[test]
    fn a_refused_login_differs_from_a_lost_network() {
        for (text, end) in [
            ("Login authentication failed", End::BadToken),
            ("Login unsuccessful", End::BadToken),
            ("Improperly formatted auth", End::BadToken),
            ("Error logging in", End::BadToken),
            ("login authentication failed.", End::BadToken),
            ("Invalid NICK", End::BadLogin),
            ("Try again later", End::LoginRefused),
            ("Invalid", End::LoginRefused),
        ] {
            let mut connection = opened();
            let line = alloc::format!(":tmi.twitch.tv NOTICE * :{text}\r\n");
            let steps = connection.handle(at(1), ConnectionInput::Frame(line.as_bytes()));
            assert_eq!(steps[1..], [Step::Close, Step::Lost(end)]);
            assert_eq!(
                connection.handle(at(1), ConnectionInput::Closed)[..],
                [Step::Ended]
            );
        }
        let mut connection = opened();
        let steps = connection.handle(at(1), ConnectionInput::Closed);
        assert_eq!(steps[..], [Step::Lost(End::Closed), Step::Ended]);
    }

    #[test]
    fn no_token_helps_nobody_in() {
        for (text, end) in [
            ("Invalid NICK", End::BadLogin),
            ("Improperly formatted auth", End::BadLogin),
            ("Try again later", End::LoginRefused),
        ] {
            let (mut connection, _) = Connection::open(at(0), Patience::default());
            let _ = connection.handle(at(0), ConnectionInput::Opened);
            let nobody = Identity::Anonymous(Login::new("justinfan1").unwrap());
            let _ = connection.handle(at(0), ConnectionInput::LoginGranted(&nobody));
            let line = alloc::format!(":tmi.twitch.tv NOTICE * :{text}\r\n");
            let steps = connection.handle(at(1), ConnectionInput::Frame(line.as_bytes()));
            assert_eq!(steps[1..], [Step::Close, Step::Lost(end)]);
        }
    }

    #[test]
    fn a_notice_after_the_welcome_refuses_nothing() {
        let mut connection = ready();
        let line = b":tmi.twitch.tv NOTICE * :Invalid NICK\r\n";
        let steps = connection.handle(at(1), ConnectionInput::Frame(line));
        assert!(matches!(steps[..], [Step::Message(_)]));
        assert!(connection.is_alive());
    }

    #[test]
    fn a_silent_server_is_asked_and_then_left() {
        let mut connection = ready();
        assert_eq!(
            connection.poll_timeout(),
            Some((at(60), ConnectionWait::Silence))
        );
        assert!(
            connection
                .handle(at(59), ConnectionInput::Timeout)
                .is_empty()
        );
        let steps = connection.handle(at(60), ConnectionInput::Timeout);
        assert_eq!(steps[..], [Step::Send(IrcCommand::Ping)]);
        assert!(
            connection
                .handle(at(61), ConnectionInput::Frame(b"PONG\r\n"))
                .is_empty()
        );
        assert_eq!(
            connection.poll_timeout(),
            Some((at(121), ConnectionWait::Silence))
        );
        let _ = connection.handle(at(121), ConnectionInput::Timeout);
        let steps = connection.handle(at(131), ConnectionInput::Timeout);
        assert_eq!(steps[..], [Step::Close, Step::Lost(End::Deaf)]);
        assert_eq!(
            connection.poll_timeout(),
            Some((at(136), ConnectionWait::Close))
        );
        assert_eq!(
            connection.handle(at(136), ConnectionInput::Timeout)[..],
            [Step::Ended]
        );
        assert_eq!(connection.poll_timeout(), None);
    }

    #[test]
    fn every_early_wait_ends() {
        let (mut connection, _) = Connection::open(at(0), Patience::default());
        let lost = |steps: Steps<'_>| match steps.last() {
            Some(Step::Lost(end)) => *end,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            lost(connection.handle(at(15), ConnectionInput::Timeout)),
            End::DialTimeout
        );
        let (mut connection, _) = Connection::open(at(0), Patience::default());
        let _ = connection.handle(at(0), ConnectionInput::Opened);
        assert_eq!(
            lost(connection.handle(at(60), ConnectionInput::Timeout)),
            End::GrantTimeout
        );
        assert_eq!(
            lost(opened().handle(at(15), ConnectionInput::Timeout)),
            End::LoginTimeout
        );
    }

    #[test]
    fn pings_are_answered_and_bad_lines_reported() {
        let mut connection = ready();
        let frame = b"PING :tmi.twitch.tv\r\n@bad\r\n:x PRIVMSG #a :hi\n:tmi.twitch.tv RECONNECT";
        let steps = connection.handle(at(1), ConnectionInput::Frame(frame));
        assert_eq!(
            steps[0],
            Step::Send(IrcCommand::Pong("tmi.twitch.tv".into()))
        );
        assert_eq!(steps[1], Step::Malformed(ParseError::BadTags));
        assert!(matches!(steps[2], Step::Message(_)));
        assert_eq!(steps[3], Step::Reconnect);
    }
}
