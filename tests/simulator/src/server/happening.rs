//! What an observer of the server receives.
use crate::edge::{ConnectionId, Millis};
use crate::rules::Violation;
use std::fmt;

/// Something that happened at the server, reported in order.
///
/// [`Display`](fmt::Display) is one line without the token: payloads are only counted.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Happening<'a> {
    /// An HTTP request was answered.
    Rest {
        /// The method, in capitals.
        method: &'a str,
        /// The path without its query.
        path: &'a str,
        /// The HTTP status of the reply.
        status: u16,
        /// The text of what the bot has said with it.
        said: Option<&'a str>,
    },
    /// A WebSocket handshake was completed.
    Opened {
        /// The new connection.
        connection: ConnectionId,
        /// The query of the URL, without `?`.
        query: &'a str,
        /// Whether the client dialled the resume host.
        resume_host: bool,
    },
    /// A WebSocket handshake was answered with an HTTP error.
    Refused {
        /// The HTTP status.
        status: u16,
        /// Whether the client dialled the resume host.
        resume_host: bool,
    },
    /// A WebSocket handshake is left without an answer.
    Unanswered,
    /// A payload arrived. It may hold the token.
    Received {
        /// From which connection.
        connection: ConnectionId,
        /// The payload as it came.
        payload: &'a [u8],
    },
    /// The client closed, or its socket died.
    Closed {
        /// Which connection.
        connection: ConnectionId,
        /// The code of the client's close frame, if one came.
        code: Option<u16>,
    },
    /// The server closed with a code.
    Closing {
        /// Which connection.
        connection: ConnectionId,
        /// The code.
        code: u16,
    },
    /// The server cut the connection without a close frame.
    Cut {
        /// Which connection.
        connection: ConnectionId,
    },
    /// The client does not read and too much waits for it; the connection is cut.
    Stuck {
        /// Which connection.
        connection: ConnectionId,
        /// The bytes of JSON text that waited.
        waiting: usize,
    },
    /// A client broke a rule.
    Violation(&'a Violation),
}

/// A function that receives what happens, in order; it must be quick and must not call the server.
pub type Observer = Box<dyn FnMut(Millis, &Happening<'_>) + Send>;

impl fmt::Display for Happening<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rest {
                method,
                path,
                status,
                said,
            } => {
                let said = said.map(|text| format!(", said {text:?}"));
                let said = said.unwrap_or_default();
                write!(f, "http {method} {path}: {status}{said}")
            }
            Self::Opened {
                connection,
                query,
                resume_host,
            } => {
                let host = host(*resume_host);
                write!(
                    f,
                    "connection {}: opened on the {host} host, {query}",
                    connection.get()
                )
            }
            Self::Refused {
                status,
                resume_host,
            } => {
                write!(f, "refused on the {} host: {status}", host(*resume_host))
            }
            Self::Unanswered => f.write_str("a handshake is left without an answer"),
            Self::Received {
                connection,
                payload,
            } => {
                write!(
                    f,
                    "connection {}: received {} bytes",
                    connection.get(),
                    payload.len()
                )
            }
            Self::Closed { connection, code } => {
                let id = connection.get();
                match code {
                    Some(code) => write!(f, "connection {id}: the client closed with {code}"),
                    None => write!(f, "connection {id}: the client went away"),
                }
            }
            Self::Closing { connection, code } => {
                write!(f, "connection {}: closed with {code}", connection.get())
            }
            Self::Cut { connection } => write!(f, "connection {}: cut", connection.get()),
            Self::Stuck {
                connection,
                waiting,
            } => {
                let id = connection.get();
                write!(
                    f,
                    "connection {id}: cut, {waiting} bytes wait for a client that reads not"
                )
            }
            Self::Violation(violation) => write!(f, "rule broken: {violation}"),
        }
    }
}

fn host(resume: bool) -> &'static str {
    if resume { "resume" } else { "base" }
}
