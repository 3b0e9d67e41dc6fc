//! What a hostile server sees of its client.
use std::time::{Duration, Instant};

/// What has come so far.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// When each heartbeat came.
    pub(super) beats: Vec<Instant>,
    pub(super) identifies: u64,
    pub(super) resumes: u64,
    /// When the flood began.
    pub(super) began: Option<Instant>,
    /// When the client was asked to stop.
    pub(super) ended: Option<Instant>,
}

impl Log {
    /// The longest time without a heartbeat while the flood was on.
    pub(super) fn silence(&self) -> Option<Duration> {
        let (began, ended) = (self.began?, self.ended?);
        let beats = self.beats.iter().copied();
        let beats = beats.filter(|at| (began..ended).contains(at));
        let times: Vec<Instant> = [began].into_iter().chain(beats).chain([ended]).collect();
        times.windows(2).map(|pair| pair[1] - pair[0]).max()
    }
}
