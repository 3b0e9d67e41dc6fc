//! The part of a recording that a shard's own task writes: bytes behind bytes, and nothing else.

use std::mem;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::Thread;

use headcount_core::setup::Chunking;
use headcount_core::{Actions, Input, Instant};

use super::call::RecordedCall;
use super::frame::{self, FRAME_BYTES, FrameEnd};
use super::frame_base::FrameBase;
use super::header::ShardHeader;
use super::recorder::RecorderTask;

/// The size of a buffer. A larger payload makes a larger one.
pub(super) const BUFFER: usize = 32 << 10;

/// How many empty buffers wait to be used again.
const SPARE: usize = 64;

/// For so many full ones the recorder's thread is woken at once. The fewer are under way, the
/// sooner they are written to again, while a processor still has them near.
pub(super) const MANY: usize = 8;

/// Frames of one shard, in order, on their way to the recorder's thread.
#[derive(Debug)]
pub(crate) struct TapePiece {
    /// The place of the shard in the recording's header.
    pub(super) shard: u32,
    /// The how manieth piece of the shard, from zero.
    pub(super) number: u64,
    pub(super) bytes: Vec<u8>,
}

/// The way to the recorder's thread.
#[derive(Debug)]
pub(super) struct TapeFeed {
    sender: SyncSender<RecorderTask>,
    /// The thread, once there is one.
    thread: OnceLock<Thread>,
    spare: Mutex<Vec<Vec<u8>>>,
    /// Bytes that wait for the thread.
    waiting: AtomicUsize,
    /// How many may.
    limit: usize,
    /// Buffers that were made.
    made: AtomicUsize,
}

impl TapeFeed {
    pub(super) fn new(sender: SyncSender<RecorderTask>, limit: usize) -> Self {
        Self {
            sender,
            thread: OnceLock::new(),
            spare: Mutex::new(Vec::with_capacity(SPARE)),
            waiting: AtomicUsize::new(0),
            limit,
            made: AtomicUsize::new(0),
        }
    }

    /// Pieces are for this thread: it looks for them by itself, and is woken if many wait.
    pub(super) fn serve(&self, thread: Thread) {
        let _ = self.thread.set(thread);
    }

    /// Has the thread look now.
    pub(super) fn wake(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    /// How many bytes wait for the thread.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// How many buffers were made so far.
    #[cfg(test)]
    pub(super) fn made(&self) -> usize {
        self.made.load(Ordering::Relaxed)
    }

    /// Hands a piece over; `false` if there is no room for it.
    fn offer(&self, piece: TapePiece) -> bool {
        let bytes = piece.bytes.len();
        let waiting = self.waiting.fetch_add(bytes, Ordering::AcqRel);
        if waiting > self.limit {
            self.waiting.fetch_sub(bytes, Ordering::AcqRel);
            return false;
        }
        match self.sender.try_send(RecorderTask::Piece(piece)) {
            Ok(()) => {
                if waiting > MANY * BUFFER || waiting > self.limit / 2 {
                    self.wake();
                }
                true
            }
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.waiting.fetch_sub(bytes, Ordering::AcqRel);
                false
            }
        }
    }

    fn buffer(&self) -> Vec<u8> {
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        spare.pop().unwrap_or_else(|| {
            self.made.fetch_add(1, Ordering::Relaxed);
            Vec::with_capacity(BUFFER)
        })
    }

    /// Takes a piece's buffer back, on the thread.
    pub(super) fn give_back(&self, mut bytes: Vec<u8>) {
        self.waiting.fetch_sub(bytes.len(), Ordering::AcqRel);
        bytes.clear();
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        if bytes.capacity() == BUFFER && spare.len() < SPARE {
            spare.push(bytes);
        }
    }
}

/// What a shard's filter of member requests has answered since the last input.
#[derive(Debug, Default)]
struct FilterAnswers {
    /// Whether there are any: most inputs ask for nothing, and take no lock.
    is_asked: AtomicBool,
    all: Mutex<Vec<bool>>,
}

impl FilterAnswers {
    fn add(&self, answer: bool) {
        self.lock().push(answer);
        self.is_asked.store(true, Ordering::Release);
    }

