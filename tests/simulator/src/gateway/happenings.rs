//! What acts do.
use super::Gateway;
use super::late::Gone;
use super::opening::plain;
use crate::act::{Act, Target};
use crate::connection::{Acks, Connection};
use crate::edge::ConnectionId;
use crate::intents;
use crate::json::{Id, Null};
use crate::world::guild::Guild;
use crate::world::message::Message;
use crate::world::presence::Status;
use crate::world::{reachable, voice};

impl Gateway {
    pub(super) fn happen(&mut self, act: Act) {
        match act {
            Act::Outage { guild } => self.take_down(guild),
            Act::Restore { guild } => self.restore(guild),
            Act::CreateGuild { members } => self.found_guild(members),
            Act::DeleteGuild { guild } => self.delete_guild(guild),
            Act::UpdateGuild { guild } => self.update_guild(guild),
            Act::ChangeRole { guild, change } => self.change_role(guild, change),
            Act::ChangeChannel { guild, change } => self.change_channel(guild, change),
            Act::ChangeThread { guild, change } => self.change_thread(guild, change),
            Act::AddMember { guild, user } => self.add_member(guild, user),
            Act::UpdateMember { guild, user, nick } => self.update_member(guild, user, nick),
            Act::RemoveMember { guild, user } => self.remove_member(guild, user),
            Act::UpdateUser { user } => self.update_user(user),
            Act::SetStatus { user, status } => {
                self.world.set_status(user, status);
                self.announce_presence(user, false);
            }
            Act::MoveVoice { guild, user, joins } => self.move_voice(guild, user, joins),
            Act::MoveGuest {
                guild,
                guest,
                joins,
            } => self.move_guest(guild, guest, joins),
            Act::Message { guild, author } => self.post(guild, author),
            Act::Say {
                guild,
                author,
                text,
            } => self.say_in_guild(guild, author, &text),
            Act::UseCommand {
                guild,
                user,
                command,
            } => self.use_command(guild, user, &command),
            Act::MessagePreview { guild } => self.preview(guild),
            Act::Traffic { events } => self.make_traffic(events),
            Act::Dispatch { guild, event, body } => self.broadcast(guild, &event, &body),
            Act::Cut(target) => self.each(target, |gateway, id| gateway.close(id, None)),
            Act::Close(target, code) => self.each(target, |gateway, id| gateway.dismiss(id, code)),
            Act::Reconnect(target) => self.each(target, Self::ask_to_reconnect),
            Act::Invalidate { target, resumable } => {
                self.each(target, |gateway, id| gateway.invalidate(id, resumable));
            }
            Act::AskBeat(target) => {
                self.each(target, |gateway, id| gateway.say(id, plain(1, Null)));
            }
            Act::WithholdAcks(target) => self.each(target, |gateway, id| {
                if let Some(connection) = gateway.connections.get_mut(&id) {
                    connection.acks = Acks::Withheld;
                }
            }),
            Act::Silence(target) => self.each(target, Self::silence),
            Act::Babble(target, junk) => self.each(target, |gateway, id| gateway.babble(id, &junk)),
            Act::ForgetSessions(target) => self.forget_sessions(target),
            Act::Inject(fault) => self.faults.add(fault),
            Act::Heal => self.faults.clear(),
        }
    }

    fn each(&mut self, target: Target, what: impl Fn(&mut Self, ConnectionId)) {
        let ids: Vec<ConnectionId> = self.connections.keys().copied().collect();
        for id in ids {
            let meant = match target {
                Target::All => true,
                Target::Shard(shard) => self.shard_on(id) == Some(shard),
                Target::One(one) => one == id,
            };
            if meant {
                what(self, id);
            }
        }
    }

    fn forget_sessions(&mut self, target: Target) {
        for session in self.sessions_that(|session| match target {
            Target::All => true,
            Target::Shard(shard) => session.view.shard[0] == shard,
            Target::One(one) => session.attached == Some(one),
        }) {
            self.end_session(session);
        }
    }

