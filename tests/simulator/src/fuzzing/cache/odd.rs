//! One value of a dispatch has a form that nobody foresaw: nothing changes but its own place.
use super::draw::{Fed, Move};
use super::host::Host;
use super::model::Guild;
use super::{USERS, named, snapshot};
use crate::odd::{self, Kind, Odd, Place, Said};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Debug;

type Guilds = BTreeMap<u64, Guild>;
type Users = BTreeMap<u64, String>;

/// What is held: of guilds, and the names of users.
struct Held {
    guilds: Guilds,
    users: Users,
}

impl Held {
    fn of(host: &Host) -> Self {
        Self {
            guilds: snapshot(&host.store),
            users: USERS.filter_map(|id| named(&host.store, id)).collect(),
        }
    }
}

/// Makes one of the dispatches odd, and holds what comes of it against what comes of it as it is.
pub(super) fn try_one(moves: &[Move], new: impl Fn() -> Host, draw: u64) {
    let fed = |one: &Move| match one {
        Move::Feed(fed) => Said::new(fed.name, 0, &fed.data).is_some(),
        Move::Ask(_) => false,
    };
    let places: Vec<usize> = (0..moves.len()).filter(|at| fed(&moves[*at])).collect();
    let Some(at) = places.get(draw as usize % places.len().max(1)) else {
        return;
    };
    let Move::Feed(last) = &moves[*at] else {
        return;
    };
    let Some(said) = Said::new(last.name, 0, &last.data) else {
        return;
    };
    let Some(odd) = odd::draw(&said, &last.data, draw, draw.is_multiple_of(4)) else {
        return;
    };
    let (mut plain, mut other) = (replay(new(), &moves[..*at]), replay(new(), &moves[..*at]));
    let before = Held::of(&plain);
    plain.feed(&understood(last, &odd));
    other.feed_text(last, &odd.body);
    let trial = Trial {
        fed: last,
        odd: &odd,
        owner: said.owner,
        before,
        full: Held::of(&plain),
        after: Held::of(&other),
    };
    trial.judge();
}

/// What can be understood of it. Only null says that somebody is a guest: with anything else there
/// nothing says so.
fn understood(fed: &Fed, odd: &Odd) -> Fed {
    let mut fed = fed.clone();
    let pointer = format!("/{}", odd.path.replace(['[', '.'], "/").replace(']', ""));
    if let Some(member) = pointer.strip_suffix("/joined_at")
        && let Some(member) = fed.data.pointer_mut(member).and_then(Value::as_object_mut)
        && member.get("joined_at") == Some(&Value::Null)
    {
        member.remove("joined_at");
    }
    fed
}

fn replay(mut host: Host, moves: &[Move]) -> Host {
    for one in moves {
        match one {
            Move::Feed(fed) => {
                host.feed(fed);
            }
            Move::Ask(guild) => host.ask(*guild),
        }
    }
    host
}

struct Trial<'f> {
    fed: &'f Fed,
    odd: &'f Odd,
    /// The guild that it is about.
    owner: u64,
    before: Held,
    /// What is held if nothing is odd.
    full: Held,
    /// What is held if something is.
    after: Held,
}

