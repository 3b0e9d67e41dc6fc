//! Reactions and polls.

use alloc::vec::Vec;

use super::ReactionEmoji;
use crate::wire::packed::{packed, record_payloads};
use crate::wire::{Field, Json, Text, Timestamp};

packed! {
    /// The reactions to a message with one emoji.
    Reaction {
        /// Whether a burst is the bot's.
        "me_burst" me_burst: Option<bool>,
        /// Whether a plain one is the bot's.
        "me" me: Option<bool>,
        /// The emoji.
        "emoji" emoji: Option<ReactionEmoji<'i>>,
        /// How many there are of each kind.
        "count_details" details: Option<ReactionCounts<'i>>,
        /// How many there are, both kinds.
        "count" count: Option<u64>,
        /// The colours of bursts.
        "burst_colors" colors: Option<Vec<Text<'i>>>,
    }
}

packed! {
    /// Reactions by kind.
    ReactionCounts {
        /// Plain ones.
        "normal" normal: Option<u64>,
        /// Bursts.
        "burst" burst: Option<u64>,
    }
}

packed! {
    /// A poll.
    Poll {
        /// The votes, as far as they are known.
        "results" results: Field<PollResults<'i>>,
        /// What is asked.
        "question" question: Option<Json<'i>>,
        /// How it is laid out, as the wire numbers it.
        "layout_type" layout: Option<u16>,
        /// When it ends.
        "expiry" ends_at: Field<Timestamp>,
        /// What may be answered.
        "answers" answers: Option<Json<'i>>,
        /// Whether several answers may be given.
        "allow_multiselect" several: Option<bool>,
    }
}

packed! {
    /// The votes of a poll.
    PollResults {
        /// Whether they are final.
        "is_finalized" is_final: Option<bool>,
        /// The votes for each answer that has any.
        "answer_counts" counts: Option<Vec<PollCount<'i>>>,
    }
}

packed! {
    /// The votes for one answer.
    PollCount {
        /// Whether one is the bot's.
        "me_voted" me: Option<bool>,
        /// The answer.
        "id" answer: Option<u32>,
        /// How many there are.
        "count" count: Option<u64>,
    }
}

record_payloads!(Reaction, ReactionCounts, Poll, PollResults, PollCount);