    /// Closes; some codes say that the session is gone.
    fn dismiss(&mut self, id: ConnectionId, code: u16) {
        let session = self.connections.get(&id).and_then(Connection::session);
        if let (Some(session), 4003 | 4006 | 4007 | 4009) = (session, code) {
            self.end_session(session);
        }
        self.close(id, Some(code));
    }

    fn invalidate(&mut self, id: ConnectionId, resumable: bool) {
        let Some(session) = self.connections.get(&id).and_then(Connection::session) else {
            return;
        };
        if resumable {
            self.detach(session);
        } else {
            self.end_session(session);
        }
        self.say(id, plain(9, resumable));
    }

    /// The sessions that have heard of the guild and want to know more.
    fn informed(&self, guild: u64) -> Vec<u64> {
        self.sessions_that(|session| {
            session.view.owns(Some(guild))
                && session.view.wants(intents::GUILDS)
                && !session.arriving.contains(&guild)
        })
    }

    fn take_down(&mut self, guild: u64) {
        let Some(found) = self.world.guild_mut(guild) else {
            return;
        };
        found.set_available(false);
        self.informed(guild)
            .into_iter()
            .for_each(|session| self.send_outage(session, guild));
    }

    fn restore(&mut self, guild: u64) {
        let Some(found) = self.world.guild_mut(guild) else {
            return;
        };
        found.set_available(true);
        self.informed(guild)
            .into_iter()
            .for_each(|session| self.send_create(session, guild));
    }

    fn found_guild(&mut self, members: u32) {
        let guild = self.world.found(reachable(members));
        self.informed(guild)
            .into_iter()
            .for_each(|session| self.send_create(session, guild));
    }

    fn delete_guild(&mut self, guild: u64) {
        if !self.world.dissolve(guild) {
            return;
        }
        for session in self.sessions.values_mut() {
            session.arriving.retain(|arriving| *arriving != guild);
        }
        self.informed(guild)
            .into_iter()
            .for_each(|session| self.send_removal(session, guild));
    }

    fn add_member(&mut self, guild: u64, user: Option<u64>) {
        let Some(found) = self.world.guild_mut(guild) else {
            return;
        };
        let (user, _) = found.add(user);
        self.fan_out(Some(guild), "GUILD_MEMBER_ADD", |world, _, w| {
            if let Some(found) = world.guild(guild) {
                world.write_member(found, user, w);
            }
            w.field("guild_id", Id(guild));
        });
        if self.world.status(user) != Status::Offline {
            self.announce_presence_in(guild, user, false);
        }
    }

    fn update_member(&mut self, guild: u64, user: u64, nick: Option<Option<String>>) {
        let Some(found) = self.world.guild_mut(guild) else {
            return;
        };
        if found.change(user, nick) {
            self.announce_member(guild, user);
        }
    }

    fn announce_member(&mut self, guild: u64, user: u64) {
        let needed = if user == self.world.bot() {
            0
        } else {
            intents::GUILD_MEMBERS
        };
        self.fan_out_to(Some(guild), needed, "GUILD_MEMBER_UPDATE", |world, _, w| {
            if let Some(found) = world.guild(guild) {
                world.write_member(found, user, w);
            }
            w.field("guild_id", Id(guild));
        });
    }

    pub(super) fn remove_member(&mut self, guild: u64, user: u64) {
        let found = self.world.guild(guild);
        let Some(leaver) = found.and_then(|found| self.world.draw_member(found, user)) else {
            return;
        };
        let sat = found.and_then(|found| found.seat_of(user)).is_some();
        self.take_away(guild, Gone::Member(user), |gateway| {
            if let Some(found) = gateway.world.guild_mut(guild) {
                found.remove(user);
            }
            gateway.fan_out(Some(guild), "GUILD_MEMBER_REMOVE", |world, _, w| {
                w.object("user", |w| {
                    world.user(user).write(w, crate::world::user::Place::Member);
                });
                w.field("guild_id", Id(guild));
            });
        });
        if sat {
            self.fan_out(Some(guild), "VOICE_STATE_UPDATE", |_, _, w| {
                voice::state(user, None, Some(&leaver), w);
                w.field("guild_id", Id(guild));
            });
        }
    }

