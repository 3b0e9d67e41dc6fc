//! Users, shared by the guilds that hold them.

use alloc::boxed::Box;

use super::holders::Holders;
use super::names::Names;
use super::table::{Row, Table};
use crate::id::{GuildId, UserId};
use crate::wire::view::{Decoration, PrimaryGuild, User};
use crate::wire::{Field, Image, Part as _};

#[derive(Debug)]
pub(super) struct UserRow {
    id: UserId,
    names: Names,
    avatar: Option<Image<'static>>,
    rare: Option<Box<Rare>>,
    holders: Holders,
    public_flags: u64,
    discriminator: u16,
    bot: bool,
    system: bool,
    /// The bot's own user stays without a holder.
    own: bool,
}

/// What few users have.
#[derive(Debug, Default, PartialEq)]
struct Rare {
    banner: Option<Image<'static>>,
    decoration: Option<Decoration<'static>>,
    primary_guild: Option<PrimaryGuild<'static>>,
}

impl Rare {
    fn heap(&self) -> usize {
        let images = self.banner.heap().saturating_add(self.decoration.heap());
        let parts = images.saturating_add(self.primary_guild.heap());
        size_of::<Self>().saturating_add(parts)
    }
}

impl Row for UserRow {
    fn key(&self) -> u64 {
        self.id.get()
    }

    fn heap(&self) -> usize {
        let avatar = self.avatar.heap();
        let rare = self.rare.as_ref().map_or(0, |rare| rare.heap());
        let names = self.names.heap().saturating_add(self.holders.heap());
        names.saturating_add(avatar).saturating_add(rare)
    }
}

impl UserRow {
    fn new(id: UserId) -> Self {
        Self {
            id,
            names: Names::default(),
            avatar: None,
            rare: None,
            holders: Holders::default(),
            public_flags: 0,
            discriminator: 0,
            bot: false,
            system: false,
            own: false,
        }
    }

    fn merge(&mut self, user: &User<'_>) {
        self.names.update(user.username.as_ref(), &user.global_name);
        merge_image(&mut self.avatar, &user.avatar);
        self.merge_rare(user);
        if user.discriminator.is_some() {
            self.discriminator = user.discriminator_number();
        }
        self.bot = user.bot.unwrap_or(self.bot);
        self.system = user.system.unwrap_or(self.system);
        self.public_flags = user.public_flags.unwrap_or(self.public_flags);
    }
}

impl UserRow {
    fn merge_rare(&mut self, user: &User<'_>) {
        let nothing = self.rare.is_none()
            && user.banner.value().is_none()
            && user.decoration.value().is_none()
            && user.primary_guild.value().is_none();
        if nothing {
            return;
        }
        let rare = self.rare.get_or_insert_default();
        merge_image(&mut rare.banner, &user.banner);
        merge_decoration(&mut rare.decoration, &user.decoration);
        match &user.primary_guild {
            Field::Absent => {}
            Field::Null => rare.primary_guild = None,
            Field::Value(guild) => rare.primary_guild = Some(guild.clone().into_owned()),
        }
        if **rare == Rare::default() {
            self.rare = None;
        }
    }
}

/// Takes what is said.
pub(super) fn merge_decoration(to: &mut Option<Decoration<'static>>, from: &Field<Decoration<'_>>) {
    match from {
        Field::Absent => {}
        Field::Null => *to = None,
        Field::Value(decoration) => *to = Some(decoration.clone().into_owned()),
    }
}

/// Takes what is said, copying only what is new.
pub(super) fn merge_image(to: &mut Option<Image<'static>>, from: &Field<Image<'_>>) {
    match from {
        Field::Absent => {}
        Field::Null => *to = None,
        Field::Value(image) => *to = Some(image.clone().into_owned()),
    }
}

/// Who wrote messages that are kept, and how many: a holder too.
#[derive(Debug)]
pub(super) struct Author {
    user: UserId,
    messages: u64,
}

impl Row for Author {
    fn key(&self) -> u64 {
        self.user.get()
    }

    fn heap(&self) -> usize {
        0
    }
}

/// All users that somebody holds.
#[derive(Debug)]
pub(super) struct Users(pub(super) Table<UserRow>, pub(super) Table<Author>);