    /// Takes them out, in order.
    fn drain(&self, put: impl FnMut(bool)) {
        if self.is_asked.load(Ordering::Acquire) {
            self.is_asked.store(false, Ordering::Release);
            self.lock().drain(..).for_each(put);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<bool>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What of one shard is recorded and not handed over yet.
#[derive(Debug)]
pub(crate) struct Tape {
    feed: Arc<TapeFeed>,
    shard: u32,
    number: u64,
    base: FrameBase,
    bytes: Vec<u8>,
    answers: Option<Arc<FilterAnswers>>,
    has_ended: bool,
}

impl Tape {
    pub(super) fn new(feed: Arc<TapeFeed>, shard: u32) -> Self {
        let bytes = feed.buffer();
        Self {
            feed,
            shard,
            number: 0,
            base: FrameBase::default(),
            bytes,
            answers: None,
            has_ended: false,
        }
    }

    /// The same settings, with a filter whose answers are recorded.
    pub(crate) fn following(&mut self, chunking: Chunking) -> Chunking {
        if chunking.filter.is_none() {
            return chunking;
        }
        let answers = self.answers.get_or_insert_default().clone();
        chunking.guarded(move |ask| {
            let answer = ask();
            answers.add(answer);
            answer
        })
    }

    /// An input is about to be taken in.
    pub(crate) fn input(&mut self, now: Instant, input: &Input<'_>) {
        let payload = match input {
            Input::Payload(bytes) => bytes.len(),
            _ => 0,
        };
        if self.makes_room(payload) {
            let after = self.base.after(now);
            frame::put_input(&mut self.bytes, after, input);
        }
    }

    /// What it led to.
    pub(crate) fn actions(&mut self, actions: &Actions<'_>) {
        if let Some(answers) = &self.answers {
            answers.drain(|answer| {
                if !self.has_ended {
                    frame::put_answer(&mut self.bytes, answer);
                }
            });
        }
        if self.has_ended {
            return;
        }
        let digest = self.base.digest(actions);
        frame::put_actions(&mut self.bytes, digest, actions.len());
    }

    /// So much of the session is acknowledged.
    pub(crate) fn acknowledged(&mut self, sequence: u64) {
        if self.makes_room(0) {
            let more = self.base.acknowledged_more(sequence);
            frame::put_acknowledged(&mut self.bytes, more);
        }
    }

    /// So much of it is written down.
    pub(crate) fn recorded(&mut self, sequence: u64) {
        if self.makes_room(0) {
            let more = self.base.recorded_more(sequence);
            frame::put_recorded(&mut self.bytes, more);
        }
    }

    /// A call from outside of the loop.
    pub(crate) fn call(&mut self, call: &RecordedCall) {
        let json = serde_json::to_string(call).unwrap_or_default();
        if self.makes_room(json.len()) {
            frame::put_call(&mut self.bytes, json.as_bytes());
        }
    }

    /// Another shard begins in its place, as this JSON of its header says.
    pub(super) fn begun(&mut self, shard: &[u8]) {
        if self.makes_room(shard.len()) {
            self.base = FrameBase::default();
            frame::put_begun(&mut self.bytes, shard);
        }
    }

    /// The shard begins again so, after another owner had it.
    pub(crate) fn begun_again(&mut self, shard: &ShardHeader) {
        // Without it the recorder stops there, and says so.
        let json = shard.json().unwrap_or_default();
        if self.makes_room(json.len()) {
            frame::put_begun_again(&mut self.bytes, &json);
        }
    }

    /// The shard begins again by hand, or with rows of an earlier owner, which a recording does not
    /// follow.
    pub(crate) fn started(&mut self) {
        if self.makes_room(0) {
            self.end(FrameEnd::Started);
        }
    }

    fn end(&mut self, end: FrameEnd) {
        frame::put_end(&mut self.bytes, end);
        self.has_ended = true;
    }

    /// Hands a full buffer over, if the next frame needs room. `false` if nothing more is recorded.
    #[inline]
    fn makes_room(&mut self, bytes: usize) -> bool {
        if self.bytes.len() + bytes + 2 * FRAME_BYTES > BUFFER {
            self.hand_over();
        }
        !self.has_ended
    }

    /// Goes on with another buffer, if something is in this one.
    #[cold]
    fn hand_over(&mut self) {
        if self.has_ended || self.bytes.is_empty() {
            return;
        }
        let fresh = self.feed.buffer();
        let piece = self.piece(fresh);
        if !self.feed.offer(piece) {
            self.number -= 1;
            self.end(FrameEnd::Lost);
            tracing::warn!(
                shard = self.shard,
                "the recorder: it cannot keep up, and the rest of a shard is not recorded"
            );
        }
    }

    /// How many answers of the filter wait for what they led to.
    #[cfg(test)]
    pub(super) fn answers_waiting(&self) -> usize {
        self.answers.as_ref().map_or(0, |it| it.lock().len())
    }

    /// What is recorded and not handed over, if anything is.
    pub(crate) fn take(&mut self) -> Option<TapePiece> {
        let is_empty = self.bytes.is_empty();
        let fresh = (!is_empty).then(|| self.feed.buffer())?;
        let piece = self.piece(fresh);
        self.feed
            .waiting
            .fetch_add(piece.bytes.len(), Ordering::AcqRel);
        Some(piece)
    }

    fn piece(&mut self, fresh: Vec<u8>) -> TapePiece {
        let number = self.number;
        self.number += 1;
        TapePiece {
            shard: self.shard,
            number,
            bytes: mem::replace(&mut self.bytes, fresh),
        }
    }
}