    pub(super) fn guilds_of(&self, user: u64) -> Vec<u64> {
        self.world
            .guilds()
            .filter(|guild| guild.is_available() && guild.holds(user))
            .map(Guild::id)
            .collect()
    }

    fn update_user(&mut self, user: u64) {
        self.world.change_user(user);
        if user == self.world.bot() {
            for session in self.sessions_that(|_| true) {
                self.dispatch(session, "USER_UPDATE", |world, _, w| {
                    world.user(user).write(w, crate::world::user::Place::Own);
                });
            }
        }
        for guild in self.guilds_of(user) {
            self.announce_member(guild, user);
        }
        self.announce_presence(user, true);
    }

    pub(super) fn announce_presence(&mut self, user: u64, whole: bool) {
        for guild in self.guilds_of(user) {
            self.announce_presence_in(guild, user, whole);
        }
    }

    fn announce_presence_in(&mut self, guild: u64, user: u64, whole: bool) {
        self.fan_out(Some(guild), "PRESENCE_UPDATE", |world, _, w| {
            let profile = world.user(user);
            let mut presence = world.presence(user, Some(guild));
            presence.user = whole.then_some(&profile);
            presence.write(w);
        });
    }

    fn move_voice(&mut self, guild: u64, user: u64, joins: bool) {
        let Some(found) = self
            .world
            .guild_mut(guild)
            .filter(|found| found.holds(user))
        else {
            return;
        };
        let channel = found.voice_channel().filter(|_| joins);
        found.move_to(user, channel);
        self.announce_voice(guild, user, channel);
    }

    fn move_guest(&mut self, guild: u64, guest: u32, joins: bool) {
        let Some(found) = self.world.guild_mut(guild) else {
            return;
        };
        let user = found.guest_id(guest);
        let channel = found.voice_channel().filter(|_| joins);
        found.move_to(user, channel);
        self.announce_voice(guild, user, channel);
    }

    pub(super) fn post(&mut self, guild: u64, author: u64) {
        let channels = self
            .world
            .guild(guild)
            .map(|found| found.channel_ids().count());
        if channels == Some(0) {
            return;
        }
        let message = Message {
            number: self.world.next_message(),
            author,
        };
        self.fan_out(Some(guild), "MESSAGE_CREATE", |world, view, w| {
            if let Some(found) = world.guild(guild) {
                message.write(world, found, view.intents, w);
            }
        });
    }

    fn preview(&mut self, guild: u64) {
        let message = Message {
            number: self.world.last_message(),
            author: self.world.bot(),
        };
        self.fan_out(Some(guild), "MESSAGE_UPDATE", |world, _, w| {
            if let Some(found) = world.guild(guild) {
                message.write_preview(found, w);
            }
        });
    }

    fn broadcast(&mut self, guild: Option<u64>, event: &str, body: &str) {
        let needed = intents::needed_for(event);
        let fits = |session: &crate::session::Session| {
            session.view.owns(guild) && session.view.wants(needed)
        };
        for number in self.sessions_that(fits) {
            self.dispatch_text(number, event, body);
        }
    }

    /// Gives one session one dispatch whose body is this JSON text.
    pub(super) fn dispatch_text(&mut self, number: u64, event: &str, body: &str) {
        let Some(session) = self.sessions.get_mut(&number) else {
            return;
        };
        let text = session.dispatch(self.now, &self.options.limits, event, body);
        self.ledger.dispatches += 1;
        if let Some(connection) = session.attached {
            self.carry(connection, text, event == "GUILD_MEMBERS_CHUNK");
        }
    }
}
