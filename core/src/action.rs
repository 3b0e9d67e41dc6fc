//! What a host must do now.

use alloc::boxed::Box;

use smallvec::SmallVec;

use crate::cache::Mutation;
use crate::dispatch::Dispatch;
use crate::event::Event;
use crate::misunderstood::Misunderstood;
use crate::setup::Barrier;
use crate::wire::command::Command;

/// One effect for the host to carry out.
#[derive(Clone, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "a mutation of one row lies in the action, so that it allocates nothing"
)]
pub enum Action<'i> {
    /// Open a connection to this base address, within
    /// [`Timing::dial`](crate::config::Timing::dial), and answer with
    /// [`Input::Opened`](crate::Input::Opened) or [`Input::DialFailed`](crate::Input::DialFailed).
    /// The host adds the query (version, encoding, compression). If another dial is still under
    /// way, forget that one.
    Connect {
        /// `wss://host`, perhaps with a path.
        url: Box<str>,
    },
    /// Write this payload to the open connection, before anything later in the list. A write that
    /// does not finish soon means that the connection is dead:
    /// [`Input::Closed`](crate::Input::Closed).
    Send(Command),
    /// Close the connection with this code, or give up the dial under way. Do not wait for the
    /// peer, and deliver nothing more of that connection.
    Close(u16),
    /// Ask the fleet for an identify; answer with
    /// [`Input::IdentifyGranted`](crate::Input::IdentifyGranted) when it agrees. Only with
    /// [`Identifying::Fleet`](crate::config::Identifying::Fleet).
    WantIdentify,
    /// Apply this to the store, before the events that follow.
    Mutate(Mutation<'i>),
    /// Answer with [`Input::Stored`](crate::Input::Stored) when every change of this guild that
    /// came before is stored or has failed. Only with
    /// [`SetupConfig::confirm`](crate::setup::SetupConfig::confirm).
    Confirm(Barrier),
    /// Deliver this event to the user.
    Emit(Event<'i>),
}

impl Action<'_> {
    /// The same action, owning its data.
    #[must_use]
    pub fn into_owned(self) -> Action<'static> {
        match self {
            Self::Connect { url } => Action::Connect { url },
            Self::Send(command) => Action::Send(command),
            Self::Close(code) => Action::Close(code),
            Self::WantIdentify => Action::WantIdentify,
            Self::Mutate(mutation) => Action::Mutate(mutation.into_owned()),
            Self::Confirm(barrier) => Action::Confirm(barrier),
            Self::Emit(event) => Action::Emit(event.into_owned()),
        }
    }
}

/// What one input leads to, in order.
///
/// Connect, send and close are to be done in the order given, and so are mutations and events;
/// the two groups may run side by side. The list borrows the input, never the shard, so a host
/// may keep it while a slow store works and hand other inputs to the shard meanwhile.
#[derive(Clone, Debug, Default)]
#[must_use = "every effect of the core is in this list"]
pub struct Actions<'i>(SmallVec<[Action<'i>; 2]>);

impl<'i> Actions<'i> {
    /// An empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// The actions still to come, in order, without taking them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Action<'i>> {
        self.0.iter()
    }

    /// The same list, owning its data: it no longer borrows the input.
    pub fn into_owned(self) -> Actions<'static> {
        Actions(self.0.into_iter().map(Action::into_owned).collect())
    }

    /// How many actions there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[inline]
    pub(crate) fn push(&mut self, action: Action<'i>) {
        self.0.push(action);
    }

    pub(crate) fn emit(&mut self, event: Event<'i>) {
        self.push(Action::Emit(event));
    }

    /// Emits a dispatch, and what of it was not understood right after it.
    #[inline]
    pub(crate) fn deliver(&mut self, mut dispatch: Dispatch<'i>) {
        if let Some(misunderstood) = dispatch.take_misunderstood() {
            return self.deliver_both(dispatch, misunderstood);
        }
        self.emit(Event::Dispatch(dispatch));
    }

    /// Emits what of a dispatch was not understood, and not the dispatch.
    pub(crate) fn deliver_rest(&mut self, mut dispatch: Dispatch<'i>) {
        if let Some(misunderstood) = dispatch.take_misunderstood() {
            self.emit(Event::Misunderstood(misunderstood));
        }
    }

    #[cold]
    fn deliver_both(&mut self, dispatch: Dispatch<'i>, misunderstood: Box<Misunderstood>) {
        self.emit(Event::Dispatch(dispatch));
        self.emit(Event::Misunderstood(misunderstood));
    }
}

impl<'i> IntoIterator for Actions<'i> {
    type Item = Action<'i>;
    type IntoIter = ActionIter<'i>;

    #[inline]
    fn into_iter(self) -> ActionIter<'i> {
        ActionIter(self.0.into_iter())
    }
}

/// The actions of a list, by value and in order.
#[derive(Debug)]
pub struct ActionIter<'i>(smallvec::IntoIter<[Action<'i>; 2]>);

impl<'i> Iterator for ActionIter<'i> {
    type Item = Action<'i>;

    #[inline]
    fn next(&mut self) -> Option<Action<'i>> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for ActionIter<'_> {}
