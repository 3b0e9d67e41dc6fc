//! From the command line to the model's options.
use crate::arguments::{Arguments, Timed};
use headcount_sim::act::{Act, Target};
use headcount_sim::faults::{Fault, Trouble};
use headcount_sim::options::Options;
use headcount_sim::world::plan::{Arrival, Plan};
use headcount_sim::{Millis, guild_id, intents};

/// What the real resume hosts answered in an incident.
const UNAVAILABLE: u16 = 503;

/// The options that the command line describes.
pub(crate) fn options(asked: &Arguments) -> Options {
    let mut options = Options {
        world: world(asked),
        token: asked.token.clone(),
        shards: asked.shards,
        traffic: asked.traffic,
        said: asked.said.clone(),
        granted: asked.granted.unwrap_or(intents::PRIVILEGED),
        resumed_repeats: asked.resumed_repeats,
        heartbeats_trim: asked.heartbeats_trim,
        faults: faults(asked),
        script: asked.timed.iter().map(timed).collect(),
        ..Options::default()
    };
    let limits = &mut options.limits;
    limits.heartbeat_interval = asked.heartbeat.unwrap_or(limits.heartbeat_interval);
    limits.identify_spacing = asked.gate.unwrap_or(limits.identify_spacing);
    limits.request_gate = asked.member_gate.unwrap_or(limits.request_gate);
    limits.replay_dispatches = asked.replay_events.unwrap_or(limits.replay_dispatches);
    limits.replay_time = asked.replay_time.unwrap_or(limits.replay_time);
    options.max_concurrency = asked.concurrency.unwrap_or(options.max_concurrency);
    options
}

/// Members are spread evenly; the first guild may be larger, the last ones may be in outage.
fn world(asked: &Arguments) -> Plan {
    let share = |number| {
        let rest = u32::from(number < asked.members % asked.guilds.max(1));
        asked.members / asked.guilds.max(1) + rest
    };
    let sizes = (0..asked.guilds).map(|number| match number {
        0 if asked.large > 0 => asked.large,
        number => share(number),
    });
    let mut plan = Plan::sizes(sizes);
    for guild in plan.guilds.iter_mut().rev().take(asked.outage as usize) {
        guild.arrival = Arrival::Outage;
    }
    plan
}

fn faults(asked: &Arguments) -> Vec<Fault> {
    let mut faults = Vec::new();
    if let Some(dispatches) = asked.cut_after {
        for shard in 0..asked.shards {
            let cut = Trouble::CutAfterDispatches(dispatches);
            faults.push(Fault::once(cut).on_shard(shard));
        }
    }
    for lost in &asked.lost_chunks {
        let trouble = Trouble::LoseChunk {
            guild: guild_id(lost.guild),
            index: lost.chunk,
        };
        faults.push(if lost.always {
            Fault::always(trouble)
        } else {
            Fault::once(trouble)
        });
    }
    if asked.dead_resume_host {
        faults.push(Fault::always(Trouble::DeadResumeHost(UNAVAILABLE)));
    }
    if asked.invalid_session {
        faults.push(Fault::always(Trouble::InvalidateResume {
            resumable: false,
        }));
    }
    faults
}

fn timed(happening: &Timed) -> (Millis, Act) {
    match *happening {
        Timed::Close { at, code } => (at, Act::Close(Target::All, code)),
        Timed::Reconnect { at } => (at, Act::Reconnect(Target::All)),
        Timed::WithholdAcks { at } => (at, Act::WithholdAcks(Target::All)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(asked: &Arguments) -> Vec<u32> {
        world(asked)
            .guilds
            .iter()
            .map(|guild| guild.members)
            .collect()
    }

    #[test]
    fn members_are_spread_and_none_is_lost() {
        let asked = Arguments {
            guilds: 3,
            members: 11,
            ..Arguments::default()
        };
        assert_eq!(sizes(&asked), [4, 4, 3]);
        assert_eq!(sizes(&Arguments { large: 70, ..asked }), [70, 4, 3]);
        let asked = Arguments {
            guilds: 0,
            ..Arguments::default()
        };
        assert!(sizes(&asked).is_empty());
    }

    #[test]
    fn the_last_guilds_are_in_outage() {
        let plan = world(&Arguments {
            guilds: 3,
            outage: 1,
            ..Arguments::default()
        });
        let arrivals: Vec<Arrival> = plan.guilds.iter().map(|guild| guild.arrival).collect();
        assert_eq!(
            arrivals,
            [Arrival::Normal, Arrival::Normal, Arrival::Outage]
        );
    }

    #[test]
    fn faults_name_guilds_by_id() {
        let asked = Arguments {
            cut_after: Some(5),
            shards: 2,
            ..Arguments::default()
        };
        assert_eq!(faults(&asked).len(), 2);
        let lost = crate::arguments::LostChunk {
            guild: 4,
            chunk: 1,
            always: true,
        };
        let asked = Arguments {
            lost_chunks: vec![lost],
            ..Arguments::default()
        };
        let trouble = Trouble::LoseChunk {
            guild: guild_id(4),
            index: 1,
        };
        assert_eq!(faults(&asked), [Fault::always(trouble)]);
    }
}
