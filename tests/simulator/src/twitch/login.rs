//! Capabilities and logging in.
use super::connection::Identity;
use super::line::{Line, name_of};
use super::model::{Due, Twitch};
use super::rules::TwitchRule;
use super::speaking::user_id;
use crate::edge::{ConnectionId, Millis};

const KNOWN: [&str; 3] = [
    "twitch.tv/tags",
    "twitch.tv/commands",
    "twitch.tv/membership",
];

/// How long a refused client keeps its socket, in milliseconds.
const FAREWELL: Millis = 20;

const FAILED: &str = "Login authentication failed";
const UNSUCCESSFUL: &str = "Login unsuccessful";
const IMPROPER: &str = "Improperly formatted auth";

impl Twitch {
    pub(super) fn negotiate(&mut self, id: ConnectionId, line: &Line<'_>) {
        let answer = match line.param(0).to_ascii_uppercase().as_str() {
            "LS" => format!("CAP * LS :{}", KNOWN.join(" ")),
            "REQ" => self.request(id, &line.params.get(1..).unwrap_or_default().join(" ")),
            "END" => return,
            other => format!("410 * {other} :Invalid CAP command"),
        };
        self.send(id, format!(":tmi.twitch.tv {answer}\r\n"));
    }

    fn request(&mut self, id: ConnectionId, wanted: &str) -> String {
        if wanted
            .split_ascii_whitespace()
            .any(|name| !KNOWN.contains(&name))
        {
            return format!("CAP * NAK :{wanted}");
        }
        if let Some(connection) = self.connections.get_mut(&id) {
            for name in wanted.split_ascii_whitespace() {
                connection.capabilities.tags |= name == KNOWN[0];
                connection.capabilities.commands |= name == KNOWN[1];
                connection.capabilities.membership |= name == KNOWN[2];
            }
        }
        format!("CAP * ACK :{wanted}")
    }

    pub(super) fn pass(&mut self, id: ConnectionId, pass: &str) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.identity = Identity::Unknown(Some(pass.to_owned()));
        }
    }

    pub(super) fn nick(&mut self, id: ConnectionId, nick: &str) {
        let pass = match self
            .connections
            .get(&id)
            .map(|connection| &connection.identity)
        {
            Some(Identity::Unknown(pass)) => pass.clone(),
            Some(Identity::Anonymous(_) | Identity::Account(_)) | None => return,
        };
        match self.identify(id, pass.as_deref(), nick) {
            Ok(identity) => self.welcome(id, identity),
            Err(text) => {
                self.send(id, format!(":tmi.twitch.tv NOTICE * :{text}\r\n"));
                self.later(FAREWELL, Due::End(id));
            }
        }
    }

    /// Who logs in. The token decides, not the nick.
    fn identify(
        &mut self,
        id: ConnectionId,
        pass: Option<&str>,
        nick: &str,
    ) -> Result<Identity, &'static str> {
        let nick = name_of(nick).ok_or("Invalid NICK")?;
        let digits = nick.strip_prefix("justinfan");
        if digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit())) {
            return Ok(Identity::Anonymous(nick));
        }
        let secret = pass
            .and_then(|pass| pass.strip_prefix("oauth:"))
            .ok_or(IMPROPER)?;
        let mut owners = self.accounts.iter();
        let owner = owners.find(|(_, account)| account.plan.token.as_deref() == Some(secret));
        let login = match owner {
            Some((login, _)) => login.clone(),
            None => {
                let known = self.accounts.get(&nick);
                let open = known.map_or(self.options.strangers, |one| one.plan.token.is_none());
                if !open {
                    return Err(FAILED);
                }
                nick
            }
        };
        let (now, limits) = (self.now, self.options.limits);
        if !self.account(&login).spend_login(now, &limits) {
            self.note(id, TwitchRule::LoginRate);
            return Err(UNSUCCESSFUL);
        }
        Ok(Identity::Account(login))
    }

    fn welcome(&mut self, id: ConnectionId, identity: Identity) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        connection.identity = identity;
        let login = connection.login().unwrap_or_default().to_owned();
        let numerics = [
            ("001", ":Welcome, GLHF!"),
            ("002", ":Your host is tmi.twitch.tv"),
            ("003", ":This server is rather new"),
            ("004", ":-"),
            ("375", ":-"),
            ("372", ":You are in a maze of twisty passages, all alike."),
            ("376", ":>"),
        ];
        let line = |(number, text)| format!(":tmi.twitch.tv {number} {login} {text}\r\n");
        let mut lines: String = numerics.map(line).concat();
        let (capabilities, account) = (connection.capabilities, connection.account().is_some());
        if account && capabilities.commands {
            if capabilities.tags {
                let user = user_id(&login);
                lines.push_str(&format!(
                    "@badge-info=;badges=;color=;display-name={login};emote-sets=0;\
                     user-id={user};user-type= "
                ));
            }
            lines.push_str(":tmi.twitch.tv GLOBALUSERSTATE\r\n");
        }
        self.later(self.options.welcome_delay, Due::Lines(id, lines));
    }
}
