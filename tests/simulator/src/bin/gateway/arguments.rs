//! The command line: what may be asked, and what is wrong with it in one line.
use headcount_sim::intents;
use headcount_sim::server::Cutting;
use headcount_sim::{Millis, Token, Words};
use lexopt::prelude::{Long, Short};
use lexopt::{Parser, ValueExt};
use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

/// What the command line asks for.
#[derive(Debug, PartialEq)]
pub(crate) enum Command {
    Help,
    Run(Box<Arguments>),
}

/// The options of a run; `None` leaves the model's default.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Arguments {
    pub(crate) port: u16,
    pub(crate) guilds: u32,
    pub(crate) members: u32,
    pub(crate) large: u32,
    pub(crate) shards: u32,
    pub(crate) seed: u64,
    pub(crate) token: Option<Token>,
    /// The privileged intents that are enabled; `None` for all.
    pub(crate) granted: Option<u64>,
    pub(crate) said: Vec<Words>,
    pub(crate) heartbeat: Option<Millis>,
    pub(crate) gate: Option<Millis>,
    pub(crate) concurrency: Option<u32>,
    pub(crate) member_gate: Option<Millis>,
    pub(crate) heartbeats_trim: bool,
    pub(crate) replay_events: Option<usize>,
    pub(crate) replay_time: Option<Millis>,
    pub(crate) traffic: u32,
    pub(crate) cut_after: Option<u32>,
    pub(crate) lost_chunks: Vec<LostChunk>,
    pub(crate) outage: u32,
    pub(crate) dead_resume_host: bool,
    pub(crate) resumed_repeats: bool,
    pub(crate) invalid_session: bool,
    pub(crate) timed: Vec<Timed>,
    pub(crate) cutting: Cutting,
    pub(crate) tls: Option<PathBuf>,
    pub(crate) record: Option<PathBuf>,
}

/// A chunk that the gateway loses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LostChunk {
    pub(crate) guild: u32,
    pub(crate) chunk: u32,
    pub(crate) always: bool,
}

/// Something that happens at a time after the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timed {
    Close { at: Millis, code: u16 },
    Reconnect { at: Millis },
    WithholdAcks { at: Millis },
}

impl Default for Arguments {
    fn default() -> Self {
        Self {
            port: 0,
            guilds: 10,
            members: 1000,
            large: 0,
            shards: 1,
            seed: 1,
            token: None,
            granted: None,
            said: Vec::new(),
            heartbeat: None,
            gate: None,
            concurrency: None,
            member_gate: None,
            heartbeats_trim: false,
            replay_events: None,
            replay_time: None,
            traffic: 0,
            cut_after: None,
            lost_chunks: Vec::new(),
            outage: 0,
            dead_resume_host: false,
            resumed_repeats: false,
            invalid_session: false,
            timed: Vec::new(),
            cutting: Cutting::Whole,
            tls: None,
            record: None,
        }
    }
}

/// Reads the command line (without the program's name).
///
/// # Errors
/// One line that names the option and what it wants.
pub(crate) fn parse<A>(arguments: impl IntoIterator<Item = A>) -> Result<Command, String>
where
    A: Into<OsString>,
{
    let mut parser = Parser::from_args(arguments);
    let mut found = Arguments::default();
    while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Help),
            Long(name) => {
                let name = name.to_owned();
                found
                    .set(&name, &mut parser)
                    .map_err(|wrong| format!("--{name}: {wrong}"))?;
            }
            other => return Err(format!("{}; try --help", other.unexpected())),
        }
    }
    found.check()?;
    Ok(Command::Run(Box::new(found)))
}

