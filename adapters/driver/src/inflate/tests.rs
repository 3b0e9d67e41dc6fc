use ::zstd::zstd_safe::zstd_sys::ZSTD_EndDirective;
use ::zstd::zstd_safe::{CCtx, CParameter, InBuffer as In, OutBuffer as Out};
use flate2::{Compress, Compression as Level, FlushCompress};

use super::*;

/// The server's side: one context, one flush per message.
enum Deflate {
    Zlib(Compress),
    Zstd(CCtx<'static>),
}

impl Deflate {
    fn new(compression: Compression) -> Self {
        match compression {
            Compression::None => unreachable!("nothing to compress"),
            Compression::ZlibStream => Self::Zlib(Compress::new(Level::default(), true)),
            Compression::ZstdStream => Self::Zstd(CCtx::create()),
        }
    }

    fn message(&mut self, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len() * 2 + 1024);
        match self {
            Self::Zlib(zlib) => {
                zlib.compress_vec(text, &mut out, FlushCompress::Sync)
                    .expect("compresses");
            }
            Self::Zstd(zstd) => {
                let mut input = In::around(text);
                let flush = ZSTD_EndDirective::ZSTD_e_flush;
                let left = zstd.compress_stream2(&mut Out::around(&mut out), &mut input, flush);
                assert_eq!(left.expect("compresses"), 0);
            }
        }
        out
    }
}

const BOTH: [Compression; 2] = [Compression::ZlibStream, Compression::ZstdStream];

/// A small generator (xorshift), so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn text(&mut self, max: u64) -> Vec<u8> {
        let length = 1 + self.next() % max;
        (0..length)
            .map(|_| b"abcdefgh{}\":,"[(self.next() % 13) as usize])
            .collect()
    }
}

#[test]
fn messages_come_back_whole_in_order() {
    for compression in BOTH {
        let mut server = Deflate::new(compression);
        let mut client = Inflate::new(compression, MAX_MESSAGE_BYTES).expect("context");
        let mut random = Random(7);
        for size in [1, 100, 70_000, 40, 2_000_000, 3] {
            for _ in 0..20 {
                let text = random.text(size);
                assert!(client.push(&server.message(&text)).expect("valid"));
                assert_eq!(client.message(), text);
            }
        }
    }
}

#[test]
fn zstd_messages_at_block_borders_are_whole_at_every_level() {
    let block = 128 << 10;
    for level in [-5, 1, 3, 12, 19] {
        let mut context = CCtx::create();
        context
            .set_parameter(CParameter::CompressionLevel(level))
            .expect("a level");
        let mut server = Deflate::Zstd(context);
        let mut client = Inflate::new(Compression::ZstdStream, MAX_MESSAGE_BYTES).expect("context");
        let mut random = Random(9);
        for size in [block - 1, block, block + 1, 2 * block, 3, 3 * block, 1] {
            let text: Vec<u8> = match size % 3 {
                0 => vec![b'a'; size],
                1 => (0..size).map(|_| random.next() as u8).collect(),
                _ => (0..size).map(|at| b"{\"member\":17}"[at % 13]).collect(),
            };
            assert!(
                client.push(&server.message(&text)).expect("valid"),
                "{level} {size}"
            );
            assert_eq!(client.message(), text);
        }
    }
}

#[test]
fn uncompressed_messages_pass_through_within_the_limit() {
    let mut client = Inflate::new(Compression::None, 5).expect("context");
    assert!(client.push(b"first").expect("fits"));
    assert_eq!(client.message(), b"first");
    assert!(client.push(b"next").expect("fits"));
    assert_eq!(client.message(), b"next");
    assert_eq!(
        client.push(b"longer").map_err(|e| e.kind()),
        Err(ErrorKind::TooLarge)
    );
}

#[test]
fn an_empty_part_is_no_message() {
    let mut server = Deflate::new(Compression::ZlibStream);
    let mut client = Inflate::new(Compression::ZlibStream, 100).expect("context");
    for text in ["one", "two"] {
        assert!(!client.push(&[]).expect("nothing"));
        assert!(
            client
                .push(&server.message(text.as_bytes()))
                .expect("valid")
        );
        assert_eq!(client.message(), text.as_bytes());
    }
}

#[test]
fn zlib_messages_may_be_cut_anywhere() {
    let text = Random(3).text(300);
    let whole = Deflate::new(Compression::ZlibStream).message(&text);
    for cut in 1..whole.len() {
        let mut client = Inflate::new(Compression::ZlibStream, 1000).expect("context");
        assert!(!client.push(&whole[..cut]).expect("a part"), "cut at {cut}");
        assert!(
            client.push(&whole[cut..]).expect("the rest"),
            "cut at {cut}"
        );
        assert_eq!(client.message(), text);
    }
    let mut client = Inflate::new(Compression::ZlibStream, 1000).expect("context");
    for (at, byte) in whole.iter().enumerate() {
        assert_eq!(
            client.push(&[*byte]).expect("a byte"),
            at + 1 == whole.len()
        );
    }
    assert_eq!(client.message(), text);
}