impl Trial<'_> {
    fn judge(&self) {
        let (full, after) = (&self.full, &self.after);
        match &self.odd.place {
            Place::Subject => {
                self.same(&self.before.guilds, &after.guilds);
                self.same(&self.before.users, &after.users);
                return;
            }
            // Guilds of which nobody can say so stay as they were; an outage is taken for one.
            Place::List(_, Kind::Guild) | Place::Row(Kind::Guild, _) => return,
            Place::Part(_, part) if part == "unavailable" => return,
            // By its name a chunk is known to answer a request from before a removal.
            Place::Elsewhere if self.odd.path == "nonce" => return,
            Place::List(..) | Place::Row(..) | Place::Part(..) | Place::Elsewhere => {}
        }
        self.same_others();
        match (full.guilds.get(&self.owner), after.guilds.get(&self.owner)) {
            (None, None) => {}
            (Some(full), Some(after)) => self.same_guild(full, after),
            (full, after) => self.same(&full, &after),
        }
        let renamed = |users: &Users| {
            let mut users = users.clone();
            users.retain(|id, _| !self.concerns_user(*id));
            users
        };
        self.same(&renamed(&full.users), &renamed(&after.users));
    }

    fn same<T: PartialEq + Debug>(&self, is: &T, held: &T) {
        let (fed, odd) = (self.fed, self.odd);
        assert_eq!(is, held, "{} is odd in {} {}", odd.path, fed.name, fed.data);
    }

    /// Other guilds are the same, but for rows that the guild would have taken from them: where it
    /// is not known that it has these, they stay.
    fn same_others(&self) {
        let others = |guilds: &Guilds| {
            let mut guilds = guilds.clone();
            guilds.remove(&self.owner);
            guilds
        };
        let mut full = others(&self.full.guilds);
        let after = others(&self.after.guilds);
        if matches!(self.odd.place, Place::List(..) | Place::Row(..)) {
            for (id, full) in &mut full {
                if let (Some(before), Some(after)) = (self.before.guilds.get(id), after.get(id)) {
                    full.keep(before, after);
                }
            }
        }
        self.same(&full, &after);
    }

    fn same_guild(&self, full: &Guild, after: &Guild) {
        let old = self.before.guilds.get(&self.owner);
        self.same(&full.status, &after.status);
        self.same_rows(
            Kind::Channel,
            &full.channels,
            &after.channels,
            old.map(|it| &it.channels),
        );
        self.same_rows(
            Kind::Role,
            &full.roles,
            &after.roles,
            old.map(|it| &it.roles),
        );
        self.same_rows(
            Kind::Presence,
            &full.presences,
            &after.presences,
            old.map(|it| &it.presences),
        );
        self.same_rows(
            Kind::Voice,
            &full.voice,
            &after.voice,
            old.map(|it| &it.voice),
        );
        // Roles that may be there still are still held by those who had them.
        if !self.loses(Kind::Role) {
            self.same_rows(
                Kind::Member,
                &full.members,
                &after.members,
                old.map(|it| &it.members),
            );
        }
        let small = |guild: &Guild| -> BTreeMap<u64, Option<u64>> {
            let threads = guild.small.iter().filter(|((kind, _), _)| *kind == 0);
            threads.map(|((_, id), row)| (*id, *row)).collect()
        };
        let threads = old.map(small);
        self.same_rows(Kind::Thread, &small(full), &small(after), threads.as_ref());
        if matches!(
            self.odd.of(),
            Some((Kind::Role | Kind::Channel | Kind::Thread, _))
        ) {
            self.same(&full.count, &after.count);
            self.same(&full.complete, &after.complete);
            self.same(&full.name, &after.name);
        }
        let was = old.is_some_and(|old| old.complete);
        if self.loses(Kind::Member) && !was {
            assert!(!after.complete, "{} is complete", self.odd.body);
        }
    }

    /// Whether this is no member with the odd value or without it. The presence of a stranger lies
    /// here where no member does, and who was listed before may be one still.
    fn is_stranger(&self, id: u64) -> bool {
        let held = |guilds: &Guilds| {
            let guild = guilds.get(&self.owner);
            guild.is_some_and(|guild| guild.members.contains_key(&id))
        };
        !held(&self.full.guilds) && !held(&self.after.guilds)
    }

    /// The rows of a kind are the same but for those that the odd place is of; what is not listed
    /// any more stays where a list was not read whole, and so does what the payload says of
    /// whoever may be a member still.
    fn same_rows<V: PartialEq + Debug>(
        &self,
        kind: Kind,
        full: &BTreeMap<u64, V>,
        after: &BTreeMap<u64, V>,
        old: Option<&BTreeMap<u64, V>>,
    ) {
        let follows = matches!(kind, Kind::Presence | Kind::Voice)
            && (self.loses(Kind::Member) || self.is_uncounted());
        let stays = |id: &u64| {
            let same = old.is_some_and(|old| old.get(id) == after.get(id));
            let loses = self.loses(kind) || (kind == Kind::Member && self.is_uncounted());
            match full.contains_key(id) {
                false => (same && loses) || follows,
                true => follows && kind == Kind::Presence && self.is_stranger(*id),
            }
        };
        for id in full.keys().chain(after.keys()) {
            if !self.concerns(kind, *id) && !stays(id) {
                self.same(&(kind, id, full.get(id)), &(kind, id, after.get(id)));
            }
        }
    }

    /// Whether nobody knows how many members there are, and so whether those listed are all.
    fn is_uncounted(&self) -> bool {
        matches!(&self.odd.place, Place::Part(_, part) if part == "member_count")
    }

    /// Whether a list of this kind was not read whole.
    fn loses(&self, kind: Kind) -> bool {
        match &self.odd.place {
            Place::List(_, of) | Place::Row(of, _) => *of == kind,
            // A chunk that does not count ends no answer, and nobody is swept away.
            Place::Elsewhere => matches!(kind, Kind::Member | Kind::Presence),
            Place::Part(..) | Place::Subject => false,
        }
    }

    /// Whether the odd place is of this row, or may be.
    fn concerns(&self, kind: Kind, id: u64) -> bool {
        // A member who comes by the way, or whose presence does, is of one row with it.
        let person = |kind| matches!(kind, Kind::Member | Kind::Presence | Kind::Voice);
        match &self.odd.place {
            Place::List(_, of) => *of == kind || (person(*of) && person(kind)),
            Place::Row(of, row) => {
                let same = *of == kind || (person(*of) && person(kind));
                same && row.is_none_or(|(_, _, own)| own == id)
            }
            Place::Part((_, of, own), _) => {
                *own == id && (*of == kind || (person(*of) && person(kind)))
            }
            Place::Subject | Place::Elsewhere => false,
        }
    }

    fn concerns_user(&self, id: u64) -> bool {
        let all = matches!(self.odd.place, Place::Elsewhere) || self.loses(Kind::Member);
        all || self.is_uncounted() || self.concerns(Kind::Member, id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn create(data: Value) -> Move {
        Move::Feed(Fed {
            name: "GUILD_CREATE",
            data,
            asked_after: None,
            crosses: false,
        })
    }

    /// A guild whose old member is not listed any more, then a guest of a stage, and a presence
    /// of somebody who is no member.
    fn guest_among(members: Value, count: u64) -> [Move; 2] {
        let user = |id: &str| json!({"id": id, "username": "ann"});
        let joined = json!({"user": user("10"), "joined_at": "2020-01-01T00:00:00+00:00"});
        let mut listed = vec![json!({"user": user("11"), "joined_at": null})];
        listed.extend(members.as_array().cloned().unwrap_or_default());
        [
            create(json!({"id": "1", "guild_id": "1", "member_count": 1, "members": [joined]})),
            create(json!({
                "id": "1", "guild_id": "1", "member_count": count, "members": listed,
                "presences": [{"user": user("12"), "status": "idle"}],
            })),
        ]
    }

    fn holds_wherever_it_is_odd(moves: &[Move]) {
        for draw in 0..2_000 {
            for sweeps in [false, true] {
                try_one(moves, || Host::new(1, sweeps), draw);
            }
        }
    }

    #[test]
    fn an_odd_guest_beside_the_presence_of_a_stranger_costs_itself() {
        for count in 0..3 {
            holds_wherever_it_is_odd(&guest_among(json!([]), count));
        }
    }

    #[test]
    fn an_odd_guest_beside_a_member_costs_itself() {
        let user = json!({"id": "13", "username": "bob"});
        let member = json!({"user": user, "joined_at": "2020-01-01T00:00:00+00:00"});
        for count in 0..4 {
            holds_wherever_it_is_odd(&guest_among(json!([member]), count));
        }
    }
}
