//! Room for what a peer sends: next to none while little comes, and more while much does.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::AsyncRead;

use crate::stream::Stream;

/// Bytes that are read at once while much comes.
const ROOM_BYTES: usize = 32 << 10;

/// A reader's room that is filled entirely shows that much comes, if it is this large at the least,
/// in bytes: what is left of a buffer may be less.
const TELLING_BYTES: usize = 1 << 10;

/// Reads a stream for a reader with little room of its own.
///
/// A read that fills the reader's room is the first of many: from then on more is read at once, and
/// handed out piece by piece. The room for it is given back when nothing is left to be read.
#[derive(Default)]
pub(crate) struct ReadAhead {
    room: Box<[u8]>,
    /// What of it has been read, and not handed out.
    start: usize,
    end: usize,
}

impl ReadAhead {
    /// Fills `bytes` as far as the stream has something; none once it has ended. Pending only when
    /// the stream is.
    pub(crate) fn poll_read(
        &mut self,
        stream: &mut Stream,
        cx: &mut Context<'_>,
        bytes: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if self.room.is_empty() {
            let read = Pin::new(stream).poll_read(cx, bytes);
            let is_filled = matches!(read, Poll::Ready(Ok(count)) if count == bytes.len());
            if is_filled && bytes.len() >= TELLING_BYTES {
                self.room = vec![0; ROOM_BYTES].into_boxed_slice();
            }
            return read;
        }
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            match Pin::new(stream).poll_read(cx, &mut self.room) {
                Poll::Ready(Ok(count)) => self.end = count,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    *self = Self::default();
                    return Poll::Pending;
                }
            }
        }
        let read = &self.room[self.start..self.end];
        let count = read.len().min(bytes.len());
        bytes[..count].copy_from_slice(&read[..count]);
        self.start += count;
        Poll::Ready(Ok(count))
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use futures_io::AsyncWrite;

    use super::*;
    use crate::quantum::Quantum;
    use crate::stream::Duplex;

    /// A stream with so many bytes in it, which counts how often it is read.
    struct Source {
        left: usize,
        next: u8,
        quantum: Quantum,
    }

    impl AsyncRead for Source {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &mut [u8],
        ) -> Poll<io::Result<usize>> {
            if self.left == 0 {
                return Poll::Pending;
            }
            let count = self.left.min(bytes.len());
            for byte in &mut bytes[..count] {
                *byte = self.next;
                self.next = self.next.wrapping_add(1);
            }
            self.left -= count;
            Poll::Ready(Ok(count))
        }
    }

    impl AsyncWrite for Source {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    impl Duplex for Source {
        fn quantum(&mut self) -> &mut Quantum {
            &mut self.quantum
        }
    }

    /// Reads all that is there by so many bytes; how many reads it took, and the most room held.
    fn read_all(bytes: usize, by: usize) -> (usize, usize) {
        let source = Source {
            left: bytes,
            next: 0,
            quantum: Quantum::new(),
        };
        let (mut ahead, mut stream): (_, Stream) = (ReadAhead::default(), Box::new(source));
        let mut cx = Context::from_waker(Waker::noop());
        let (mut all, mut reads, mut most) = (Vec::new(), 0, 0);
        let mut piece = vec![0; by];
        while let Poll::Ready(read) = ahead.poll_read(&mut stream, &mut cx, &mut piece) {
            let count = read.expect("no errors");
            all.extend_from_slice(&piece[..count]);
            reads += 1;
            most = most.max(ahead.room.len());
        }
        let wanted = (0..bytes).map(|at| at.to_le_bytes()[0]);
        assert!(all.into_iter().eq(wanted), "{bytes} by {by}");
        assert!(ahead.room.is_empty(), "nothing is left to be read");
        (reads, most)
    }

    #[test]
    fn little_is_read_without_room_and_much_comes_whole_and_in_order() {
        assert_eq!(read_all(100, 4096), (1, 0));
        assert_eq!(read_all(4095, 4096), (1, 0));
        assert_eq!(read_all(100_000, 4096).1, ROOM_BYTES);
        assert_eq!(read_all(100_000, 1024).1, ROOM_BYTES);
        assert_eq!(read_all(10_000, 100), (100, 0));
        assert_eq!(read_all(0, 4096), (0, 0));
    }
}