impl Arguments {
    fn set(&mut self, name: &str, parser: &mut Parser) -> Result<(), String> {
        match name {
            "port" => self.port = number(parser)?,
            "guilds" => self.guilds = number(parser)?,
            "members" => self.members = number(parser)?,
            "large" => self.large = number(parser)?,
            "shards" => self.shards = number(parser)?,
            "seed" => self.seed = number(parser)?,
            "token" => self.token = Some(Token::new(&text(parser)?).ok_or("is empty")?),
            "granted" => self.granted = Some(granted(&text(parser)?)?),
            "say" => self.said.push(Words::Message(text(parser)?)),
            "interact" => self.said.push(Words::Command(text(parser)?)),
            "heartbeat" => self.heartbeat = Some(positive(parser)?),
            "gate" => self.gate = Some(number(parser)?),
            "concurrency" => self.concurrency = Some(number(parser)?),
            "member-gate" => self.member_gate = Some(number(parser)?),
            "heartbeats-trim" => self.heartbeats_trim = true,
            "replay-events" => self.replay_events = Some(number(parser)?),
            "replay-time" => self.replay_time = Some(number(parser)?),
            "traffic" => self.traffic = number(parser)?,
            "cut-after" => self.cut_after = Some(positive(parser)?),
            "lose-chunk" => self.lost_chunks.push(lost_chunk(&text(parser)?)?),
            "outage" => self.outage = number(parser)?,
            "dead-resume-host" => self.dead_resume_host = true,
            "resumed-repeats" => self.resumed_repeats = true,
            "invalid-session" => self.invalid_session = true,
            "close-after" => self.timed.push(timed_close(&text(parser)?)?),
            "reconnect-after" => self.timed.push(Timed::Reconnect {
                at: number(parser)?,
            }),
            "withhold-acks-after" => self.timed.push(Timed::WithholdAcks {
                at: number(parser)?,
            }),
            "cut-frames" => self.cutting = cutting(&text(parser)?)?,
            "tls" => self.tls = Some(text(parser)?.into()),
            "record" => self.record = Some(text(parser)?.into()),
            _ => return Err("unknown option; try --help".to_owned()),
        }
        Ok(())
    }

    /// What only shows when all options are known.
    fn check(&self) -> Result<(), String> {
        let rules = [
            (self.shards >= 1, "--shards: at least 1".to_owned()),
            (
                self.concurrency != Some(0),
                "--concurrency: at least 1".to_owned(),
            ),
            (
                self.members >= self.guilds,
                format!(
                    "--members: at least one for each of the {} guilds",
                    self.guilds
                ),
            ),
            (
                self.members.max(self.large) <= MOST_MEMBERS,
                format!("--members, --large: at most {MOST_MEMBERS}"),
            ),
            (
                self.large == 0 || self.guilds > 0,
                "--large: needs a guild".to_owned(),
            ),
            (
                self.outage <= self.guilds,
                format!("--outage: there are only {} guilds", self.guilds),
            ),
            (
                self.traffic <= MOST_EVENTS,
                format!("--traffic: at most {MOST_EVENTS} a second"),
            ),
            (
                self.lost_chunks.iter().all(|lost| lost.guild < self.guilds),
                format!(
                    "--lose-chunk: guilds are numbered from 0, there are {}",
                    self.guilds
                ),
            ),
        ];
        match rules.into_iter().find(|(kept, _)| !kept) {
            Some((_, wrong)) => Err(wrong),
            None => Ok(()),
        }
    }
}

/// The most events a second.
const MOST_EVENTS: u32 = 100_000;

/// The most members of one guild that the model holds.
const MOST_MEMBERS: u32 = 500_000;

fn text(parser: &mut Parser) -> Result<String, String> {
    let value = parser.value().map_err(|_| "needs a value".to_owned())?;
    value.string().map_err(|_| "is not UTF-8".to_owned())
}

fn number<N: FromStr>(parser: &mut Parser) -> Result<N, String> {
    parsed(&text(parser)?)
}

fn positive<N: FromStr + PartialEq + From<u8>>(parser: &mut Parser) -> Result<N, String> {
    let number = number(parser)?;
    if number == N::from(0) {
        Err("at least 1".to_owned())
    } else {
        Ok(number)
    }
}

fn parsed<N: FromStr>(text: &str) -> Result<N, String> {
    text.parse()
        .map_err(|_| format!("{text:?} is not a number in range"))
}

/// Privileged intents by their names.
fn granted(text: &str) -> Result<u64, String> {
    let named = |name| match name {
        "members" => Ok(intents::GUILD_MEMBERS),
        "presences" => Ok(intents::GUILD_PRESENCES),
        "content" => Ok(intents::MESSAGE_CONTENT),
        "none" => Ok(0),
        other => Err(format!(
            "{other:?} is none of members, presences, content and none"
        )),
    };
    text.split(',')
        .map(named)
        .try_fold(0, |all, bit| Ok(all | bit?))
}

fn cutting(text: &str) -> Result<Cutting, String> {
    match text {
        "body" => Ok(Cutting::Body),
        "anywhere" => Ok(Cutting::Anywhere),
        other => Err(format!("{other:?} is neither body nor anywhere")),
    }
}

