//! The body of `GUILD_CREATE`.
use crate::intents;
use crate::json::{Id, Null, Raw, Writer};
use crate::rng::Rng;
use crate::session::View;
use crate::snowflake::Time;
use crate::world::guild::Guild;
use crate::world::name;
use crate::world::parts;
use crate::world::presence::Status;
use crate::world::user::Image;
use crate::world::{World, voice};

/// Above this many members nobody but the bot and people in voice is listed.
const MOST_LISTED: usize = 75_000;

/// Writes some of a guild's fields.
type Section<'a> = fn(&Create<'a>, &mut Writer);

/// One guild as one session sees it.
pub(crate) struct Create<'a> {
    pub(crate) world: &'a World,
    pub(crate) guild: &'a Guild,
    pub(crate) intents: u64,
    pub(crate) large_threshold: u32,
    /// The ids of the members that are listed.
    pub(crate) listed: Vec<u64>,
}

impl<'a> Create<'a> {
    /// Chooses whom the guild lists, by the intents and the size of the guild.
    pub(crate) fn new(world: &'a World, guild: &'a Guild, intents: u64, threshold: u32) -> Self {
        let large = guild.len() > threshold as usize;
        let sees_all = intents & intents::GUILD_PRESENCES != 0 && guild.len() <= MOST_LISTED;
        let sits = |id| guild.in_voice().any(|(user, _)| user == id);
        let listed = guild
            .member_ids()
            .filter(|id| match (sees_all, large) {
                (false, _) => *id == world.bot() || sits(*id),
                (true, false) => true,
                (true, true) => {
                    world.status(*id) != Status::Offline
                        || sits(*id)
                        || world
                            .draw_member(guild, *id)
                            .is_some_and(|member| member.is_marked())
                }
            })
            .collect();
        Self {
            world,
            guild,
            intents,
            large_threshold: threshold,
            listed,
        }
    }

    /// The guild as a guild sync shows it: with everyone, unless it is large or members are not
    /// to be known.
    pub(crate) fn synced(world: &'a World, guild: &'a Guild, view: View) -> Self {
        let mut create = Self::new(world, guild, view.intents, view.large_threshold);
        let large = guild.len() > view.large_threshold as usize;
        if view.wants(intents::GUILD_MEMBERS) && !large {
            create.listed = guild.member_ids().collect();
        }
        create
    }

    /// The guild with a list that was chosen before.
    pub(crate) fn listing(
        world: &'a World,
        guild: &'a Guild,
        view: View,
        listed: Vec<u64>,
    ) -> Self {
        let View {
            intents,
            large_threshold,
            ..
        } = view;
        Self {
            world,
            guild,
            intents,
            large_threshold,
            listed,
        }
    }

    /// Writes the body; the order of its keys differs from guild to guild.
    pub(crate) fn write(&self, w: &mut Writer) {
        let mut sections = self.lasting();
        sections.extend([
            Self::standing as Section<'a>,
            Self::people,
            Self::presences,
            Self::voice_states,
            Self::channels,
            Self::sounds,
            Self::happenings,
        ]);
        self.write_shuffled(sections, w);
    }

    /// Writes the body of `GUILD_SYNC`: who is there.
    pub(crate) fn write_sync(&self, w: &mut Writer) {
        w.field("id", Id(self.guild.id()));
        w.field("large", self.guild.len() > self.large_threshold as usize);
        self.people(w);
        self.presences(w);
    }

    /// Writes the body of `GUILD_UPDATE`: the guild without what only `GUILD_CREATE` states.
    pub(crate) fn write_update(&self, w: &mut Writer) {
        self.write_shuffled(self.lasting(), w);
    }

