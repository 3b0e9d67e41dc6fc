//! The runtime-agnostic driver of `headcount`: everything between the pure core and a socket.
#![forbid(unsafe_code)]

mod address;
mod deadline;
mod error;
mod frame;
mod http_get;
mod inflate;
mod info;
mod runtime;
mod socket;
mod stream;
pub mod tls;

pub use error::{Error, ErrorKind};
pub use inflate::{Compression, Inflate, MAX_MESSAGE_BYTES};
pub use info::{Api, GatewayInfo, SessionStartLimit};
pub use runtime::Runtime;
pub use socket::{Ended, Socket, SocketOptions};

pub use rustls;
