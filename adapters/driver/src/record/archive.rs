//! What is kept of a recording, scrubbed and packed: where it begins, and what came then.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::mem;

use serde::Serialize;

use super::end::RecordingEnd;
use super::file::{BlockKind, MAGIC, put_block};
use super::followed::FollowedCheckpoint;
use super::follower::Follower;
use super::frame::{FrameInput, FrameReader, RecordedFrame, put_number};
use super::header::{RecordingHeader, ShardHeader};
use super::scrub::Scrubber;
use super::segment_ring::{Segment, SegmentRing};
use super::tape::TapePiece;
use super::{RecordOptions, RecordingError};
use crate::panics::caught;

/// A recording that grows, and loses its begin where it has no more room.
pub(super) struct Archive {
    header: RecordingHeader,
    begin: ArchiveBegin,
    stream: ArchivedStream,
    keeps_rows: bool,
    has_differed: bool,
}

/// What came from the begin on.
pub(super) struct ArchivedStream {
    scrubber: Scrubber,
    /// Pieces that came before others of their shard.
    early: BTreeMap<(u32, u64), TapePiece>,
    /// The number of the next piece of each shard.
    next: Vec<u64>,
    ring: SegmentRing,
    /// What came could not be scrubbed, or what was to be dropped not followed: nothing more is
    /// kept.
    is_stopped: bool,
    /// The part of some shard has ended before the run.
    lacks_ends: bool,
    fault: Option<ArchiveFault>,
}

/// Where it begins.
enum ArchiveBegin {
    /// Where the run did: as the header says.
    WithRun,
    /// Where the machines and rows stand that have followed what was dropped.
    Later(Box<Follower>),
    /// Where the machines stood, without rows.
    Machines(Vec<FollowedCheckpoint>),
}

/// What shows when a part of a recording is scrubbed, or dropped and followed for that.
pub(super) enum ArchiveFault {
    /// It went otherwise than the run. Said once.
    Differs(DifferingPart),
    /// It cannot be followed, as the core panics, or it is broken: a part that is kept is the begin
    /// of what there is, and nothing more comes behind it.
    Stopped,
}

/// A part of the stream, and the machines as they stood before it.
pub(super) struct DifferingPart {
    machines: Vec<FollowedCheckpoint>,
    segment: Segment,
}

impl ArchivedStream {
    /// Takes a piece in, and hands the buffers of what is dealt with to `free`.
    pub(super) fn take(&mut self, piece: TapePiece, mut free: impl FnMut(Vec<u8>)) {
        let shard = piece.shard;
        self.early.insert((shard, piece.number), piece);
        while let Some(next) = self.next.get_mut(shard as usize)
            && let Some(mut piece) = self.early.remove(&(shard, *next))
        {
            *next += 1;
            self.add(shard, &mut piece.bytes);
            free(piece.bytes);
        }
    }

    /// Whether it has so much more than its room that nothing is to be taken in until its begin is
    /// dropped.
    pub(super) fn is_crowded(&self) -> bool {
        self.ring.is_crowded()
    }

    /// Scrubs a piece, and keeps it. Without one no later one of its shard can be followed.
    fn add(&mut self, shard: u32, bytes: &mut [u8]) {
        if self.is_stopped {
            return;
        }
        let Ok(has_end) = scrub(&mut self.scrubber, bytes) else {
            self.is_stopped = true;
            self.fault = Some(ArchiveFault::Stopped);
            return;
        };
        self.lacks_ends |= has_end;
        self.ring.add(|stream| {
            put_number(stream, u64::from(shard));
            put_number(stream, bytes.len() as u64);
            stream.extend_from_slice(bytes);
        });
    }

    /// Keeps what there is with this segment as its first, and nothing more.
    fn stop(&mut self, segment: Segment) {
        self.ring.put_back(segment);
        self.is_stopped = true;
        self.fault = Some(ArchiveFault::Stopped);
    }
}

impl Archive {
    pub(super) fn new(
        scrubber: Scrubber,
        header: RecordingHeader,
        options: &RecordOptions,
    ) -> Self {
        let stream = ArchivedStream {
            scrubber,
            early: BTreeMap::new(),
            next: vec![0; header.shards.len()],
            ring: SegmentRing::new(options.bytes),
            is_stopped: false,
            lacks_ends: false,
            fault: None,
        };
        Self {
            header,
            begin: ArchiveBegin::WithRun,
            stream,
            keeps_rows: options.rows,
            has_differed: false,
        }
    }

    /// Takes a piece in, and hands the buffers of what is dealt with to `free`.
    pub(super) fn take(&mut self, piece: TapePiece, free: impl FnMut(Vec<u8>)) {
        self.stream.take(piece, free);
        // What goes after a part that has differed is of what shows it.
        while !self.stream.is_stopped
            && self.stream.fault.is_none()
            && let Some(segment) = self.stream.ring.overflow()
        {
            self.drop_first(segment);
        }
    }

