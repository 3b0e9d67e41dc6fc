//! Auto-moderation rules.

use alloc::vec::Vec;

use crate::id::{ChannelId, RoleId, RuleId, UserId};
use crate::wire::row::row;
use crate::wire::{Field, Text};

row! {
    /// What a guild lets the platform moderate.
    Rule {
        key "id" id: RuleId;
        /// Its name.
        "name" name: Option<Text<'i>>,
        /// Who made it.
        "creator_id" creator: Option<UserId>,
        /// When it looks: 1 at messages, 2 at members.
        "event_type" event: Option<u16>,
        /// What it looks for: 1 keywords, 3 spam, 4 presets, 5 mentions, 6 profiles.
        "trigger_type" trigger: Option<u16>,
        /// The details of this.
        "trigger_metadata" details: Field<RuleTrigger<'i>>,
        /// What it does.
        "actions" actions: Option<Vec<RuleAction<'i>>>,
        /// Whether it is on.
        "enabled" enabled: Option<bool>,
        /// Who is exempt.
        "exempt_roles" exempt_roles: Field<Vec<RoleId>>,
        /// Where it does not look.
        "exempt_channels" exempt_channels: Field<Vec<ChannelId>>,
    }
}

row! {
    /// What a rule looks for.
    RuleTrigger {
        /// Words, where `*` stands for anything.
        "keyword_filter" keywords: Field<Vec<Text<'i>>>,
        /// Regular expressions.
        "regex_patterns" patterns: Field<Vec<Text<'i>>>,
        /// Ready-made lists: 1 profanity, 2 sexual content, 3 slurs.
        "presets" presets: Field<Vec<u16>>,
        /// Words that are allowed.
        "allow_list" allowed: Field<Vec<Text<'i>>>,
        /// How many mentions a message may have.
        "mention_total_limit" mention_limit: Field<u32>,
        /// Whether raids of mentions are looked for.
        "mention_raid_protection_enabled" raid_protection: Field<bool>,
    }
}

row! {
    /// What a rule does.
    RuleAction {
        /// 1 blocks, 2 alerts, 3 silences the member, 4 blocks interactions.
        "type" kind: Option<u16>,
        /// The details of this.
        "metadata" details: Field<RuleActionDetails<'i>>,
    }
}

row! {
    /// How a rule does it.
    RuleActionDetails {
        /// Where the alert goes.
        "channel_id" channel: Field<ChannelId>,
        /// Seconds of silence.
        "duration_seconds" duration: Field<u32>,
        /// The text that is shown to the blocked.
        "custom_message" message: Field<Text<'i>>,
    }
}
