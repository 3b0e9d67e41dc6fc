//! The few HTTP calls that a bot makes before it connects.

/// One HTTP request.
#[derive(Clone, Copy, Debug)]
pub struct Rest<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// The path without its query.
    pub path: &'a str,
    /// The `Authorization` header, if there was one.
    pub authorization: Option<&'a str>,
}

/// One HTTP reply; its body is `application/json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestReply {
    /// The HTTP status.
    pub status: u16,
    /// JSON text.
    pub body: String,
}
