//! A host that has not read all that came: silence means nothing.

use alloc::vec::Vec;

use super::request::RequestId;
use super::requests::{Phase, Requests};
use crate::Instant;

impl Requests {
    /// Attempts and adopted answers that would end in silence now are waited for anew: their
    /// chunks may lie unread.
    pub(crate) fn unread(&mut self, now: Instant) {
        let due = self.deadlines.iter().take_while(|(until, _)| *until <= now);
        let due: Vec<RequestId> = due.map(|&(_, id)| id).collect();
        for id in due {
            if let Some(request) = self.requests.get(&id) {
                let silence = self.config.silence_of(request.ask.members);
                self.set_phase(id, Phase::Sent(now.after(silence)));
            }
        }
        self.adopted.unread(now, now.after(self.config.silence));
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use crate::chunk::stories::{Story, at};
    use crate::chunk::{ChunkOutcome, FinishReason, RequestConfig};

    #[test]
    fn an_answer_that_lies_unread_is_waited_for_anew() {
        let mut story = Story::new();
        let id = story.ask_all(1);
        let nonce = story.sent();
        story.chunk("theirs", 0, 2);
        for round in 1..100 {
            story.now = at(round * 10_000);
            story.requests.unread(story.now);
            story.requests.timeout(story.now, &mut story.ended);
            assert_eq!(story.requests.deadline(), Some(at((round + 1) * 10_000)));
        }
        assert!(story.ended.is_empty() && story.send().is_empty());
        assert_eq!(story.chunk(&nonce, 0, 1), ChunkOutcome::Completed(Some(id)));
        let end = story.end();
        assert_eq!((end.reason, end.attempts), (FinishReason::Complete, 1));
        assert_eq!(story.chunk("theirs", 1, 2), ChunkOutcome::Completed(None));
    }

    #[test]
    fn only_what_is_due_is_put_off() {
        let mut story = Story::new();
        story.ask_all(1);
        story.sent();
        story.now = at(9_999);
        story.requests.unread(story.now);
        assert_eq!(story.requests.deadline(), Some(at(10_000)));
    }

    #[test]
    fn without_patience_even_an_unread_answer_is_late() {
        let mut story = Story::with(RequestConfig {
            silence: Duration::ZERO,
            attempts: 1,
            ..RequestConfig::default()
        });
        story.ask_all(1);
        story.sent();
        story.requests.unread(story.now);
        story.requests.timeout(story.now, &mut story.ended);
        assert_eq!(story.end().reason, FinishReason::TimedOut);
    }
}
