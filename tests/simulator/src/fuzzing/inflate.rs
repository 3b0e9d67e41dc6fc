//! Transport decompression beside the plain use of both decompressors.
use crate::scenario::Source;
use flate2::{Compress, Decompress, FlushCompress, FlushDecompress};
use headcount_driver::{Compression, Inflate};
use zstd::stream::raw::{Encoder, InBuffer, Operation, OutBuffer};

/// The limit of a message here, in bytes.
const MAX: usize = 100_000;

/// The first byte chooses: messages that are compressed and then cut, or bytes as they are.
pub(super) fn run(bytes: &[u8]) {
    let [first, rest @ ..] = bytes else {
        return;
    };
    let compression = match first % 2 {
        0 => Compression::ZlibStream,
        _ => Compression::ZstdStream,
    };
    match first / 2 % 2 {
        0 => messages(&mut Source::bytes(rest), compression),
        _ => raw(rest, compression),
    }
}

/// Real messages: whole ones come back, a bomb and one that is cut short do not.
fn messages(source: &mut Source<'_>, compression: Compression) {
    let mut server = Server::new(compression);
    let mut client = Inflate::new(compression, MAX).expect("a context");
    for _ in 0..6 {
        let text = text(source);
        let sent = server.message(&text);
        let cut = source.below(sent.len() as u64) as usize;
        let parts = match compression {
            Compression::ZlibStream => vec![&sent[..cut], &sent[cut..]],
            _ => vec![&sent[..]],
        };
        let came = push_all(&mut client, &parts);
        match text.len() > MAX {
            true => {
                assert!(
                    came.is_err(),
                    "a message of {} bytes is let through",
                    text.len()
                );
                return;
            }
            false => assert_eq!(came, Ok(vec![text])),
        }
        if source.percent(10) {
            return cut_short(source, &mut server, &mut client);
        }
    }
}

/// The beginning of a message is never a message.
fn cut_short(source: &mut Source<'_>, server: &mut Server, client: &mut Inflate) {
    let text = text(source);
    let sent = server.message(&text);
    let cut = source.below(sent.len() as u64) as usize;
    if let Ok(messages) = push_all(client, &[&sent[..cut]]) {
        // Zlib's mark of an end may stand inside a message; what came is its beginning then.
        let begins = |message: &Vec<u8>| text.starts_with(message) && message.len() <= MAX;
        assert!(messages.iter().all(begins), "{messages:?} of {text:?}");
    }
}

/// Bytes of anybody: the limit holds, and what comes is what a plain decompressor makes of them,
/// wherever they are cut.
fn raw(bytes: &[u8], compression: Compression) {
    let [at, bytes @ ..] = bytes else {
        return;
    };
    let at = usize::from(*at).min(bytes.len());
    let parts = match compression {
        Compression::ZlibStream => vec![&bytes[..at], &bytes[at..]],
        _ => vec![bytes],
    };
    let mut client = Inflate::new(compression, MAX).expect("a context");
    let Ok(messages) = push_all(&mut client, &parts) else {
        return;
    };
    assert!(messages.iter().all(|message| message.len() <= MAX));
    let whole = match compression {
        Compression::ZlibStream => plain_zlib(bytes),
        _ => plain_zstd(bytes),
    };
    let ours = messages.concat();
    assert!(whole.starts_with(&ours), "{ours:?} is not of {whole:?}");
}

/// All messages of these parts; an error if one of them is refused.
fn push_all(client: &mut Inflate, parts: &[&[u8]]) -> Result<Vec<Vec<u8>>, ()> {
    let mut messages = Vec::new();
    for part in parts {
        if client.push(part).map_err(drop)? {
            messages.push(client.message().to_vec());
        }
    }
    Ok(messages)
}

/// What was decompressed before the end or the first fault, in steps of one byte of input.
fn plain_zlib(bytes: &[u8]) -> Vec<u8> {
    let (mut zlib, mut out) = (Decompress::new(true), Vec::new());
    let mut room = [0; 1 << 16];
    for byte in bytes {
        loop {
            let before = (zlib.total_in(), zlib.total_out());
            let input: &[u8] = &[*byte];
            if zlib
                .decompress(input, &mut room, FlushDecompress::None)
                .is_err()
            {
                return out;
            }
            let written = (zlib.total_out() - before.1) as usize;
            out.extend_from_slice(&room[..written]);
            if zlib.total_in() > before.0 && written < room.len() {
                break;
            }
            if zlib.total_in() == before.0 && written == 0 {
                return out;
            }
        }
    }
    out
}

fn plain_zstd(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    if let Ok(mut decoder) = zstd::stream::Decoder::with_buffer(bytes) {
        // An end that is missing is an error there; what came before it stays.
        let _ = std::io::Read::read_to_end(&mut decoder, &mut out);
    }
    out
}

/// The server's side of one connection.
enum Server {
    Zlib(Compress),
    Zstd(Encoder<'static>),
}

impl Server {
    fn new(compression: Compression) -> Self {
        match compression {
            Compression::ZlibStream => Self::Zlib(Compress::new(flate2::Compression::fast(), true)),
            _ => Self::Zstd(Encoder::new(1).expect("a context")),
        }
    }

    fn message(&mut self, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len() + 1024);
        match self {
            Self::Zlib(zlib) => {
                zlib.compress_vec(text, &mut out, FlushCompress::Sync)
                    .expect("compressed");
            }
            Self::Zstd(zstd) => {
                let mut input = InBuffer::around(text);
                let mut output = OutBuffer::around(&mut out);
                zstd.run(&mut input, &mut output).expect("compressed");
                assert_eq!(zstd.flush(&mut output).expect("flushed"), 0);
            }
        }
        out
    }
}

/// A few bytes over and over, in few enough to be below the limit or far above it.
fn text(source: &mut Source<'_>) -> Vec<u8> {
    let length = source.pick(&[1, 30, 4_000, 40_000, 16 << 10, MAX, MAX + 1, 5 * MAX]);
    let piece: Vec<u8> = (0..1 + source.below(40))
        .map(|_| source.below(256) as u8)
        .collect();
    let mut text = piece.repeat(length.div_ceil(piece.len()));
    text.truncate(length);
    text
}