impl Users {
    /// A guild's member has this user: adds or updates the row, and the guild to its holders.
    pub(super) fn hold(&mut self, user: &User<'_>, guild: GuildId) {
        self.ensure(user.id);
        self.0.update(user.id.get(), |row| {
            row.merge(user);
            row.holders.add(guild);
        });
    }

    /// Updates a user that is there; never adds one, and never changes who holds it.
    pub(super) fn patch(&mut self, user: &User<'_>) {
        self.0.update(user.id.get(), |row| row.merge(user));
    }

    /// The bot's own user: it stays.
    pub(super) fn own(&mut self, user: &User<'_>) {
        self.ensure(user.id);
        self.0.update(user.id.get(), |row| {
            row.merge(user);
            row.own = true;
        });
    }

    /// The user is the bot's no longer.
    pub(super) fn disown(&mut self, user: UserId) {
        self.0.update(user.get(), |row| row.own = false);
        self.drop_unheld(user);
    }

    /// A guild holds the user no longer; the row goes with its last holder.
    pub(super) fn release(&mut self, user: UserId, guild: GuildId) {
        self.0.update(user.get(), |row| row.holders.remove(guild));
        self.drop_unheld(user);
    }

    /// A message that is kept has this author.
    pub(super) fn hold_author(&mut self, user: &User<'_>) {
        self.ensure(user.id);
        self.patch(user);
        let messages = 0;
        self.1.insert(Author {
            user: user.id,
            messages,
        });
        self.1.update(user.id.get(), |row| {
            row.messages = row.messages.saturating_add(1);
        });
    }

    /// A message of this author is kept no longer.
    pub(super) fn release_author(&mut self, user: UserId) {
        let left = self.1.update(user.get(), |row| {
            row.messages = row.messages.saturating_sub(1);
            row.messages
        });
        if left == Some(0) {
            self.1.remove(user.get());
            self.drop_unheld(user);
        }
    }

    fn ensure(&mut self, id: UserId) {
        if !self.0.contains(id.get()) {
            self.0.insert(UserRow::new(id));
        }
    }

    fn drop_unheld(&mut self, user: UserId) {
        let wrote = self.1.contains(user.get());
        let held = |row: &UserRow| wrote || row.own || !row.holders.is_empty();
        if self.0.get(user.get()).is_some_and(|row| !held(row)) {
            self.0.remove(user.get());
        }
    }
}

/// A cached user.
#[derive(Clone, Copy, Debug)]
pub struct UserRef<'a>(pub(super) &'a UserRow);

impl<'a> UserRef<'a> {
    /// Its id.
    #[must_use]
    pub const fn id(self) -> UserId {
        self.0.id
    }

    /// The unique name.
    #[must_use]
    pub fn username(self) -> &'a str {
        self.0.names.username()
    }

    /// The name to show, if there is one.
    #[must_use]
    pub fn global_name(self) -> Option<&'a str> {
        self.0.names.global()
    }

    /// The number behind the name, for those who still have one; zero for the others.
    #[must_use]
    pub const fn discriminator(self) -> u16 {
        self.0.discriminator
    }

    /// The picture.
    #[must_use]
    pub const fn avatar(self) -> Option<&'a Image<'static>> {
        self.0.avatar.as_ref()
    }

    /// The picture behind the profile.
    #[must_use]
    pub fn banner(self) -> Option<&'a Image<'static>> {
        self.0.rare.as_ref()?.banner.as_ref()
    }

    /// The frame around the picture.
    #[must_use]
    pub fn decoration(self) -> Option<&'a Decoration<'static>> {
        self.0.rare.as_ref()?.decoration.as_ref()
    }

    /// The guild whose tag the user wears.
    #[must_use]
    pub fn primary_guild(self) -> Option<&'a PrimaryGuild<'static>> {
        self.0.rare.as_ref()?.primary_guild.as_ref()
    }

    /// Whether it is a bot.
    #[must_use]
    pub const fn is_bot(self) -> bool {
        self.0.bot
    }

    /// Whether it speaks for the platform.
    #[must_use]
    pub const fn is_system(self) -> bool {
        self.0.system
    }

    /// Flags that everyone may see.
    #[must_use]
    pub const fn public_flags(self) -> u64 {
        self.0.public_flags
    }

    /// The guilds that hold the user, by id.
    pub fn guilds(self) -> impl ExactSizeIterator<Item = GuildId> + 'a {
        self.0.holders.iter()
    }
}
