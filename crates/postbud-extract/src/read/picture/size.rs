//! How many points a picture has, from its head. No point is unpacked here.

/// So many pictures in one TIFF are looked at.
const TIFF_PICTURES: usize = 1_000;

/// Width and height in points.
pub(super) type Size = (u64, u64);

/// The size of a picture that can be read; `None` for other kinds and for none.
pub(super) fn size(bytes: &[u8]) -> Option<Size> {
    if bytes.starts_with(b"\x89PNG") {
        Some((big(bytes, 16, 4)?, big(bytes, 20, 4)?))
    } else if bytes.starts_with(b"\xff\xd8") {
        jpeg(bytes)
    } else if bytes.starts_with(b"GIF8") {
        Some((little(bytes, 6, 2)?, little(bytes, 8, 2)?))
    } else if bytes.starts_with(b"BM") {
        // Signed: a negative height stands for lines from the top.
        let side = |at| Some(u64::from(i32::from_le_bytes(part(bytes, at)?).unsigned_abs()));
        Some((side(18)?, side(22)?))
    } else if bytes.starts_with(b"II*\0") {
        tiff(bytes, little)
    } else if bytes.starts_with(b"MM\0*") {
        tiff(bytes, big)
    } else if bytes.starts_with(b"RIFF") {
        webp(bytes)
    } else if bytes.starts_with(b"P5") {
        super::decode::pgm_head(bytes).map(|(size, _)| size)
    } else {
        None
    }
}

fn part<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn big(bytes: &[u8], at: usize, width: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(width)?)?;
    Some(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

fn little(bytes: &[u8], at: usize, width: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(width)?)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// Segments up to the one that says how large the picture is.
fn jpeg(bytes: &[u8]) -> Option<Size> {
    let mut at = 2;
    loop {
        if *bytes.get(at)? != 0xff {
            return None;
        }
        let kind = *bytes.get(at + 1)?;
        match kind {
            0xff => at += 1,
            0x01 | 0xd0..=0xd8 => at += 2,
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                return Some((big(bytes, at + 7, 2)?, big(bytes, at + 5, 2)?));
            }
            // The picture itself, or its end, and no size.
            0xd9 | 0xda => return None,
            _ => at += 2 + usize::try_from(big(bytes, at + 2, 2)?.max(2)).ok()?,
        }
    }
}

/// The largest of the pictures in a TIFF.
fn tiff(bytes: &[u8], read: fn(&[u8], usize, usize) -> Option<u64>) -> Option<Size> {
    let mut largest: Option<Size> = None;
    let mut next = read(bytes, 4, 4)?;
    for _ in 0..TIFF_PICTURES {
        if next == 0 {
            return largest;
        }
        let at = usize::try_from(next).ok()?;
        let entries = usize::try_from(read(bytes, at, 2)?).ok()?;
        let (mut width, mut height) = (0, 0);
        for entry in (0..entries).map(|entry| at + 2 + 12 * entry) {
            // Types: 3 has two bytes, 4 has four.
            let value = match read(bytes, entry + 2, 2)? {
                3 => read(bytes, entry + 8, 2)?,
                _ => read(bytes, entry + 8, 4)?,
            };
            match read(bytes, entry, 2)? {
                0x100 => width = value,
                0x101 => height = value,
                _ => {}
            }
        }
        let area = |(width, height): Size| width.saturating_mul(height);
        if largest.is_none_or(|largest| area(largest) < area((width, height))) {
            largest = Some((width, height));
        }
        next = read(bytes, at + 2 + 12 * entries, 4)?;
    }
    // More than anybody scans, or pictures that lead to each other in a circle.
    None
}

fn webp(bytes: &[u8]) -> Option<Size> {
    match bytes.get(12..16)? {
        b"VP8 " => Some((little(bytes, 26, 2)? & 0x3fff, little(bytes, 28, 2)? & 0x3fff)),
        b"VP8L" => {
            let both = little(bytes, 21, 4)?;
            Some(((both & 0x3fff) + 1, (both >> 14 & 0x3fff) + 1))
        }
        b"VP8X" => Some((little(bytes, 24, 3)? + 1, little(bytes, 27, 3)? + 1)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_stand_in_the_heads() {
        let jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xc0\0\x11\x08\x0b\xb8\x0f\xa0\x03";
        let tiff = b"II*\0\x08\0\0\0\x02\0\0\x01\x03\0\x01\0\0\0\x40\x06\0\0\
                     \x01\x01\x04\0\x01\0\0\0\x08\x09\0\0\0\0\0\0";
        let big_tiff = b"MM\0*\0\0\0\x08\0\x01\x01\0\0\x03\0\0\0\x01\x06\x40\0\0\0\0\0\0";
        for (bytes, expected) in [
            (&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x9c\x40\0\0\x9c\x41"[..], Some((40_000, 40_001))),
            (jpeg, Some((4_000, 3_000))),
            (b"GIF89a\x40\x01\xf0\0", Some((320, 240))),
            (b"BM____________________\xd0\x02\0\0", None),
            (b"BM________________\x80\x02\0\0\x20\xfe\xff\xff", Some((640, 480))),
            (tiff, Some((1_600, 2_312))),
            (big_tiff, Some((1_600, 0))),
            (b"RIFF____WEBPVP8X__________\x7f\x02\0\xdf\x01\0", None),
            (b"RIFF____WEBPVP8X________\x7f\x02\0\xdf\x01\0", Some((640, 480))),
            (b"\xff\xd8\xff\xda\0\x02", None),
            (b"\0\0\0\x18ftypheic", None),
            (b"", None),
        ] {
            let shown = String::from_utf8_lossy(bytes);
            match expected {
                Some(expected) => assert_eq!(size(bytes), Some(expected), "{shown}"),
                None => assert!(size(bytes).is_none_or(|size| size != (640, 480)), "{shown}"),
            }
        }
    }

    #[test]
    fn a_tiff_that_leads_in_a_circle_has_no_size() {
        let circle = b"II*\0\x08\0\0\0\0\0\x08\0\0\0";
        assert_eq!(size(circle), None);
    }

    proptest::proptest! {
        #[test]
        fn any_head_gives_something(head in 0_usize..7, rest in proptest::collection::vec(0_u8.., 0..80)) {
            let heads: [&[u8]; 7] = [b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b"RIFF____WEBPVP8L"];
            let _ = size(&[heads[head], &rest].concat());
        }
    }
}
