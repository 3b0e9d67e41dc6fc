//! One thing that happened to a shard, as a recording has it.
//!
//! A frame is a tag, and what belongs to it; numbers are in LEB128 but for the ids of guilds, which
//! have eight bytes, so that one can be written over another.

use std::ops::Range;
use std::time::Duration;

use headcount_core::Input;
use headcount_core::session::DialFailure;

use super::RecordingError;

/// What a frame is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RecordedFrame {
    /// An input, and how many milliseconds after the one before.
    Input(u64, FrameInput),
    /// So much more is acknowledged of the session, counted from zero.
    Acknowledged(u64),
    /// So much more is written down of it.
    Recorded(u64),
    /// A call, as JSON in this range.
    Call(Range<usize>),
    /// What the filter of member requests said while the input before was taken in.
    Answer(bool),
    /// What the input before led to: a digest of its actions, and their number.
    Actions { digest: u16, count: u64 },
    /// Another shard begins in its place, as the JSON in this range says.
    Begun(Range<usize>),
    /// The shard begins again after another owner had it, as the JSON in this range says.
    BegunAgain(Range<usize>),
    /// Nothing more is recorded of the shard.
    End(FrameEnd),
}

/// An input; payloads and ids are those of the recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FrameInput {
    Timeout,
    Opened,
    Payload(Range<usize>),
    Closed(Option<u16>),
    DialFailed(DialFailure),
    Unread(Duration),
    IdentifyGranted,
    Stored { guild: u64, number: u64 },
    StoreFailed { guild: u64 },
    Crashed,
}

/// Why a shard's part ends before the recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameEnd {
    /// The recorder could not keep up.
    Lost,
    /// The shard began again by hand, or with rows of an earlier owner.
    Started,
}

const TIMEOUT: u8 = 0;
const OPENED: u8 = 1;
const PAYLOAD: u8 = 2;
const CLOSED: u8 = 3;
const CLOSED_WITH: u8 = 4;
const DIAL_FAILED: u8 = 5;
const UNREAD: u8 = 6;
const GRANTED: u8 = 7;
const STORED: u8 = 8;
const STORE_FAILED: u8 = 9;
const CRASHED: u8 = 10;
const ACKNOWLEDGED: u8 = 11;
const RECORDED: u8 = 12;
const CALL: u8 = 13;
const NO: u8 = 14;
const YES: u8 = 15;
const ACTIONS: u8 = 16;
const LOST: u8 = 17;
const STARTED: u8 = 18;
const BEGUN: u8 = 19;
const BEGUN_AGAIN: u8 = 20;

/// The reasons of failed dials by their numbers.
const DIALS: [DialFailure; 10] = [
    DialFailure::Other,
    DialFailure::NameNotFound,
    DialFailure::Refused,
    DialFailure::Unreachable,
    DialFailure::TimedOut,
    DialFailure::Files,
    DialFailure::Tls,
    DialFailure::NoWebSocket,
    DialFailure::Plaintext,
    DialFailure::Address,
];

/// More bytes than any frame has beside its payload.
pub(super) const FRAME_BYTES: usize = 64;

/// Appends an input. A payload is copied as it is.
pub(super) fn put_input(out: &mut Vec<u8>, after: u64, input: &Input<'_>) {
    let tag = match input {
        Input::Timeout => TIMEOUT,
        Input::Opened => OPENED,
        Input::Payload(bytes) => return put_payload(out, after, bytes),
        Input::Closed(None) => CLOSED,
        Input::Closed(Some(_)) => CLOSED_WITH,
        Input::DialFailed(_) => DIAL_FAILED,
        Input::Unread { .. } => UNREAD,
        Input::IdentifyGranted => GRANTED,
        Input::Stored(_) => STORED,
        Input::StoreFailed(_) => STORE_FAILED,
        Input::Crashed => CRASHED,
    };
    out.push(tag);
    put_number(out, after);
    match input {
        Input::Closed(Some(code)) => put_number(out, u64::from(*code)),
        Input::DialFailed(why) => put_dial(out, *why),
        Input::Unread { missed } => put_time(out, *missed),
        Input::Stored(barrier) => {
            out.extend_from_slice(&barrier.guild().get().to_le_bytes());
            put_number(out, barrier.number());
        }
        Input::StoreFailed(guild) => out.extend_from_slice(&guild.get().to_le_bytes()),
        Input::Payload(_)
        | Input::Timeout
        | Input::Opened
        | Input::Closed(None)
        | Input::IdentifyGranted
        | Input::Crashed => {}
    }
}

#[inline]
fn put_payload(out: &mut Vec<u8>, after: u64, bytes: &[u8]) {
    match (after, bytes.len()) {
        // As a rule what comes before the bytes is known to fit into four.
        (0..0x80, length @ 0..0x4000) => {
            let length = [length as u8 | 0x80, (length >> 7) as u8];
            out.extend_from_slice(&[PAYLOAD, after as u8, length[0], length[1]]);
        }
        (_, length) => {
            out.push(PAYLOAD);
            put_number(out, after);
            put_number(out, length as u64);
        }
    }
    out.extend_from_slice(bytes);
}

