//! A mutation as the steps that are taken one after another.

use std::collections::VecDeque;

use headcount_core::Position;
use headcount_core::cache::{GuildStatus, Mutation, Op, Rows};
use headcount_core::id::{GuildId, RoleId};
use headcount_core::wire::view::{Batch, Member};

use crate::rows::held::GuildStep;

/// So many members at most are written at once.
pub(crate) const AT_ONCE: usize = 1_000;

/// What is done to a guild next.
#[derive(Debug)]
pub(crate) enum NextWork {
    /// Changes what is named.
    Step(Box<GuildStep>),
    /// Drops the members of older listings.
    Sweep,
    /// Takes a role from all members.
    Strip(RoleId),
}

/// A part of a mutation.
#[derive(Debug)]
enum MutationPart {
    Op(Op<'static>),
    Sweep,
    /// Only if there are members of older listings.
    SweepIfAny,
    Strip(RoleId),
}

/// The rest of a mutation of one guild.
#[derive(Debug)]
pub(crate) struct GuildSteps {
    guild: GuildId,
    origin: Option<Position>,
    parts: VecDeque<MutationPart>,
    is_anew: bool,
    has_begun: bool,
    is_over: bool,
}

impl GuildSteps {
    pub(crate) fn new(guild: GuildId, mutation: &Mutation<'static>) -> Self {
        let mut parts = VecDeque::new();
        for op in mutation.ops() {
            match op {
                Op::Replace(Rows::Members(rows)) => {
                    parts.push_back(MutationPart::Op(Op::Recount));
                    parts.extend(pieces(rows));
                    parts.push_back(MutationPart::Sweep);
                }
                Op::Upsert(Rows::Members(rows)) if rows.len() > AT_ONCE => {
                    parts.extend(pieces(rows));
                }
                Op::StripRole(role) => {
                    parts.extend([
                        MutationPart::Strip(*role),
                        MutationPart::Op(Op::StripRole(*role)),
                    ]);
                }
                Op::Complete => {
                    parts.extend([MutationPart::SweepIfAny, MutationPart::Op(Op::Complete)]);
                }
                op => parts.push_back(MutationPart::Op(op.clone())),
            }
        }
        Self {
            guild,
            origin: mutation.origin(),
            is_anew: delivers_anew(mutation),
            parts,
            has_begun: false,
            is_over: false,
        }
    }

    /// Whether the step that was handed out last is the last one.
    pub(crate) const fn is_over(&self) -> bool {
        self.is_over
    }

    /// What is done next, where so many members are of older listings. The last step has the
    /// mutation's origin, and is there even if it changes nothing else, unless it is the only one.
    pub(crate) fn next(&mut self, older: u64) -> Option<NextWork> {
        if self.is_over {
            return None;
        }
        let has_begun = std::mem::replace(&mut self.has_begun, true);
        let mut step = GuildStep {
            mutation: Mutation::new(Some(self.guild)),
            origin: self.origin,
            begins_listing: false,
            completes: false,
            is_anew: self.is_anew,
            unfinished: None,
        };
        let mut has_members = false;
        while let Some(part) = self.parts.front() {
            let is_first = step.mutation.is_empty();
            let waits = match part {
                MutationPart::Op(Op::Upsert(Rows::Members(_)) | Op::Recount) => has_members,
                MutationPart::Op(_) => false,
                MutationPart::Sweep | MutationPart::Strip(_) => !is_first,
                MutationPart::SweepIfAny => !is_first && (older > 0 || step.begins_listing),
            };
            if waits {
                return Some(NextWork::Step(Box::new(step)));
            }
            match self.parts.pop_front() {
                Some(MutationPart::Op(op)) => {
                    has_members |= matches!(op, Op::Upsert(Rows::Members(_)));
                    step.begins_listing |= matches!(op, Op::Recount);
                    step.completes |= matches!(op, Op::Complete);
                    step.mutation.push(op);
                }
                Some(MutationPart::Sweep) => return Some(NextWork::Sweep),
                Some(MutationPart::SweepIfAny) if older > 0 => return Some(NextWork::Sweep),
                Some(MutationPart::Strip(role)) => return Some(NextWork::Strip(role)),
                Some(MutationPart::SweepIfAny) | None => {}
            }
        }
        self.is_over = true;
        if let Some(origin) = self.origin {
            step.mutation = step.mutation.at(origin);
        }
        let is_nothing = step.mutation.is_empty() && self.origin.is_none() && !has_begun;
        (!is_nothing).then_some(NextWork::Step(Box::new(step)))
    }
}

/// Whether a mutation delivers its guild anew, or hands it over.
pub(crate) fn delivers_anew(mutation: &Mutation<'_>) -> bool {
    let anew = |op: &Op<'_>| matches!(op, Op::HandedOver | Op::SetStatus(GuildStatus::Available));
    mutation.ops().any(anew)
}

/// Members, so many at a time as are written at once.
fn pieces(rows: &Batch<Member<'_>>) -> Vec<MutationPart> {
    let (mut pieces, mut piece) = (Vec::new(), Batch::default());
    for (user, row) in rows.packed() {
        piece.push_packed(user, &row);
        if piece.len() == AT_ONCE {
            pieces.push(std::mem::take(&mut piece));
        }
    }
    pieces.extend((!piece.is_empty()).then_some(piece));
    let upsert = |piece| MutationPart::Op(Op::Upsert(Rows::Members(piece)));
    pieces.into_iter().map(upsert).collect()
}