    fn lasting(&self) -> Vec<Section<'a>> {
        vec![
            Self::identity,
            Self::looks,
            Self::limits,
            Self::settings,
            Self::special_channels,
            Self::roles,
            Self::expressions,
        ]
    }

    fn write_shuffled(&self, mut sections: Vec<Section<'a>>, w: &mut Writer) {
        Rng::of(&[self.world.seed(), self.guild.id(), 9]).shuffle(&mut sections);
        sections.iter().for_each(|section| section(self, w));
    }

    fn rng(&self) -> Rng {
        Rng::of(&[
            self.world.seed(),
            self.guild.id(),
            8,
            u64::from(self.guild.revision()),
        ])
    }

    fn identity(&self, w: &mut Writer) {
        let owner = self.guild.member_ids().next().unwrap_or(self.world.bot());
        w.field("id", Id(self.guild.id()));
        w.field("owner_id", Id(owner));
        w.field("application_id", Null);
        w.field(
            "version",
            1_700_000_000_000_u64 + u64::from(self.guild.revision()),
        );
    }

    fn standing(&self, w: &mut Writer) {
        w.field("member_count", self.guild.len() as u64);
        w.field("unavailable", false);
        w.field("large", self.guild.len() > self.large_threshold as usize);
        w.field("joined_at", Time::of(self.guild.id()).plus(40_000_000_321));
        w.field("lazy", true);
    }

    fn looks(&self, w: &mut Writer) {
        let mut rng = self.rng();
        w.field("name", name::shown(&mut rng).as_str());
        w.field("icon", rng.percent(80).then(|| Image::draw(&mut rng)));
        w.field("splash", Null);
        w.field("discovery_splash", Null);
        w.field("banner", rng.percent(20).then(|| Image::draw(&mut rng)));
        w.field("home_header", Null);
        w.field(
            "description",
            rng.percent(30).then(|| name::words(&mut rng, 10)).as_ref(),
        );
        w.field("vanity_url_code", Null);
        w.field("hub_type", Null);
        w.field("clan", Null);
        w.field("profile", Null);
    }

    fn limits(&self, w: &mut Writer) {
        w.field("max_members", 25_000_000_u32);
        w.field("max_presences", Null);
        w.field("max_video_channel_users", 25_u32);
        w.field("max_stage_video_channel_users", 50_u32);
        w.field("premium_tier", 1_u32);
        w.field("premium_subscription_count", 3_u32);
        w.field("premium_progress_bar_enabled", false);
        w.field("premium_features", Null);
    }

    fn settings(&self, w: &mut Writer) {
        w.field("verification_level", 1_u32);
        w.field("default_message_notifications", 1_u32);
        w.field("explicit_content_filter", 2_u32);
        w.field("mfa_level", 0_u32);
        w.field("nsfw", false);
        w.field("nsfw_level", 0_u32);
        w.field("afk_timeout", 300_u32);
        w.field("system_channel_flags", 0_u32);
        w.field("preferred_locale", "en-US");
        w.field("region", "us-east");
        w.field("incidents_data", Null);
        w.field("latest_onboarding_question_id", Null);
        w.list("features", |w| {
            [
                "COMMUNITY",
                "NEWS",
                "ANIMATED_ICON",
                "INVITE_SPLASH",
                "SOUNDBOARD",
            ]
            .iter()
            .for_each(|feature| w.item(*feature));
        });
        w.field("application_command_counts", Raw(r#"{"3":0,"2":1,"1":14}"#));
    }

    fn special_channels(&self, w: &mut Writer) {
        let first = self
            .guild
            .channels
            .has(1)
            .then(|| Id(parts::channel_id(self.guild, 1)));
        w.field("system_channel_id", first);
        w.field("rules_channel_id", first);
        w.field("public_updates_channel_id", first);
        w.field("afk_channel_id", Null);
        w.field("safety_alerts_channel_id", Null);
    }

    fn people(&self, w: &mut Writer) {
        w.list("members", |w| {
            for id in &self.listed {
                w.entry(|w| self.world.write_member(self.guild, *id, w));
            }
            for guest in self.guild.guests() {
                w.entry(|w| self.world.draw_sitter(self.guild, guest).write(w));
            }
        });
    }

    fn presences(&self, w: &mut Writer) {
        w.list("presences", |w| {
            for id in self
                .listed
                .iter()
                .filter(|id| self.world.status(**id) != Status::Offline)
            {
                w.entry(|w| self.world.presence(*id, None).write(w));
            }
        });
    }

    fn voice_states(&self, w: &mut Writer) {
        w.list("voice_states", |w| {
            if self.intents & intents::GUILD_VOICE_STATES != 0 {
                for (user, channel) in self.guild.in_voice() {
                    w.entry(|w| voice::state(user, Some(channel), None, w));
                }
            }
        });
    }

    fn roles(&self, w: &mut Writer) {
        w.list("roles", |w| {
            for number in self.guild.roles.numbers() {
                w.entry(|w| parts::role(self.world.seed(), self.guild, number, w));
            }
        });
    }

    fn channels(&self, w: &mut Writer) {
        w.list("channels", |w| {
            for number in self.guild.channels.numbers() {
                w.entry(|w| parts::channel(self.world.seed(), self.guild, number, false, w));
            }
        });
        w.list("threads", |w| {
            for number in self.guild.threads.numbers() {
                w.entry(|w| parts::thread(self.world.seed(), self.guild, number, w));
            }
        });
    }

    fn expressions(&self, w: &mut Writer) {
        w.list("emojis", |w| {
            for number in 0..self.guild.emoji_count() {
                w.entry(|w| parts::emoji(self.world.seed(), self.guild, number, w));
            }
        });
        w.list("stickers", |w| {
            for number in 0..4 {
                w.entry(|w| parts::sticker(self.world.seed(), self.guild, number, w));
            }
        });
    }

    fn sounds(&self, w: &mut Writer) {
        w.list("soundboard_sounds", |w| {
            for number in 0..3 {
                w.entry(|w| parts::sound(self.world.seed(), self.guild, number, w));
            }
        });
    }

    fn happenings(&self, w: &mut Writer) {
        w.list("stage_instances", |_| {});
        w.list("embedded_activities", |_| {});
        w.list("activity_instances", |_| {});
        w.list("guild_scheduled_events", |w| {
            w.entry(|w| parts::event(self.world.seed(), self.guild, 0, w));
        });
    }
}