fn put_dial(out: &mut Vec<u8>, why: DialFailure) {
    if let DialFailure::Status { code, retry_after } = why {
        put_number(out, DIALS.len() as u64);
        put_number(out, u64::from(code));
        put_number(out, u64::from(retry_after.is_some()));
        return put_time(out, retry_after.unwrap_or_default());
    }
    let number = DIALS.iter().position(|known| *known == why).unwrap_or(0);
    put_number(out, number as u64);
}

fn put_time(out: &mut Vec<u8>, time: Duration) {
    put_number(out, time.as_secs());
    put_number(out, u64::from(time.subsec_nanos()));
}

pub(super) fn put_acknowledged(out: &mut Vec<u8>, more: u64) {
    out.push(ACKNOWLEDGED);
    put_number(out, more);
}

pub(super) fn put_recorded(out: &mut Vec<u8>, more: u64) {
    out.push(RECORDED);
    put_number(out, more);
}

pub(super) fn put_call(out: &mut Vec<u8>, json: &[u8]) {
    put_json(out, CALL, json);
}

pub(super) fn put_begun(out: &mut Vec<u8>, json: &[u8]) {
    put_json(out, BEGUN, json);
}

pub(super) fn put_begun_again(out: &mut Vec<u8>, json: &[u8]) {
    put_json(out, BEGUN_AGAIN, json);
}

fn put_json(out: &mut Vec<u8>, tag: u8, json: &[u8]) {
    out.push(tag);
    put_number(out, json.len() as u64);
    out.extend_from_slice(json);
}

pub(super) fn put_answer(out: &mut Vec<u8>, answer: bool) {
    out.push(if answer { YES } else { NO });
}

pub(super) fn put_actions(out: &mut Vec<u8>, digest: u16, count: usize) {
    let [low, high] = digest.to_le_bytes();
    match u8::try_from(count) {
        // As a rule all is known to fit into four bytes.
        Ok(count @ 0..0x80) => out.extend_from_slice(&[ACTIONS, low, high, count]),
        _ => {
            out.extend_from_slice(&[ACTIONS, low, high]);
            put_number(out, count as u64);
        }
    }
}

pub(super) fn put_end(out: &mut Vec<u8>, end: FrameEnd) {
    out.push(match end {
        FrameEnd::Lost => LOST,
        FrameEnd::Started => STARTED,
    });
}

/// Appends a number in LEB128.
#[inline]
pub(super) fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Reads frames, one after the other.
pub(super) struct FrameReader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> FrameReader<'b> {
    pub(super) const fn new(bytes: &'b [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    /// Where the next frame begins.
    pub(super) const fn position(&self) -> usize {
        self.at
    }

    /// The next piece of a stream: the place of its shard, and where its frames are; `None` at the
    /// end.
    pub(super) fn piece(&mut self) -> Result<Option<(usize, Range<usize>)>, RecordingError> {
        if self.at == self.bytes.len() {
            return Ok(None);
        }
        let shard = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        Ok(Some((shard, self.range()?)))
    }

    /// The next frame; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<RecordedFrame>, RecordingError> {
        if self.at == self.bytes.len() {
            return Ok(None);
        }
        let frame = match self.byte()? {
            ACKNOWLEDGED => RecordedFrame::Acknowledged(self.number()?),
            RECORDED => RecordedFrame::Recorded(self.number()?),
            CALL => RecordedFrame::Call(self.range()?),
            BEGUN => RecordedFrame::Begun(self.range()?),
            BEGUN_AGAIN => RecordedFrame::BegunAgain(self.range()?),
            NO => RecordedFrame::Answer(false),
            YES => RecordedFrame::Answer(true),
            ACTIONS => {
                let digest = u16::from_le_bytes([self.byte()?, self.byte()?]);
                let count = self.number()?;
                RecordedFrame::Actions { digest, count }
            }
            LOST => RecordedFrame::End(FrameEnd::Lost),
            STARTED => RecordedFrame::End(FrameEnd::Started),
            tag => RecordedFrame::Input(self.number()?, self.input(tag)?),
        };
        Ok(Some(frame))
    }

    fn input(&mut self, tag: u8) -> Result<FrameInput, RecordingError> {
        Ok(match tag {
            TIMEOUT => FrameInput::Timeout,
            OPENED => FrameInput::Opened,
            PAYLOAD => FrameInput::Payload(self.range()?),
            CLOSED => FrameInput::Closed(None),
            CLOSED_WITH => FrameInput::Closed(Some(self.small()?)),
            DIAL_FAILED => FrameInput::DialFailed(self.dial()?),
            UNREAD => FrameInput::Unread(self.time()?),
            GRANTED => FrameInput::IdentifyGranted,
            STORED => {
                let guild = self.id()?;
                let number = self.number()?;
                FrameInput::Stored { guild, number }
            }
            STORE_FAILED => FrameInput::StoreFailed { guild: self.id()? },
            CRASHED => FrameInput::Crashed,
            _ => return Err(RecordingError::Broken("a frame of an unknown kind")),
        })
    }

    fn dial(&mut self) -> Result<DialFailure, RecordingError> {
        let number = usize::from(self.small()?);
        if number == DIALS.len() {
            let code = self.small()?;
            let is_some = self.number()? != 0;
            let time = self.time()?;
            let retry_after = is_some.then_some(time);
            return Ok(DialFailure::Status { code, retry_after });
        }
        let why = DIALS.get(number).copied();
        why.ok_or(RecordingError::Broken("a failed dial of an unknown kind"))
    }

    fn time(&mut self) -> Result<Duration, RecordingError> {
        let seconds = self.number()?;
        let nanos = self.number()?;
        let nanos = u32::try_from(nanos)
            .ok()
            .filter(|nanos| *nanos < 1_000_000_000);
        let nanos = nanos.ok_or(RecordingError::Broken("a time out of its bounds"))?;
        Ok(Duration::new(seconds, nanos))
    }

    fn id(&mut self) -> Result<u64, RecordingError> {
        let bytes = self
            .bytes
            .get(self.at..)
            .and_then(|rest| rest.first_chunk());
        let bytes = bytes.ok_or(RecordingError::Truncated)?;
        self.at += 8;
        Ok(u64::from_le_bytes(*bytes))
    }

    fn byte(&mut self) -> Result<u8, RecordingError> {
        let byte = self.bytes.get(self.at).ok_or(RecordingError::Truncated)?;
        self.at += 1;
        Ok(*byte)
    }

    /// A number in LEB128.
    fn number(&mut self) -> Result<u64, RecordingError> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(RecordingError::Broken("a number without an end"))
    }

    fn small(&mut self) -> Result<u16, RecordingError> {
        let number = u16::try_from(self.number()?);
        number.map_err(|_| RecordingError::Broken("a number out of its bounds"))
    }

    /// Where the bytes are whose number comes first.
    fn range(&mut self) -> Result<Range<usize>, RecordingError> {
        let length = self.number()?;
        let length = usize::try_from(length).map_err(|_| RecordingError::Truncated)?;
        let end = self.at.checked_add(length);
        let end = end.filter(|end| *end <= self.bytes.len());
        let range = self.at..end.ok_or(RecordingError::Truncated)?;
        self.at = range.end;
        Ok(range)
    }
}

