//! The first payload of a connection.

use crate::wire::{Malformed, json::Reader};

/// The server's greeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Milliseconds between two heartbeats, as the server says; may be absurd.
    pub interval: u64,
}

impl Hello {
    /// Reads the `d` of opcode 10.
    ///
    /// # Errors
    /// [`Malformed`] without an interval.
    pub fn parse(data: &str) -> Result<Self, Malformed> {
        let mut reader = Reader::new(data);
        let mut interval = None;
        reader.object(|key, reader| {
            match key {
                "heartbeat_interval" => interval = reader.tolerate(Reader::whole)?,
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        reader.end()?;
        let interval = interval.ok_or_else(|| reader.fault("no heartbeat interval"))?;
        Ok(Self { interval })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_needed() {
        let hello = Hello::parse(r#"{"_trace":["[]"],"heartbeat_interval":41250}"#);
        assert_eq!(hello, Ok(Hello { interval: 41_250 }));
        for data in [
            "{}",
            "null",
            r#"{"heartbeat_interval":"x"}"#,
            r#"{"heartbeat_interval":-1}"#,
        ] {
            assert!(Hello::parse(data).is_err(), "{data}");
        }
    }
}