fn lost_chunk(text: &str) -> Result<LostChunk, String> {
    let parts: Vec<&str> = text.split(':').collect();
    let (guild, chunk, always) = match parts[..] {
        [guild, chunk] | [guild, chunk, "once"] => (guild, chunk, false),
        [guild, chunk, "always"] => (guild, chunk, true),
        _ => {
            return Err(format!(
                "{text:?} is not GUILD:CHUNK, GUILD:CHUNK:once or ...:always"
            ));
        }
    };
    Ok(LostChunk {
        guild: parsed(guild)?,
        chunk: parsed(chunk)?,
        always,
    })
}

fn timed_close(text: &str) -> Result<Timed, String> {
    let Some((at, code)) = text.split_once(':') else {
        return Err(format!("{text:?} is not MS:CODE"));
    };
    match parsed(code)? {
        code @ (1000 | 1001 | 3000..=4999) => Ok(Timed::Close {
            at: parsed(at)?,
            code,
        }),
        other => Err(format!(
            "{other} is not a close code that a server may send"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(line: &str) -> Result<Arguments, String> {
        match parse(line.split_whitespace())? {
            Command::Run(arguments) => Ok(*arguments),
            Command::Help => Err("help".to_owned()),
        }
    }

    #[test]
    fn nothing_asked_is_the_default() {
        assert_eq!(run(""), Ok(Arguments::default()));
        assert_eq!(run("--port 1 -h"), Err("help".to_owned()));
    }

    #[test]
    fn options_are_taken() {
        let found = run(
            "--guilds 40 --members=20000 --shards 2 --cut-after 9 --dead-resume-host \
             --resumed-repeats --heartbeats-trim --replay-events 500 --replay-time 60000 \
             --lose-chunk 3:1 --lose-chunk 4:0:always --close-after 500:4009 --record x.jsonl",
        )
        .unwrap();
        assert_eq!((found.guilds, found.members, found.shards), (40, 20_000, 2));
        assert_eq!((found.cut_after, found.dead_resume_host), (Some(9), true));
        assert!(found.resumed_repeats && found.heartbeats_trim);
        assert_eq!(
            (found.replay_events, found.replay_time),
            (Some(500), Some(60_000))
        );
        let lost = |guild, chunk, always| LostChunk {
            guild,
            chunk,
            always,
        };
        assert_eq!(found.lost_chunks, [lost(3, 1, false), lost(4, 0, true)]);
        assert_eq!(
            found.timed,
            [Timed::Close {
                at: 500,
                code: 4009
            }]
        );
        assert_eq!(found.record, Some("x.jsonl".into()));
    }

    #[test]
    fn what_is_said_and_granted_is_taken_in_order() {
        let found = run("--say !ping --interact ping --say bye --granted members,content").unwrap();
        let message = |text: &str| Words::Message(text.to_owned());
        let command = Words::Command("ping".to_owned());
        assert_eq!(found.said, [message("!ping"), command, message("bye")]);
        let granted = intents::GUILD_MEMBERS | intents::MESSAGE_CONTENT;
        assert_eq!(found.granted, Some(granted));
        assert_eq!(run("--granted none").unwrap().granted, Some(0));
    }

    #[test]
    fn mistakes_are_named_in_one_line() {
        for (line, word) in [
            ("--port 70000", "--port"),
            ("--guilds x", "--guilds"),
            ("--guilds", "--guilds: needs a value"),
            ("--shards 0", "--shards"),
            ("--guilds 40 --members 39", "--members"),
            ("--lose-chunk 1", "--lose-chunk"),
            ("--lose-chunk 99:0", "--lose-chunk"),
            ("--outage 11", "--outage"),
            ("--close-after 5:77", "--close-after"),
            ("--large 600000", "--large"),
            ("--concurrency 0", "--concurrency"),
            ("--traffic 100001", "--traffic"),
            ("--traffic x", "--traffic"),
            ("--heartbeat 0", "--heartbeat"),
            ("--token=", "--token"),
            ("--cut-frames x", "--cut-frames"),
            ("--granted all", "--granted"),
            ("--no-such-thing", "--no-such-thing"),
            ("stray", "stray"),
        ] {
            let wrong = run(line).unwrap_err();
            assert!(
                wrong.contains(word) && !wrong.contains('\n'),
                "{line}: {wrong}"
            );
        }
    }

    #[test]
    fn the_help_names_every_option() {
        let found = include_str!("arguments.rs");
        let names = found
            .lines()
            .filter_map(|line| line.trim().strip_prefix('"'));
        let names: Vec<&str> = names
            .filter_map(|line| line.split_once("\" => self."))
            .map(|(n, _)| n)
            .collect();
        assert!(names.len() > 15);
        for name in names {
            assert!(crate::help::HELP.contains(&format!("--{name}")), "--{name}");
        }
    }
}
