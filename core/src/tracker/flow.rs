//! What a dispatch, a deadline or a lost connection leads to, in the order of emission.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use super::incomplete::Incompleteness;
use super::{Tracker, hold};
use crate::action::{Action, Actions};
use crate::cache::{Kinds, Lack, Mutation, Op};
use crate::chunk::{Chunk, ChunkOutcome, ChunkPlace, Listed};
use crate::dispatch::Dispatch;
use crate::event::{Event, Fault};
use crate::id::GuildId;
use crate::setup::{Arrival, Barrier, GuildReady, Origin, Outcome, Outgoing, Setup, SetupEvent};
use crate::time::Instant;
use crate::wire::command::Command;
use crate::wire::view::{
    Batch, Content, GuildCreate, MembersChunk, Presence, RateLimited, Ready, View,
};
use crate::wire::{Listing, Malformed, Misreads, Name, Text};

/// What was read of a dispatch, and what of it was not understood.
pub(crate) type Decoded<'i> = (Result<Option<View<'i>>, Malformed>, Misreads);

impl Tracker {
    /// Takes in a dispatch and what [`Tracker::read`] made of it: its mutation, itself, what of it
    /// was not understood, and what follows from it, in that order.
    pub(crate) fn dispatched<'i>(
        &mut self,
        now: Instant,
        (mut view, misreads): Decoded<'i>,
        mut dispatch: Dispatch<'i>,
        data: &'i str,
        out: &mut Actions<'i>,
    ) {
        self.now = self.now.max(now);
        self.note(&view, misreads, &mut dispatch, data);
        let mut events = Vec::new();
        self.note_sequence(dispatch.name(), dispatch.sequence());
        self.introduce_handed_over(dispatch.name(), out);
        let is_left_out = !self.config.events.contains(dispatch.name());
        let guild = match is_left_out {
            true => None,
            false => self.guild_to_hold_for(view.as_ref().ok(), &dispatch, data),
        };
        if dispatch.name() == Name::Ready {
            self.release_all(out);
        }
        let me = self.deriver.me();
        let mut admit = |view: &mut View<'i>| self.tombstones.admit(view, me);
        let admitted = match &mut view {
            Ok(Some(view)) => admit(view),
            Ok(None) | Err(_) => false,
        };
        if let Ok(Some(view)) = view
            && admitted
        {
            let before = self.place_before(&view, dispatch.sequence());
            let whole = self.advance(&view, &mut events);
            self.log_place(before);
            let incompleteness = self.incompleteness(&events);
            self.derive(view, dispatch.sequence(), (whole, incompleteness), out);
        } else if dispatch.name() == Name::Resumed {
            self.setup.resumed(self.now, &mut events);
            self.explain(&events, out);
        }
        if self.is_settled(dispatch.sequence()) {
            return self.emit_unsettled(events, out);
        }
        let is_silent = is_left_out || self.is_delivered(dispatch.sequence());
        match (&mut self.hold, guild) {
            _ if is_silent => out.deliver_rest(dispatch),
            (Some(hold), Some(guild)) => hold.hold(guild, dispatch, data.len(), out),
            (Some(_) | None, _) => out.deliver(dispatch),
        }
        self.emit(events, out);
    }

    /// Notes what of a dispatch was not understood.
    pub(super) fn note(
        &mut self,
        view: &Result<Option<View<'_>>, Malformed>,
        mut misreads: Misreads,
        dispatch: &mut Dispatch<'_>,
        data: &str,
    ) {
        if let Ok(Some(view)) = view {
            misreads.append(self.deriver.misread_in_passing(view));
        }
        let fault = match view {
            Err(malformed) => {
                misreads.append(Misreads::whole(malformed.what, data));
                Fault::NoSubject(*malformed)
            }
            Ok(_) if misreads.count() > 0 => Fault::Values,
            Ok(_) => return,
        };
        let at = Some((dispatch.name(), dispatch.sequence()));
        dispatch.set_misunderstood(self.misunderstand(fault, at, misreads));
    }

    /// What a dispatch means to setup and requests; whether it makes a guild's members whole.
    fn advance(&mut self, view: &View<'_>, events: &mut Vec<SetupEvent>) -> bool {
        let now = self.now;
        match view {
            View::Ready(ready) => {
                self.begin_session(&ready.session_id.as_cow());
                let guilds = self.guilds_of(ready);
                self.setup.ready(now, guilds.into_iter(), events);
            }
            View::GuildCreate(create) if create.unavailable => {
                self.setup.guild_unavailable(now, create.guild.id, events);
            }
            View::GuildCreate(create) => {
                self.setup.guild_create(now, self.arrival(create), events);
            }
            View::GuildDelete(delete) if delete.unavailable => {
                self.setup.guild_unavailable(now, delete.guild, events);
            }
            View::GuildDelete(delete) => self.setup.guild_delete(now, delete.guild, events),
            View::GuildSync(sync) => {
                let listed = self.listed(&sync.content);
                return self.setup.guild_sync(now, sync.guild, listed, events);
            }
            View::MembersChunk(chunk) => return self.chunk(chunk, events),
            View::RateLimited(limited) => self.rate_limited(limited, events),
            View::UserUpdate(_)
            | View::GuildUpdate(_)
            | View::MemberAdd(_)
            | View::MemberUpdate(_)
            | View::MemberRemove(_)
            | View::PresenceUpdate(_)
            | View::ChannelCreate(_)
            | View::ChannelUpdate(_)
            | View::ChannelDelete(_)
            | View::ChannelPins(_)
            | View::RoleCreate(_)
            | View::RoleUpdate(_)
            | View::RoleDelete(_)
            | View::Entity(_) => {}
        }
        false
    }

    /// The guilds of a new session. A list that could not be read whole may have named those that
    /// are known, too: none of them has been left for not being listed.
    fn guilds_of(&self, ready: &Ready<'_>) -> Vec<GuildId> {
        let listed = ready.guilds.as_ref();
        let rows = listed.iter().flat_map(|list| &list.rows);
        let mut guilds: Vec<GuildId> = rows.map(|guild| guild.id).collect();
        if !listed.is_some_and(Listing::is_whole) {
            guilds.extend(self.setup.guilds());
        }
        guilds
    }

    /// Whether this chunk is the last of a whole answer that lists everyone.
    fn chunk(&mut self, view: &MembersChunk<'_>, events: &mut Vec<SetupEvent>) -> bool {
        let nonce = view.nonce.as_ref().map(Text::as_cow);
        let chunk = Chunk {
            guild: view.guild,
            nonce: nonce.as_deref(),
            place: view
                .index
                .zip(view.count)
                .map(|(index, count)| ChunkPlace { index, count }),
            listed: self.listed_by_chunk(view),
            not_found: &view.not_found,
        };
        let outcome = self.setup.chunk(self.now, &chunk, events);
        let ChunkOutcome::Completed(Some(request)) = outcome else {
            return false;
        };
        events.iter().any(|event| match event {
            SetupEvent::RequestFinished(end) => {
                let whole = self.setup.outcome_of(end) == Outcome::Complete;
                whole && end.full && end.request == Some(request)
            }
            SetupEvent::Presences(..)
            | SetupEvent::Confirm(_)
            | SetupEvent::Asked(_)
            | SetupEvent::StoreFailed(_)
            | SetupEvent::GuildStale(_)
            | SetupEvent::GuildReady(_)
            | SetupEvent::GuildUnavailable(_)
            | SetupEvent::GuildLeave(_)
            | SetupEvent::ShardFinishedChunking(_)
            | SetupEvent::ShardReady(_) => false,
        })
    }

    /// What a chunk lists, as far as it is cached.
    fn listed_by_chunk(&self, view: &MembersChunk<'_>) -> Listed {
        Listed {
            members: view.received.saturating_sub(view.unread),
            unread: view.unread,
            presences_unread: self.presences_unread(view.presences.as_ref(), view.presences_unread),
        }
    }

    /// The same of what a guild lists.
    fn listed(&self, content: &Content<'_>) -> Listed {
        let (presences, unread) = (content.presences.as_ref(), content.presences_unread);
        Listed {
            members: content.listed.saturating_sub(content.members_unread),
            unread: content.members_unread,
            presences_unread: self.presences_unread(presences, unread),
        }
    }

    /// Of presences that are not cached nothing is read, and so nothing is wrong with them.
    fn presences_unread(&self, listed: Option<&Batch<Presence<'_>>>, unread: u64) -> Option<u64> {
        let cached = self.config.kinds.contains(Kinds::PRESENCES);
        (listed.is_some() || !cached).then_some(unread)
    }

    fn arrival(&self, create: &GuildCreate<'_>) -> Arrival {
        Arrival {
            guild: create.guild.id,
            members: create.guild.member_count,
            listed: self.listed(&create.content),
            large: create.guild.large.unwrap_or(false),
            is_asked: false,
        }
    }

    fn rate_limited(&mut self, limited: &RateLimited<'_>, events: &mut Vec<SetupEvent>) {
        let Some(guild) = limited.guild else {
            return;
        };
        let nonce = limited.nonce.as_ref().map(Text::as_cow);
        let wait = limited.retry_after;
        let _ = self
            .setup
            .rate_limited(self.now, guild, nonce.as_deref(), wait, events);
    }

    fn derive<'i>(
        &mut self,
        view: View<'i>,
        sequence: Option<u64>,
        (whole, incompleteness): (bool, Incompleteness),
        out: &mut Actions<'i>,
    ) {
        let mut mutation: Mutation<'i> = self.deriver.derive(view);
        if !self.tombstones.is_empty() {
            self.tombstones.strip_roles(&mut mutation);
        }
        if whole {
            self.deriver.add_completion(&mut mutation);
        }
        let mut apart = Vec::new();
        for (guild, lack) in incompleteness {
            // A store may have the dispatch already from the earlier process, and pass over it;
            // what is lacked now is another matter.
            if mutation.guild() == Some(guild) && !self.handover.is_restored() {
                mutation.push(lack);
            } else {
                apart.push(Mutation::new(Some(guild)).with(lack));
            }
        }
        if !mutation.is_empty() {
            if let Some(sequence) = sequence {
                mutation.set_origin(self.position(sequence));
            }
            out.push(Action::Mutate(mutation));
        }
        for lack in apart {
            out.push(Action::Mutate(lack));
        }
    }

    /// What follows for the cache from a request that is sent.
    pub(crate) fn mark_loading(&mut self, command: &Command) -> Option<Mutation<'static>> {
        let Command::RequestMembers(request) = command else {
            return None;
        };
        let (guild, kinds) = (request.guild, self.config.kinds);
        if !request.query.is_full() {
            return None;
        }
        let mut loading = Mutation::new(Some(guild));
        if kinds.contains(Kinds::MEMBERS) && !self.is_asked_for(guild) {
            loading.push(Op::Incomplete(Lack::Loading));
        }
        if request.presences
            && self.setup.presences_asked(guild)
            && kinds.contains(Kinds::PRESENCES)
        {
            loading.push(Op::SetPresencesLack(Some(Lack::Loading)));
        }
        (!loading.is_empty()).then_some(loading)
    }

    /// The guild for which this dispatch is to be held, if it is.
    fn guild_to_hold_for(
        &self,
        view: Option<&Option<View<'_>>>,
        dispatch: &Dispatch<'_>,
        data: &str,
    ) -> Option<GuildId> {
        self.hold.as_ref()?;
        if !hold::may_wait(dispatch.name()) {
            return None;
        }
        let guild = match view.and_then(Option::as_ref) {
            Some(view) => view.guild(),
            None => hold::guild_of(dispatch.name(), data),
        };
        guild.filter(|&guild| self.setup.in_setup(guild))
    }

    /// Lets setup take a step without a dispatch, and emits what follows from it.
    fn step(
        &mut self,
        now: Instant,
        out: &mut Actions<'_>,
        step: impl FnOnce(&mut Setup, Instant, &mut Vec<SetupEvent>),
    ) {
        self.now = self.now.max(now);
        let mut events = Vec::new();
        step(&mut self.setup, self.now, &mut events);
        self.log_events(&events);
        self.explain(&events, out);
        self.emit(events, out);
    }

    /// The connection is lost; what comes until RESUMED is replay.
    pub(crate) fn connection_lost(&mut self, now: Instant, out: &mut Actions<'_>) {
        self.step(now, out, Setup::connection_lost);
    }

    /// The session is gone: what is held of it belongs to no other, so it comes now.
    pub(crate) fn session_lost(&mut self, out: &mut Actions<'_>) {
        self.release_all(out);
    }

    /// The host's stores have got this far.
    pub(crate) fn stored(&mut self, now: Instant, barrier: Barrier, out: &mut Actions<'_>) {
        self.step(now, out, |setup, now, events| {
            setup.stored(now, barrier, events);
        });
    }

    /// A store of the host's has failed a guild.
    pub(crate) fn store_failed(&mut self, now: Instant, guild: GuildId, out: &mut Actions<'_>) {
        self.step(now, out, |setup, _, events| {
            setup.store_failed(guild, events);
        });
    }

    /// The shard has ended for good: all that is pending is settled as it stands.
    pub(crate) fn halted(&mut self, now: Instant, out: &mut Actions<'_>) {
        self.step(now, out, Setup::halted);
        self.release_settled(out);
    }

    /// Deals with everything that has been silent for too long.
    pub(crate) fn timeout(&mut self, now: Instant, out: &mut Actions<'_>) {
        self.step(now, out, Setup::timeout);
        self.release_settled(out);
    }

    /// So late it is: what the caller asks for now begins now.
    pub(crate) fn set_now(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    /// For so long nothing was read: that is no silence.
    pub(crate) fn unread(&mut self, missed: Duration) {
        self.setup.unread(missed);
    }

    /// When [`Tracker::timeout`] has something to do.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.setup.deadline()
    }

    /// From when on there is something to send; `None` while nothing may be sent.
    pub(crate) fn sendable_at(&self) -> Option<Instant> {
        self.setup.sendable_at()
    }

    /// The next command that may be sent now, marked as sent: call this only with room to send.
    pub(crate) fn next_send(&mut self, now: Instant) -> Option<Command> {
        self.now = self.now.max(now);
        Some(match self.setup.next_send(self.now)? {
            Outgoing::Members(request) => {
                self.tombstones.request_sent(request.guild, request.nonce);
                Command::RequestMembers(Box::new(request))
            }
            Outgoing::Sync(guilds) => Command::GuildSync(guilds),
        })
    }

    /// Emits what a replayed dispatch leads to of which an earlier process has not heard: the ends
    /// of this one's requests, and its readiness.
    fn emit_unsettled(&mut self, mut events: Vec<SetupEvent>, out: &mut Actions<'_>) {
        events.retain(|event| match event {
            SetupEvent::RequestFinished(_)
            | SetupEvent::Confirm(_)
            | SetupEvent::Presences(..)
            | SetupEvent::Asked(_)
            | SetupEvent::StoreFailed(_)
            | SetupEvent::GuildStale(_)
            | SetupEvent::ShardFinishedChunking(_)
            | SetupEvent::ShardReady(_) => true,
            SetupEvent::GuildReady(_)
            | SetupEvent::GuildUnavailable(_)
            | SetupEvent::GuildLeave(_) => false,
        });
        self.emit(events, out);
    }

    /// Emits the events of setup; events held for a guild come after it is ready, and before
    /// it is gone.
    fn emit(&mut self, events: Vec<SetupEvent>, out: &mut Actions<'_>) {
        for event in events {
            match event {
                SetupEvent::Presences(..) | SetupEvent::Asked(_) | SetupEvent::StoreFailed(_) => {}
                SetupEvent::Confirm(barrier) => out.push(Action::Confirm(barrier)),
                SetupEvent::GuildStale(stale) => out.emit(Event::GuildStale(stale)),
                SetupEvent::RequestFinished(end) => {
                    out.emit(Event::ChunkRequestFinished(end.into()));
                }
                SetupEvent::GuildReady(ready) => {
                    let guild = ready.guild;
                    out.emit(guild_event(ready));
                    self.release(guild, out);
                }
                SetupEvent::GuildUnavailable(gone) => {
                    self.release(gone.guild, out);
                    out.emit(Event::GuildUnavailable(gone));
                }
                SetupEvent::GuildLeave(left) => {
                    self.release(left.guild, out);
                    out.emit(Event::GuildLeave(left));
                }
                SetupEvent::ShardFinishedChunking(summary) => {
                    self.release_settled(out);
                    out.emit(Event::ShardFinishedChunking(summary.into()));
                }
                SetupEvent::ShardReady(ready) => out.emit(Event::ShardReady(ready)),
            }
        }
    }

    fn release(&mut self, guild: GuildId, out: &mut Actions<'_>) {
        if let Some(hold) = &mut self.hold {
            hold.release(guild, out);
        }
    }

    /// Releases what is held for guilds that are no longer in setup without a word of their own:
    /// those that were missed.
    fn release_settled(&mut self, out: &mut Actions<'_>) {
        let setup = &self.setup;
        if let Some(hold) = &mut self.hold {
            hold.release_unless(|guild| setup.in_setup(guild), out);
        }
    }

    /// What was held under the last session comes before the new one's READY.
    fn release_all(&mut self, out: &mut Actions<'_>) {
        if let Some(hold) = &mut self.hold {
            hold.release_unless(|_| false, out);
        }
    }
}

fn guild_event(ready: GuildReady) -> Event<'static> {
    let origin = ready.origin;
    let ready = Box::new(ready);
    match origin {
        Origin::Initial => Event::GuildReady(ready),
        Origin::Join => Event::GuildJoin(ready),
        Origin::Returned => Event::GuildRestored(ready),
    }
}
