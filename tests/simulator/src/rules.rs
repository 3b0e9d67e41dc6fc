//! Which rule a client broke.
use crate::edge::{ConnectionId, Millis};
use std::fmt;

/// A rule of the protocol that a client can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// The connection's URL names a version and an encoding that the gateway speaks.
    Version,
    /// A payload is at most 4096 bytes.
    PayloadSize,
    /// A payload is a JSON object with an opcode.
    PayloadSyntax,
    /// The opcode is one that bots may send.
    Opcode,
    /// The body has the fields that its opcode asks for.
    Body,
    /// At most 120 payloads per 60 s and connection.
    SendBudget,
    /// Nothing but heartbeats comes before identify or resume.
    Authentication,
    /// One identify or resume per connection.
    SecondIdentify,
    /// The token is right.
    Token,
    /// The shard's number is below the shard count, and the count is allowed.
    Shard,
    /// At most 2500 guilds per shard.
    GuildsPerShard,
    /// No unknown intent.
    UnknownIntent,
    /// No privileged intent that is not enabled.
    PrivilegedIntent,
    /// One identify per bucket per 5 s.
    IdentifyPace,
    /// The daily budget of identifies.
    IdentifyBudget,
    /// A resume names a sequence number that the session has reached.
    ResumeSequence,
    /// A heartbeat comes in time.
    Heartbeat,
    /// A heartbeat carries a sequence number that the session has reached, or null.
    HeartbeatSequence,
    /// A heartbeat's sequence is no lower than one before, where it trims the replay.
    HeartbeatFalls,
    /// At most 5 presence updates per 20 s and session.
    PresencePace,
    /// One request for all members per guild per 30 s.
    RequestPace,
    /// All members are asked for with the intent only.
    RequestIntent,
    /// Members are asked for by `query` or by `user_ids`, with a limit that fits.
    RequestArguments,
    /// At most 100 user ids per request.
    RequestIds,
    /// One guild per request.
    RequestGuild,
    /// A shard asks for its own guilds.
    ForeignGuild,
    /// A nonce is a string of at most 32 bytes.
    Nonce,
    /// An HTTP call names the bot's token.
    Authorization,
    /// An interaction is answered within 3 s.
    Interaction,
}

impl Rule {
    /// The rule and what follows when it is broken.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Version => "the URL asks for v=9 or v=10 and encoding=json (close 4012 or 4002)",
            Self::PayloadSize => "a payload is at most 4096 bytes (close 4002)",
            Self::PayloadSyntax => "a payload is a JSON object with an opcode (close 4002)",
            Self::Opcode => "the opcode is one that bots may send (close 4001)",
            Self::Body => "the body has the fields that its opcode asks for (close 4001)",
            Self::SendBudget => "at most 120 payloads per 60 s and connection (close 4008)",
            Self::Authentication => "only heartbeats come before identify or resume (close 4003)",
            Self::SecondIdentify => "one identify or resume per connection (close 4005)",
            Self::Token => "the token is right (close 4004)",
            Self::Shard => "the shard is below an allowed shard count (close 4010)",
            Self::GuildsPerShard => "at most 2500 guilds per shard (close 4011)",
            Self::UnknownIntent => "no intent is unknown (close 4013)",
            Self::PrivilegedIntent => "privileged intents are enabled first (close 4014)",
            Self::IdentifyPace => "one identify per bucket per 5 s (invalid session)",
            Self::IdentifyBudget => "the daily budget of identifies (the token is reset)",
            Self::ResumeSequence => "a resume names a sequence that was reached (close 4007)",
            Self::Heartbeat => "a heartbeat comes at least every 1.5 intervals (close 4000)",
            Self::HeartbeatSequence => "a heartbeat carries a sequence that was reached, or null",
            Self::HeartbeatFalls => "a heartbeat's sequence never falls (close 4007)",
            Self::PresencePace => "at most 5 presence updates per 20 s and session (ignored)",
            Self::RequestPace => "one request for all members per guild per 30 s (RATE_LIMITED)",
            Self::RequestIntent => "asking for all members needs GUILD_MEMBERS (no answer)",
            Self::RequestArguments => "members are asked by query with a limit, or by user_ids",
            Self::RequestIds => "at most 100 user ids per request (the rest is ignored)",
            Self::RequestGuild => "one guild per request (the rest is ignored)",
            Self::ForeignGuild => "a shard asks for its own guilds (no answer)",
            Self::Nonce => "a nonce is a string of at most 32 bytes (not echoed)",
            Self::Interaction => "an interaction is answered within 3 s (Unknown interaction)",
            Self::Authorization => "an HTTP call names the bot's token (status 401)",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// One broken rule. The numbers in a rule's text are the protocol's; options may change them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// When it was noticed, on the host's clock.
    pub at: Millis,
    /// On which connection; `None` for an HTTP call.
    pub connection: Option<ConnectionId>,
    /// The shard as `[id, count]`, once the connection has identified.
    pub shard: Option<[u32; 2]>,
    /// Which rule.
    pub rule: Rule,
    /// What the client did, in words; never with the token.
    pub detail: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {} ms", self.at)?;
        if let Some(connection) = self.connection {
            write!(f, ", connection {}", connection.get())?;
        }
        if let Some([id, count]) = self.shard {
            write!(f, ", shard {id} of {count}")?;
        }
        write!(f, ": {}; the rule: {}", self.detail, self.rule)
    }
}
