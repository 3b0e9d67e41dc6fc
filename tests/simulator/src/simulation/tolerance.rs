//! What becomes of a dispatch with an odd place: it is emitted as it came, and right after it what
//! of it was not understood.
use super::Simulation;
use crate::odd::{Kind, Odd};
use headcount_core::Event;
use headcount_core::cache::Kinds;
use headcount_core::event::{Fault, Misunderstood};
use headcount_core::id::GuildId;
use headcount_core::wire::Name;

/// What has to be said next, and what was emitted last.
#[derive(Clone, Debug, Default)]
pub(super) struct Expected {
    odd: Option<Odd>,
    emitted: Option<u64>,
}

impl Simulation {
    /// Notes an event; what an odd dispatch owes comes before any other.
    pub(super) fn hold_to_tolerance(
        &mut self,
        host: usize,
        expected: &mut Expected,
        event: &Event<'_>,
    ) {
        let odd = expected.odd.take();
        let verdict = match event {
            Event::Misunderstood(it) if matches!(it.fault, Fault::Values | Fault::NoSubject(_)) => {
                // What the consumer has had is not emitted again; what follows from it is.
                let emitted = match expected.emitted {
                    None if self.hosts[host].book.is_delivered(it.sequence) => it.sequence,
                    emitted => emitted,
                };
                right_after(it, emitted, odd.as_ref())
            }
            _ => self.is_paid(odd.as_ref()),
        };
        expected.emitted = None;
        if let Event::Dispatch(dispatch) = event {
            expected.odd = self.gateway.odd(dispatch.data()).cloned();
            expected.emitted = dispatch.sequence();
        }
        if let Some(odd) = &expected.odd {
            let line = format_args!("# odd in {}: {}, {:?}", odd.event, odd.path, odd.place);
            self.trace.line(self.now, Some(host), line);
        }
        if let Err(wrong) = verdict {
            self.fail(format!("s{host}: {wrong}"));
        }
    }

    /// Nothing is expected at the end of an input.
    pub(super) fn hold_to_the_rest(&mut self, host: usize, expected: &Expected) {
        if let Err(wrong) = self.is_paid(expected.odd.as_ref()) {
            self.fail(format!("s{host}: {wrong}"));
        }
    }

    /// A READY whose list could not be read whole may have named every guild that was known.
    pub(super) fn note_known_guilds(&mut self, host: usize, event: &Event<'_>) {
        let partial = |odd: &Odd| matches!(odd.of(), Some((Kind::Guild, None)));
        match event {
            Event::Dispatch(it) if it.name() == Name::Ready => {
                if !self.gateway.odd(it.data()).is_some_and(partial) {
                    return;
                }
            }
            _ => return,
        }
        let it = &mut self.hosts[host];
        let known: Vec<GuildId> = it.known(self.guilds).collect();
        it.book.listed.extend(known);
    }

    /// Whether nothing has to be said: nothing is odd, or nobody reads it, or it makes sense.
    fn is_paid(&self, odd: Option<&Odd>) -> Result<(), String> {
        let silent = |odd: &Odd| {
            let of = odd.of();
            let read = of.is_some_and(|(kind, part)| is_read(self.setting.kinds, kind, part));
            !odd.senseless || !read
        };
        match odd.filter(|odd| !silent(odd)) {
            None => Ok(()),
            Some(odd) => Err(format!(
                "nobody says that {} is odd in {}",
                odd.path, odd.body
            )),
        }
    }
}

/// It is about the dispatch before it, and names the place that is odd, and no other.
fn right_after(it: &Misunderstood, emitted: Option<u64>, odd: Option<&Odd>) -> Result<(), String> {
    if emitted.is_none() || it.sequence != emitted {
        return Err(format!("{it:?} comes after {emitted:?}"));
    }
    let within = |one: &str, other: &str| {
        let rest = one.strip_prefix(other);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    let fits = |path: &str, odd: &Odd| {
        path.is_empty() || within(path, &odd.path) || within(&odd.path, path)
    };
    let places = it.misreads.places();
    match odd {
        Some(odd) if !places.iter().all(|place| fits(place.path(), odd)) => {
            Err(format!("{it:?} names more than {}", odd.path))
        }
        Some(_) | None => Ok(()),
    }
}

/// Whether a client that caches these kinds reads this part of a row, or the row.
fn is_read(kinds: Kinds, kind: Kind, part: Option<&str>) -> bool {
    let (cached, parts): (Kinds, &[&str]) = match kind {
        Kind::Guild => return part.is_none(),
        Kind::Profile => (
            Kinds::GUILDS,
            &["name", "owner_id", "afk_timeout", "nsfw_level"],
        ),
        Kind::Role => (
            Kinds::ROLES,
            &[
                "name",
                "color",
                "hoist",
                "position",
                "permissions",
                "mentionable",
            ],
        ),
        Kind::Channel => (
            Kinds::CHANNELS,
            &["name", "type", "position", "permission_overwrites", "nsfw"],
        ),
        Kind::Thread => (Kinds::THREADS, &["name", "type"]),
        Kind::Member => (
            Kinds::MEMBERS,
            &["roles", "mute", "deaf", "pending", "flags"],
        ),
        Kind::Presence => (Kinds::PRESENCES, &["status"]),
        Kind::Voice => (Kinds::VOICE_STATES, &["channel_id", "session_id"]),
    };
    kinds.contains(cached) && part.is_none_or(|part| parts.contains(&part))
}
