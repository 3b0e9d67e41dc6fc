//! Scheduled events.

use crate::id::{ChannelId, ScheduledEventId, StageId, UserId};
use crate::wire::row::row;
use crate::wire::{Field, Image, Json, Text, Timestamp};

row! {
    /// An event that a guild has scheduled.
    ScheduledEvent {
        key "id" id: ScheduledEventId;
        /// The channel; none for an event outside.
        "channel_id" channel: Field<ChannelId>,
        /// Who scheduled it; none for very old events.
        "creator_id" creator: Field<UserId>,
        /// Its name.
        "name" name: Option<Text<'i>>,
        /// What it is about.
        "description" description: Field<Text<'i>>,
        /// When it begins.
        "scheduled_start_time" start: Option<Timestamp>,
        /// When it ends.
        "scheduled_end_time" end: Field<Timestamp>,
        /// For whom it is, as the wire numbers it.
        "privacy_level" privacy: Option<u16>,
        /// 1 scheduled, 2 active, 3 completed, 4 cancelled.
        "status" status: Option<u16>,
        /// Where it is: 1 on a stage, 2 in a voice channel, 3 outside.
        "entity_type" place_kind: Option<u16>,
        /// The stage that it is on.
        "entity_id" stage: Field<StageId>,
        /// The place outside.
        "entity_metadata" place: Field<EventPlace<'i>>,
        /// How many are interested.
        "user_count" user_count: Field<u64>,
        /// Its picture.
        "image" image: Field<Image<'i>>,
        /// How it repeats.
        "recurrence_rule" recurrence: Field<Json<'i>>,
    }
}

impl ScheduledEvent<'_> {
    /// Whether it is completed or cancelled.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(self.status, Some(3 | 4))
    }
}

row! {
    /// Where an event outside takes place.
    EventPlace {
        /// The place.
        "location" location: Field<Text<'i>>,
    }
}