#[test]
fn zstd_messages_cut_short_are_an_error_at_every_byte() {
    let mut random = Random(5);
    let mut server = Deflate::new(Compression::ZstdStream);
    let (first, second) = (
        server.message(&random.text(300)),
        server.message(&random.text(300)),
    );
    for cut in 0..first.len() {
        let mut client = Inflate::new(Compression::ZstdStream, 1000).expect("context");
        assert!(client.push(&first[..cut]).is_err(), "first cut at {cut}");
    }
    for cut in 0..second.len() {
        let mut client = Inflate::new(Compression::ZstdStream, 1000).expect("context");
        assert!(client.push(&first).expect("whole"));
        assert!(client.push(&second[..cut]).is_err(), "second cut at {cut}");
    }
}

#[test]
fn bombs_end_at_the_limit_and_a_message_of_just_the_limit_passes() {
    for compression in BOTH {
        let zeros = vec![0_u8; 8 << 20];
        for (limit, fits) in [(8 << 20, true), ((8 << 20) - 1, false), (20_000, false)] {
            let bomb = Deflate::new(compression).message(&zeros);
            assert!(bomb.len() < 64 << 10, "a bomb is small on the wire");
            let mut client = Inflate::new(compression, limit).expect("context");
            assert_eq!(client.push(&bomb).is_ok(), fits, "{compression:?} {limit}");
            assert!(
                client.out.capacity() <= (limit + 1) * 2,
                "no more than asked"
            );
        }
    }
}

#[test]
fn a_zlib_bomb_in_parts_ends_at_the_limit_too() {
    let bomb = Deflate::new(Compression::ZlibStream).message(&vec![0_u8; 4 << 20]);
    let mut client = Inflate::new(Compression::ZlibStream, 1 << 20).expect("context");
    let result: Result<Vec<bool>, Error> = bomb.chunks(64).map(|part| client.push(part)).collect();
    assert_eq!(result.map_err(|e| e.kind()), Err(ErrorKind::TooLarge));
}

#[test]
fn a_zstd_window_above_the_limit_is_refused() {
    let mut context = CCtx::create();
    context
        .set_parameter(CParameter::WindowLog(27))
        .expect("parameter");
    let message = Deflate::Zstd(context).message(b"{}");
    let mut client = Inflate::new(Compression::ZstdStream, 1000).expect("context");
    assert!(client.push(&message).is_err());
}

#[test]
fn an_ended_zlib_stream_is_an_error() {
    let mut out = Vec::with_capacity(100);
    let mut zlib = Compress::new(Level::default(), true);
    zlib.compress_vec(b"{}", &mut out, FlushCompress::Finish)
        .expect("compresses");
    let mut client = Inflate::new(Compression::ZlibStream, 1000).expect("context");
    assert!(client.push(&out).is_err());
}

#[test]
fn garbage_never_panics_and_never_passes_the_limit() {
    let mut random = Random(11);
    for round in 0..2000 {
        let compression = BOTH[round % 2];
        let mut server = Deflate::new(compression);
        let mut client = Inflate::new(compression, 4000).expect("context");
        for _ in 0..4 {
            let mut message = server.message(&random.text(2000));
            let at = (random.next() as usize) % message.len();
            message[at] ^= (random.next() % 256) as u8;
            match client.push(&message) {
                Ok(_) => assert!(client.message().len() <= 4000),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Compression);
                    break;
                }
            }
        }
    }
}

#[test]
fn the_buffer_is_used_again_and_a_large_one_is_given_back() {
    for compression in BOTH {
        let mut server = Deflate::new(compression);
        let mut client = Inflate::new(compression, MAX_MESSAGE_BYTES).expect("context");
        client
            .push(&server.message(&[b'a'; 20_000]))
            .expect("valid");
        let kept = client.out.as_ptr();
        client.push(&server.message(b"{}")).expect("valid");
        assert_eq!(client.out.as_ptr(), kept);
        client
            .push(&server.message(&vec![b'a'; 4 << 20]))
            .expect("valid");
        assert!(client.out.capacity() > 4 << 20);
        client.push(&server.message(b"{}")).expect("valid");
        assert!(client.out.capacity() <= KEPT_BYTES + room::STEP_BYTES);
    }
}

#[test]
fn a_connection_at_rest_holds_no_message() {
    for compression in BOTH {
        let mut server = Deflate::new(compression);
        let mut client = Inflate::new(compression, MAX_MESSAGE_BYTES).expect("context");
        client.push(&server.message(b"{}")).expect("valid");
        client.rest();
        assert_eq!(client.out.capacity(), 0);
        assert!(client.push(&server.message(b"[1]")).expect("valid"));
        assert_eq!(client.message(), b"[1]");
    }
}

#[test]
fn a_message_that_has_not_come_whole_outlasts_a_rest() {
    let mut server = Deflate::new(Compression::ZlibStream);
    let mut client = Inflate::new(Compression::ZlibStream, 4000).expect("context");
    let message = server.message(b"[1,2,3]");
    let (first, rest) = message.split_at(message.len() - 3);
    assert!(!client.push(first).expect("valid"));
    client.rest();
    assert!(client.push(rest).expect("valid"));
    assert_eq!(client.message(), b"[1,2,3]");
}