#[cfg(test)]
mod tests {
    use headcount_core::id::GuildId;

    use super::*;

    #[test]
    fn inputs_come_back_as_they_were() {
        let status = DialFailure::Status {
            code: 503,
            retry_after: Some(Duration::new(3, 7)),
        };
        let guild = GuildId::new(1 << 60).unwrap();
        let inputs = [
            (Input::Timeout, FrameInput::Timeout),
            (Input::Opened, FrameInput::Opened),
            (Input::Closed(Some(4009)), FrameInput::Closed(Some(4009))),
            (Input::DialFailed(status), FrameInput::DialFailed(status)),
            (
                Input::DialFailed(DialFailure::Tls),
                FrameInput::DialFailed(DialFailure::Tls),
            ),
            (
                Input::Unread {
                    missed: Duration::from_millis(300),
                },
                FrameInput::Unread(Duration::from_millis(300)),
            ),
            (
                Input::StoreFailed(guild),
                FrameInput::StoreFailed { guild: guild.get() },
            ),
            (Input::Crashed, FrameInput::Crashed),
        ];
        let mut bytes = Vec::new();
        for (input, _) in &inputs {
            put_input(&mut bytes, 300, input);
        }
        let mut reader = FrameReader::new(&bytes, 0);
        for (_, expected) in inputs {
            assert_eq!(reader.next(), Ok(Some(RecordedFrame::Input(300, expected))));
        }
        assert_eq!(reader.next(), Ok(None));
    }

    #[test]
    fn payloads_of_any_length_come_back_as_they_were() {
        let all = vec![7; 70_000];
        for length in [0, 1, 127, 128, 16_383, 16_384, 70_000] {
            for after in [0, 127, 128, u64::MAX] {
                let mut bytes = Vec::new();
                put_input(&mut bytes, after, &Input::Payload(&all[..length]));
                put_actions(&mut bytes, 0x903, length);
                let mut reader = FrameReader::new(&bytes, 0);
                let Ok(Some(RecordedFrame::Input(read, FrameInput::Payload(range)))) =
                    reader.next()
                else {
                    panic!("{length} bytes after {after}");
                };
                assert_eq!((read, &bytes[range]), (after, &all[..length]));
                let (digest, count) = (0x903, length as u64);
                let actions = RecordedFrame::Actions { digest, count };
                assert_eq!(reader.next(), Ok(Some(actions)));
                assert_eq!(reader.next(), Ok(None));
            }
        }
    }

    #[test]
    fn bytes_that_are_no_frames_are_errors() {
        for bytes in [
            &[99, 0][..],
            &[PAYLOAD, 0, 200, 1],
            &[PAYLOAD, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1],
            &[DIAL_FAILED, 0, 77],
            &[STORED, 0, 1],
            &[ACTIONS],
            &[UNREAD, 0, 0, 255, 255, 255, 255, 255, 1],
        ] {
            assert!(FrameReader::new(bytes, 0).next().is_err(), "{bytes:?}");
        }
    }
}
