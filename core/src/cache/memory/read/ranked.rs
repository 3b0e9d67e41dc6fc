//! What follows from the order of a member's roles.

use crate::cache::memory::{MemberRef, MemoryStore, PermissionsUnknown};
use crate::cache::permissions::role_of_everyone;
use crate::id::{GuildId, RoleId, UserId};
use crate::wire::view::Role;

/// A role's place in the order: the higher one first by position, and then the older one.
fn rank(role: &Role<'_>) -> (i64, core::cmp::Reverse<RoleId>) {
    (role.position.unwrap_or(0), core::cmp::Reverse(role.id))
}

/// The color in which a role shows its members, as `0xRRGGBB`; zero means none.
fn color(role: &Role<'_>) -> Option<u32> {
    let colors = role.colors.value().and_then(|colors| colors.primary);
    colors.or(role.color).filter(|&color| color != 0)
}

impl MemoryStore {
    /// The highest role of a member; that of everyone for one without roles.
    ///
    /// Takes time for each role of the member. A role that the guild does not have any more does
    /// not count.
    ///
    /// # Errors
    /// [`PermissionsUnknown`] names what is not cached; nothing is guessed.
    pub fn highest_role(
        &self,
        guild: GuildId,
        user: UserId,
    ) -> Result<&Role<'static>, PermissionsUnknown> {
        let everyone = role_of_everyone(guild);
        let mut highest: Option<&Role<'_>> = self.role(guild, everyone);
        self.each_role(guild, user, |role| {
            if highest.is_none_or(|highest| rank(highest) < rank(role)) {
                highest = Some(role);
            }
        })?;
        highest.ok_or(PermissionsUnknown::Role(guild, everyone))
    }

    /// The color in which a member's name is shown, as `0xRRGGBB`: that of the highest of its roles
    /// that has one; `None` if none has.
    ///
    /// Takes time for each role of the member.
    ///
    /// # Errors
    /// [`PermissionsUnknown`] names what is not cached; nothing is guessed.
    pub fn display_color(
        &self,
        guild: GuildId,
        user: UserId,
    ) -> Result<Option<u32>, PermissionsUnknown> {
        let mut highest: Option<&Role<'_>> = None;
        self.each_role(guild, user, |role| {
            let higher = highest.is_none_or(|highest| rank(highest) < rank(role));
            if higher && color(role).is_some() {
                highest = Some(role);
            }
        })?;
        Ok(highest.and_then(color))
    }

    /// Hands out the roles of a member, that of everyone left out.
    fn each_role<'a>(
        &'a self,
        guild: GuildId,
        user: UserId,
        mut to: impl FnMut(&'a Role<'static>),
    ) -> Result<(), PermissionsUnknown> {
        let member = self.member(guild, user);
        let member: MemberRef<'_> = member.ok_or(PermissionsUnknown::Member(guild, user))?;
        if !member.roles().is_whole() {
            return Err(PermissionsUnknown::Roles(guild, user));
        }
        let deleted_only = self.knows_all_roles(guild);
        for id in member.roles() {
            match self.role(guild, id) {
                Some(role) => to(role),
                None if deleted_only => {}
                None => return Err(PermissionsUnknown::Role(guild, id)),
            }
        }
        Ok(())
    }
}
