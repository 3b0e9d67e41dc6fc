//! Dispatches as twilight's events.

use std::error::Error;
use std::fmt;

use headcount_core::Dispatch;
use serde::Deserialize as _;
use serde::de::DeserializeSeed as _;
use serde_json::Deserializer;
use twilight_model::gateway::event::{DispatchEvent, DispatchEventWithTypeDeserializer};
use twilight_model::gateway::payload::incoming::{EntitlementDelete, EntitlementUpdate};

/// Reads dispatches as twilight's events.
pub trait Typed {
    /// Reads the data as twilight's event, each time it is called.
    /// `twilight_model::gateway::event::Event::from` makes an `Event` of it.
    ///
    /// # Errors
    /// [`TypedError`] if twilight does not know the name, or refuses the data. The dispatch is
    /// unchanged: its raw data, and all that headcount has made of it, are still there.
    fn typed(&self) -> Result<DispatchEvent, TypedError>;
}

impl Typed for Dispatch<'_> {
    fn typed(&self) -> Result<DispatchEvent, TypedError> {
        let name = self.name_text().as_cow();
        let mut data = Deserializer::from_str(self.data());
        let read = match &*name {
            // twilight has these events, and leaves them out of its own deserialiser.
            "ENTITLEMENT_UPDATE" => {
                EntitlementUpdate::deserialize(&mut data).map(DispatchEvent::EntitlementUpdate)
            }
            "ENTITLEMENT_DELETE" => {
                EntitlementDelete::deserialize(&mut data).map(DispatchEvent::EntitlementDelete)
            }
            name => DispatchEventWithTypeDeserializer::new(name).deserialize(&mut data),
        };
        read.map_err(|source| TypedError {
            name: name.as_ref().into(),
            source,
        })
    }
}

/// twilight does not know an event by this name, or refuses its data.
#[derive(Debug)]
pub struct TypedError {
    name: Box<str>,
    source: serde_json::Error,
}

impl TypedError {
    /// The name of the event.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for TypedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "twilight does not read {}: {}", self.name, self.source)
    }
}

impl Error for TypedError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}
