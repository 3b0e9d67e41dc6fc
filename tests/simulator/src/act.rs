//! Scripted happenings: what a test or a demonstration makes the server's side do.
use crate::edge::ConnectionId;
use crate::faults::{Fault, Junk};
use crate::world::presence::Status;

/// Something that happens on the server's side. An act about a guild or member that does not exist
/// does nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// The guild goes down: `GUILD_DELETE` with `unavailable: true`.
    Outage {
        /// The guild's id.
        guild: u64,
    },
    /// The guild comes back or arrives at last: `GUILD_CREATE`.
    Restore {
        /// The guild's id.
        guild: u64,
    },
    /// The bot is added to a new guild of this size: `GUILD_CREATE`.
    CreateGuild {
        /// Members, the bot included.
        members: u32,
    },
    /// The bot is removed from the guild: `GUILD_DELETE`.
    DeleteGuild {
        /// The guild's id.
        guild: u64,
    },
    /// `GUILD_UPDATE`: another name.
    UpdateGuild {
        /// The guild's id.
        guild: u64,
    },
    /// `GUILD_ROLE_CREATE`, `GUILD_ROLE_UPDATE` or `GUILD_ROLE_DELETE`; `@everyone` stays. Members
    /// lose a deleted role without an event of their own.
    ChangeRole {
        /// The guild's id.
        guild: u64,
        /// What changes.
        change: Change,
    },
    /// `CHANNEL_CREATE`, `CHANNEL_UPDATE` or `CHANNEL_DELETE`.
    ChangeChannel {
        /// The guild's id.
        guild: u64,
        /// What changes.
        change: Change,
    },
    /// `THREAD_CREATE`, `THREAD_UPDATE` or `THREAD_DELETE`. The threads of a deleted channel go
    /// without an event of their own.
    ChangeThread {
        /// The guild's id.
        guild: u64,
        /// What changes.
        change: Change,
    },
    /// `GUILD_MEMBER_ADD`; for somebody who is a member already the event is sent all the same.
    AddMember {
        /// The guild's id.
        guild: u64,
        /// Who, or somebody new.
        user: Option<u64>,
    },
    /// `GUILD_MEMBER_UPDATE`: other roles, and this nick when one is given.
    UpdateMember {
        /// The guild's id.
        guild: u64,
        /// Who.
        user: u64,
        /// The new nick; `Some(None)` takes it away.
        nick: Option<Option<String>>,
    },
    /// `GUILD_MEMBER_REMOVE`; for who sat in a voice channel a `VOICE_STATE_UPDATE` follows, with
    /// the member inside.
    RemoveMember {
        /// The guild's id.
        guild: u64,
        /// Who.
        user: u64,
    },
    /// Another profile: `GUILD_MEMBER_UPDATE` and `PRESENCE_UPDATE` with the whole user, in each
    /// guild of the user; `USER_UPDATE` for the bot.
    UpdateUser {
        /// Who.
        user: u64,
    },
    /// `PRESENCE_UPDATE` in each guild of the user.
    SetStatus {
        /// Who.
        user: u64,
        /// The new status.
        status: Status,
    },
    /// `VOICE_STATE_UPDATE`.
    MoveVoice {
        /// The guild's id.
        guild: u64,
        /// Who.
        user: u64,
        /// Into the guild's voice channel, or out of voice.
        joins: bool,
    },
    /// `VOICE_STATE_UPDATE` of somebody who is no member: a guest, whom `GUILD_CREATE` lists.
    MoveGuest {
        /// The guild's id.
        guild: u64,
        /// Which of its guests.
        guest: u32,
        /// Into the guild's voice channel, or out of voice.
        joins: bool,
    },
    /// `MESSAGE_CREATE`.
    Message {
        /// The guild's id.
        guild: u64,
        /// Who.
        author: u64,
    },
    /// `MESSAGE_CREATE` with this text, in the guild's first channel for text.
    Say {
        /// The guild's id.
        guild: u64,
        /// Who.
        author: u64,
        /// What.
        text: String,
    },
    /// `INTERACTION_CREATE`: somebody uses a command of the bot, in the guild's first channel for
    /// text. It wants an answer within 3 s.
    UseCommand {
        /// The guild's id.
        guild: u64,
        /// Who.
        user: u64,
        /// The command's name.
        command: String,
    },
    /// A `MESSAGE_UPDATE` of the guild's last message that holds three fields only.
    MessagePreview {
        /// The guild's id.
        guild: u64,
    },
    /// So many events of the mix that a bot with all intents sees, spread over the guilds.
    Traffic {
        /// How many.
        events: u32,
    },
    /// Any dispatch, as it stands, to the sessions that see the guild and want such events.
    Dispatch {
        /// The guild's id; without one it goes to shard 0.
        guild: Option<u64>,
        /// The event's name.
        event: String,
        /// The JSON text of its body.
        body: String,
    },
    /// Drops the connections without a close frame.
    Cut(Target),
    /// Closes the connections with this code; 4003, 4006, 4007 and 4009 end the sessions too.
    Close(Target, u16),
    /// RECONNECT; the gateway closes a little later by itself.
    Reconnect(Target),
    /// INVALID_SESSION on running connections; the sessions live on when `resumable`.
    Invalidate {
        /// Which connections.
        target: Target,
        /// The `d` of it.
        resumable: bool,
    },
    /// Asks for a heartbeat.
    AskBeat(Target),
    /// Leaves heartbeats unanswered from now on.
    WithholdAcks(Target),
    /// Neither hears nor says anything from now on.
    Silence(Target),
    /// Says something that makes no sense.
    Babble(Target, Junk),
    /// Forgets the sessions, also those without a connection, so that resumes fail.
    ForgetSessions(Target),
    /// Adds a fault.
    Inject(Fault),
    /// Takes away all faults that have not struck yet.
    Heal,
}

/// What happens to a guild's roles, channels or threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// One more.
    Add,
    /// The one with this id is drawn anew.
    Update(u64),
    /// The one with this id goes.
    Remove(u64),
}

/// Which connections an act is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Every connection.
    All,
    /// The connections of every session of the shard with this number.
    Shard(u32),
    /// This connection.
    One(ConnectionId),
}
