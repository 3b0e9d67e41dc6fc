//! The attacker's process, and the bot's.
use super::Attack;
use super::bot::{Plan, Report};
use super::host::Host;
use super::verdict::{Seen, Verdict};
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

/// The environment variable that leads a bot's process to its attacker.
pub const CONTROL: &str = "HEADCOUNT_ATTACKER";

/// Bytes of address space that the bot's process may have: what an attack must never come near, and
/// so much that threads and allocators may reserve what they like.
const CAP: u64 = 3 << 30;

/// How much longer than the attack its bot may live.
const PATIENCE: Duration = Duration::from_secs(60);

/// Attacks a bot for so long. `bot` is the program that calls [`super::bot::attend`] with what
/// [`CONTROL`] says.
///
/// # Errors
/// The processes cannot be brought together.
pub fn run(attack: &Attack, time: Duration, bot: &Command) -> io::Result<Verdict> {
    let host = Host::start(attack)?;
    let control = TcpListener::bind("127.0.0.1:0")?;
    let mut child = Guarded(capped(bot, &control)?.spawn()?);
    let deadline = Instant::now() + time + PATIENCE;
    let mut seen = Seen::default();
    if let Some(stream) = child.accept(&control, deadline)? {
        stream.set_read_timeout(Some(time + PATIENCE))?;
        let plan = Plan {
            attack: attack.name.to_owned(),
            port: host.port(),
            millis: time.as_millis() as u64,
        };
        seen.report = talk(&host, &stream, &plan).ok();
    }
    seen.status = child.end(deadline)?;
    Ok(Verdict::of(attack, &seen, &host.log()))
}

/// The command in a shell that caps its address space.
fn capped(bot: &Command, control: &TcpListener) -> io::Result<Command> {
    let mut command = Command::new("sh");
    let cap = CAP >> 10;
    command
        .arg("-c")
        .arg(format!("ulimit -v {cap} && exec \"$0\" \"$@\""))
        .arg(bot.get_program())
        .args(bot.get_args())
        .env(CONTROL, control.local_addr()?.to_string());
    Ok(command)
}

/// What the attacker and its bot have to say to each other.
fn talk(host: &Host, stream: &TcpStream, plan: &Plan) -> io::Result<Report> {
    let mut lines = BufReader::new(stream).lines();
    let say = |line: &str| writeln!(&mut &*stream, "{line}");
    say(&serde_json::to_string(plan)?)?;
    loop {
        let line = lines.next().ok_or(io::ErrorKind::UnexpectedEof)??;
        match line.as_str() {
            "idle" => {
                host.attack();
                say("go")?;
            }
            "end" => host.note_end(),
            report => {
                let report = serde_json::from_str(report)?;
                say("bye")?;
                return Ok(report);
            }
        }
    }
}

/// A process that does not outlive its attacker.
struct Guarded(Child);

impl Guarded {
    /// Waits until the child calls; `None` if it has ended before.
    fn accept(
        &mut self,
        control: &TcpListener,
        deadline: Instant,
    ) -> io::Result<Option<TcpStream>> {
        control.set_nonblocking(true)?;
        loop {
            match control.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(false)?;
                    return Ok(Some(stream));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
            if self.0.try_wait()?.is_some() || Instant::now() >= deadline {
                return Ok(None);
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// How it ended; `None` if it did not.
    fn end(&mut self, deadline: Instant) -> io::Result<Option<ExitStatus>> {
        while Instant::now() < deadline {
            if let Some(status) = self.0.try_wait()? {
                return Ok(Some(status));
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(None)
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // One that has ended already is not there to be killed.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
