//! Voice states of a batch.

use alloc::vec::Vec;

use serde::de::{Deserialize, Deserializer};

use super::VoiceState;
use super::batch::{Batch, BatchRow, Sealed, take_off};
use crate::id::{ChannelId, UserId};
use crate::wire::packed::{Cursor, RecordPool};
use crate::wire::{Field, Malformed, json::Reader};

/// Bytes before the record: the user's id, and how long the record is.
const HEAD: usize = 12;

/// One voice state of a batch as it lies there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VoiceRecord<'a> {
    pub(crate) user: UserId,
    /// The record of a [`VoiceState`].
    record: &'a [u8],
}

impl<'a> VoiceRecord<'a> {
    fn read(from: &mut Cursor<'a>) -> Option<Self> {
        let user = UserId::new(u64::from_le_bytes(from.array()?))?;
        let record = from.length()?;
        Some(Self {
            user,
            record: from.bytes(record)?,
        })
    }

    /// Where the user is.
    pub(crate) fn channel(self) -> Field<ChannelId> {
        VoiceState::only("channel", self.user, self.record).channel
    }

    fn unpack(self) -> VoiceState<'a> {
        VoiceState::unpack(self.user, &mut Cursor::new(self.record))
    }
}

impl Sealed for VoiceState<'_> {}

impl BatchRow for VoiceState<'_> {
    type Row<'a> = VoiceState<'a>;
    type Id = UserId;

    fn take<'a>(records: &mut &'a [u8]) -> Option<VoiceState<'a>> {
        take_off(records, VoiceRecord::read).map(VoiceRecord::unpack)
    }

    fn skip(records: &mut &[u8]) -> Option<UserId> {
        take_off(records, VoiceRecord::read).map(|record| record.user)
    }
}

impl<'i> Batch<VoiceState<'i>> {
    pub(crate) fn records(&self) -> impl Iterator<Item = VoiceRecord<'_>> {
        self.each(VoiceRecord::read)
    }

    /// Reads one state into a pool; `other` gets the keys that are not its own, perhaps twice.
    pub(crate) fn read_one<F>(
        reader: &mut Reader<'i>,
        pool: RecordPool,
        mut other: F,
    ) -> Result<Self, Malformed>
    where
        F: FnMut(&str, &mut Reader<'i>) -> Result<(), Malformed>,
    {
        let (mut states, before) = (Self::within(pool), reader.mark());
        if states.push_usual(reader, &mut other).is_some() {
            states.count = 1;
            return Ok(states);
        }
        reader.return_to(before);
        states.pool.writer().clear();
        let state = VoiceState::read_with(reader, other)?;
        states.add(&state);
        Ok(states)
    }

    /// Writes a state while it is read, if nothing is odd; see [`VoiceState::transcode_with`].
    fn push_usual<F>(&mut self, reader: &mut Reader<'i>, mut other: F) -> Option<()>
    where
        F: FnMut(&str, &mut Reader<'i>) -> Result<(), Malformed>,
    {
        let to = self.pool.writer();
        let start = to.len();
        to.put(&[0; HEAD]);
        let mut user = None;
        let record = VoiceState::transcode_with(reader, to, |key, reader, _| match key {
            "user_id" if user.is_none() => {
                user = Some(reader.id::<UserId>()?);
                Ok(())
            }
            "user_id" => Err(reader.fault("comes twice")),
            _ => other(key, reader),
        })?;
        to.set(start, &user?.get().to_le_bytes());
        to.set_length(start.wrapping_add(8), record.place);
        Some(())
    }

    fn add(&mut self, state: &VoiceState<'_>) {
        let to = self.pool.writer();
        to.put(&state.user.get().to_le_bytes());
        let length = to.len();
        to.put(&[0; HEAD - 8]);
        to.measured(length, |to| state.pack(to));
        self.count = self.count.saturating_add(1);
    }
}

impl<'i> FromIterator<VoiceState<'i>> for Batch<VoiceState<'i>> {
    fn from_iter<T: IntoIterator<Item = VoiceState<'i>>>(states: T) -> Self {
        let mut batch = Self::default();
        let states = states.into_iter();
        states.for_each(|state| batch.add(&state));
        batch
    }
}

impl<'de> Deserialize<'de> for Batch<VoiceState<'_>> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let states = Vec::<VoiceState<'static>>::deserialize(from)?;
        Ok(states.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::field::Read as _;
    use crate::wire::{Text, VoiceSession};
    use std::vec;

    const USUAL: &str = concat!(
        r#"{"member":{"nick":"\\\""},"user_id":"7","suppress":false,"session_id":"abc","#,
        r#""self_video":true,"self_mute":false,"self_deaf":false,"#,
        r#""request_to_speak_timestamp":null,"mute":false,"guild_id":"1","deaf":true,"#,
        r#""channel_id":"9"}"#
    );

    /// What is read of a text, and the keys of others in the order in which they came.
    fn read(text: &str) -> (Batch<VoiceState<'_>>, Vec<std::string::String>) {
        let mut keys = vec![];
        let other = |key: &str, reader: &mut Reader<'_>| {
            keys.push(key.into());
            reader.skip()
        };
        let mut reader = Reader::new(text);
        let states = Batch::<VoiceState<'_>>::read_one(&mut reader, RecordPool::default(), other);
        assert_eq!(reader.end(), Ok(()), "{text}");
        (states.unwrap(), keys)
    }

    #[test]
    fn a_state_is_written_as_it_is_read() {
        let (states, keys) = read(USUAL);
        assert_eq!(keys, ["member", "guild_id"], "once");
        let state = states.iter().next().unwrap();
        assert_eq!(state, VoiceState::read(&mut Reader::new(USUAL)).unwrap());
        let session = VoiceSession::new(Text::plain("abc"));
        assert_eq!(state.session, Some(session));
        assert_eq!(states.records().next().unwrap().channel(), state.channel);
        assert_eq!(states.len(), 1);
    }

    #[test]
    fn the_order_of_keys_and_odd_values_change_nothing() {
        for text in [
            r#"{"channel_id":null,"deaf":true,"user_id":"7","member":1}"#,
            r#"{"user_id":"7","user_id":"8","channel_id":"9","mute":true}"#,
            r#"{"suppress":1,"user_id":"8","channel_id":"x","member":1}"#,
            r#"{ "user_id" : "8" , "self_stream" : null , "channel_id" : "9" }"#,
            r#"{"user_id":7}"#,
            r#"{"session_id": "","user_id":"7","channel_id":"9"}"#,
            "{\"user_id\":\"7\",\"session_id\":\n \"\",\"channel_id\":\"9\"}",
        ] {
            let (states, _) = read(text);
            let state = states.iter().next().unwrap();
            let row = VoiceState::read(&mut Reader::new(text)).unwrap();
            assert_eq!(state, row, "{text}");
            assert_eq!(states.records().next().unwrap().channel(), row.channel);
            assert_eq!(states, [row].into_iter().collect(), "{text}");
        }
    }

    #[test]
    fn a_state_of_nobody_is_none() {
        for text in [
            "{}",
            r#"{"user_id":null}"#,
            r#"{"user_id":"7""#,
            r#"{"user_id":"7","deaf":tru}"#,
        ] {
            let pool = RecordPool::default();
            let other = |_: &str, reader: &mut Reader<'_>| reader.skip();
            let mut reader = Reader::new(text);
            let read = Batch::<VoiceState<'_>>::read_one(&mut reader, pool, other);
            let row = VoiceState::read(&mut Reader::new(text));
            assert_eq!(read.is_err(), row.is_err(), "{text}");
        }
    }
}
