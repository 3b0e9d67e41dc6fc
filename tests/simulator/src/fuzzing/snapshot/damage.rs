//! What happens to bytes, and how they are made to look whole again.
use crate::scenario::Source;
use headcount_core::crc32c::crc32c;

/// What a snapshot begins with.
const PREFACE: &[u8; 8] = b"hcsnap\x01\x00";
/// Bytes of a section before its content: the length, the checksum and the kind.
const HEAD: usize = 9;
/// The kind of the last section.
const END: u8 = 3;

/// Some bytes change, go, come, or come twice.
pub(super) fn damage(source: &mut Source<'_>, bytes: &mut Vec<u8>) {
    while !source.is_spent() && !bytes.is_empty() {
        let at = source.below(bytes.len() as u64) as usize;
        let to = (at + source.below(64) as usize).min(bytes.len());
        match source.below(6) {
            0 | 1 => bytes[at] = source.below(256) as u8,
            2 => bytes[at] ^= 1 << source.below(8),
            3 => bytes.insert(at, source.below(256) as u8),
            4 => drop(bytes.drain(at..to)),
            _ => {
                let again = bytes[at..to].to_vec();
                let place = source.below(bytes.len() as u64) as usize;
                bytes.splice(place..place, again);
            }
        }
    }
}

/// The same sections with a right preface, right checksums and a right end. A section is as long
/// as it says, or as there are bytes.
pub(super) fn whole(bytes: &[u8]) -> Vec<u8> {
    let mut rest = bytes.strip_prefix(PREFACE).unwrap_or(bytes);
    let (mut whole, mut last, mut count) = (PREFACE.to_vec(), [0; 4], 0_u64);
    let mut section = |kind: u8, content: &[u8]| {
        let length = u32::try_from(content.len()).unwrap_or(0).to_le_bytes();
        last = crc32c(&[&last, &length, &[kind], content]).to_le_bytes();
        whole.extend([&length[..], &last, &[kind], content].concat());
    };
    while let Some((head, behind)) = rest.split_first_chunk::<HEAD>() {
        let [a, b, c, d, .., kind] = *head;
        if kind == END {
            break;
        }
        let length = u32::from_le_bytes([a, b, c, d]) as usize;
        let (content, behind) = behind.split_at(length.min(behind.len()));
        section(kind, content);
        count += 1;
        rest = behind;
    }
    section(END, &count.to_le_bytes());
    whole
}