    /// What has shown since the last call.
    pub(super) const fn take_fault(&mut self) -> Option<ArchiveFault> {
        self.stream.fault.take()
    }

    /// Moves the begin behind a segment that was taken out.
    fn drop_first(&mut self, segment: Segment) {
        let begin = mem::replace(&mut self.begin, ArchiveBegin::WithRun);
        let follower = match begin {
            ArchiveBegin::Later(follower) => Ok(follower),
            ArchiveBegin::WithRun | ArchiveBegin::Machines(_) => {
                Follower::begin(&self.header, self.keeps_rows).map(Box::new)
            }
        };
        let Ok(mut follower) = follower else {
            return self.stream.stop(segment);
        };
        let machines = follower.machines();
        let followed = caught(|| follower.follow(segment.blocks()));
        let Ok(Ok(is_same)) = followed else {
            self.begin = ArchiveBegin::Machines(machines);
            return self.stream.stop(segment);
        };
        self.begin = ArchiveBegin::Later(follower);
        if !is_same && !self.has_differed {
            self.has_differed = true;
            let part = DifferingPart { machines, segment };
            self.stream.fault = Some(ArchiveFault::Differs(part));
        }
    }

    /// Writes the recording so far as a file; one that shows a part that differed begins there.
    /// While the rows are written, which may take long, `meanwhile` takes in what comes.
    pub(super) fn write(
        &mut self,
        differing: Option<&DifferingPart>,
        why: &str,
        out: &mut dyn Write,
        mut meanwhile: impl FnMut(&mut ArchivedStream),
    ) -> io::Result<()> {
        out.write_all(MAGIC)?;
        write_json(out, BlockKind::Header, &self.header)?;
        match (differing, &self.begin) {
            (Some(part), _) => {
                write_json(out, BlockKind::Machines, &part.machines)?;
                out.write_all(part.segment.packed())?;
            }
            (None, ArchiveBegin::WithRun) => {}
            (None, ArchiveBegin::Machines(machines)) => {
                write_json(out, BlockKind::Machines, machines)?;
            }
            (None, ArchiveBegin::Later(follower)) => {
                write_json(out, BlockKind::Machines, &follower.machines())?;
                let mut write = |block: &[u8]| {
                    meanwhile(&mut self.stream);
                    out.write_all(block)
                };
                let rows = follower.rows();
                rows.map_or(Ok(()), |rows| rows.write(&mut write))?;
            }
        }
        self.stream.ring.write(|blocks| out.write_all(blocks))?;
        let end = RecordingEnd {
            why: why.into(),
            is_full: self.stream.is_stopped
                || self.stream.lacks_ends
                || !matches!(self.begin, ArchiveBegin::WithRun),
        };
        write_json(out, BlockKind::End, &end)
    }

    /// The recording so far, as a file.
    pub(super) fn file(&mut self, why: &str) -> Vec<u8> {
        let mut file = Vec::new();
        // Nothing that is written to memory fails.
        let _ = self.write(None, why, &mut file, |_| {});
        file
    }
}

fn write_json(out: &mut dyn Write, kind: BlockKind, content: &impl Serialize) -> io::Result<()> {
    let json = serde_json::to_vec(content).map_err(io::Error::other)?;
    let mut block = Vec::new();
    put_block(&mut block, kind, &json);
    out.write_all(&block)
}

/// Replaces in frames what their users have written. Whether one of them is the end of what is
/// recorded of the shard.
fn scrub(scrubber: &mut Scrubber, bytes: &mut [u8]) -> Result<bool, RecordingError> {
    let (mut at, mut has_end) = (0, false);
    loop {
        let mut reader = FrameReader::new(bytes, at);
        let Some(frame) = reader.next()? else {
            return Ok(has_end);
        };
        let from = at;
        at = reader.position();
        match frame {
            RecordedFrame::Input(_, FrameInput::Payload(range)) => scrubber.json(&mut bytes[range]),
            RecordedFrame::Call(range) => scrubber.own_json(&mut bytes[range]),
            RecordedFrame::Begun(range) | RecordedFrame::BegunAgain(range) => {
                ShardHeader::scrub(&mut bytes[range], scrubber)?;
            }
            RecordedFrame::Input(after, FrameInput::Stored { guild, .. })
            | RecordedFrame::Input(after, FrameInput::StoreFailed { guild }) => {
                let mut number = Vec::new();
                put_number(&mut number, after);
                let from = from + 1 + number.len();
                let id = scrubber.id(guild).to_le_bytes();
                bytes[from..from + id.len()].copy_from_slice(&id);
            }
            RecordedFrame::End(_) => has_end = true,
            _ => {}
        }
    }
}
