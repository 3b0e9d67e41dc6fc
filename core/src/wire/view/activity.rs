//! Activities: what a user does.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{ActivityButton, ActivitySecrets};
use crate::id::{ApplicationId, EmojiId};
use crate::wire::field::{Read, flat};
use crate::wire::packed::{packed, record_payloads};
use crate::wire::{Field, Malformed, Text, json::Reader};

packed! {
    /// What a user does.
    Activity {
        /// Where it is streamed.
        "url" url: Field<Text<'i>>,
        /// 0 playing, 1 streaming, 2 listening, 3 watching, 4 custom, 5 competing.
        "type" kind: Option<u16>,
        /// Since when and until when.
        "timestamps" times: Field<ActivityTimes<'i>>,
        beside "sync_id";
        /// What a list of users shows of it: 0 the name, 1 the state, 2 the details.
        "status_display_type" status_display: Field<u16>,
        /// Where a click on the state leads.
        "state_url" state_url: Field<Text<'i>>,
        /// The party's state, or the text of a custom one.
        "state" state: Field<Text<'i>>,
        beside "session_id";
        /// What lets others join.
        "secrets" secrets: Field<Box<ActivitySecrets<'i>>>,
        beside "platform";
        /// Who takes part.
        "party" party: Field<ActivityParty<'i>>,
        /// What it is called.
        "name" name: Option<Text<'i>>,
        /// Whether it is one round of a game that others may see.
        "instance" instance: Option<bool>,
        /// Its id.
        "id" id: Field<Text<'i>>,
        /// Flags.
        "flags" flags: Option<u64>,
        /// The emoji of a custom one.
        "emoji" emoji: Field<ActivityEmoji<'i>>,
        /// Where a click on the details leads.
        "details_url" details_url: Field<Text<'i>>,
        /// What the user does in it.
        "details" details: Field<Text<'i>>,
        /// When it was added, in milliseconds since 1970.
        "created_at" created_at: Option<u64>,
        /// The buttons beside it, at most two.
        "buttons" buttons: Field<Vec<ActivityButton<'i>>>,
        /// Its pictures.
        "assets" assets: Field<ActivityAssets<'i>>,
        /// The application behind it.
        "application_id" application: Field<ApplicationId>,
    }
}

packed! {
    /// Since when and until when, in milliseconds since 1970.
    ActivityTimes {
        /// Since when.
        "start" start: Field<u64>,
        /// Until when.
        "end" end: Field<u64>,
    }
}

packed! {
    /// Who takes part in an activity.
    ActivityParty {
        /// How many there are, and how many there may be.
        "size" size: Field<[u64; 2]>,
        /// The party.
        "id" id: Field<Text<'i>>,
    }
}

packed! {
    /// The pictures of an activity.
    ActivityAssets {
        /// Where a click on the small one leads.
        "small_url" small_url: Field<Text<'i>>,
        /// What the small one shows.
        "small_text" small_text: Field<Text<'i>>,
        /// The small one.
        "small_image" small: Field<Text<'i>>,
        /// Where a click on the large one leads.
        "large_url" large_url: Field<Text<'i>>,
        /// What the large one shows.
        "large_text" large_text: Field<Text<'i>>,
        /// The large one.
        "large_image" large: Field<Text<'i>>,
        /// The picture of an invitation to the activity.
        "invite_cover_image" invite_cover: Field<Text<'i>>,
    }
}

packed! {
    /// The emoji of a custom status.
    ActivityEmoji {
        /// The name, or the emoji itself.
        "name" name: Field<Text<'i>>,
        /// The id of a custom emoji.
        "id" id: Field<EmojiId>,
        /// Whether it moves.
        "animated" animated: Option<bool>,
    }
}

record_payloads!(ActivityTimes, ActivityParty, ActivityAssets, ActivityEmoji);

flat!([u64; 2]);

/// Two numbers; what is missing is zero, and what is beyond is passed over.
impl Read<'_> for [u64; 2] {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let mut pair = [0; 2];
        let mut places = pair.iter_mut();
        reader.array(|reader| {
            let number = reader.whole()?;
            if let Some(place) = places.next() {
                *place = number;
            }
            Ok(())
        })?;
        Ok(pair)
    }
}
