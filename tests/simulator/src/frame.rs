//! A server's WebSocket frames (RFC 6455, 5.2), one by one.

/// A frame without a mask; `first` holds its kind and whether it is the last of its message.
pub(crate) fn unmasked(first: u8, body: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match body.len() {
        length @ 0..126 => frame.push(length as u8),
        length @ 126..0x1_0000 => {
            frame.push(126);
            frame.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            frame.push(127);
            frame.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(body);
    frame
}
