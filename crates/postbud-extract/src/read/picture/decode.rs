//! JPEG, PNG and bare points, unpacked to shades of grey.

use std::io::Cursor;

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::gray::Gray;
use super::size::Size;

/// A side is never longer.
const LONGEST: usize = 65_535;

/// The picture; `None` when it is of another kind or damaged. Its size has been looked at before.
pub(super) fn decode(bytes: &[u8]) -> Option<Gray> {
    if bytes.starts_with(b"\xff\xd8") {
        jpeg(bytes)
    } else if bytes.starts_with(b"\x89PNG") {
        png(bytes)
    } else {
        let ((width, height), points) = pgm_head(bytes)?;
        Gray::new(usize::try_from(width).ok()?, usize::try_from(height).ok()?, points.to_vec())
    }
}

fn jpeg(bytes: &[u8]) -> Option<Gray> {
    let options = DecoderOptions::default()
        .set_max_width(LONGEST)
        .set_max_height(LONGEST)
        .jpeg_set_out_colorspace(ColorSpace::Luma);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    let points = decoder.decode().ok()?;
    let (width, height) = decoder.dimensions()?;
    let quarters = decoder.exif().and_then(|exif| quarters(exif)).unwrap_or(0);
    Some(Gray::new(width, height, points)?.turned(quarters))
}

/// How a telephone was held, as quarter turns with the clock that put the picture upright.
fn quarters(exif: &[u8]) -> Option<u8> {
    let number = |at: usize, width: usize| {
        let bytes = exif.get(at..at.checked_add(width)?)?;
        let fold = |number, byte: &u8| number << 8 | usize::from(*byte);
        Some(match exif.first()? {
            b'I' => bytes.iter().rev().fold(0, fold),
            _ => bytes.iter().fold(0, fold),
        })
    };
    let list = number(4, 4)?;
    let mut entries = (0..number(list, 2)?).map(|entry| list + 2 + 12 * entry);
    let entry = entries.find(|entry| number(*entry, 2) == Some(0x112))?;
    match number(entry + 8, 2)? {
        3 => Some(2),
        6 => Some(1),
        8 => Some(3),
        _ => None,
    }
}

fn png(bytes: &[u8]) -> Option<Gray> {
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().ok()?;
    let mut points = vec![0; reader.output_buffer_size()?];
    let frame = reader.next_frame(&mut points).ok()?;
    points.truncate(frame.buffer_size());
    let channels = frame.color_type.samples();
    let grays: Vec<u8> = match frame.color_type {
        png::ColorType::Grayscale => points,
        _ => points.chunks_exact(channels).map(gray_of).collect(),
    };
    let side = |side| usize::try_from(side).ok();
    Gray::new(side(frame.width)?, side(frame.height)?, grays)
}

/// What is transparent shows white paper.
fn gray_of(point: &[u8]) -> u8 {
    let (luma, alpha) = match *point {
        [gray, alpha] => (u32::from(gray), alpha),
        [red, green, blue] => (luma(red, green, blue), 255),
        [red, green, blue, alpha] => (luma(red, green, blue), alpha),
        _ => return 255,
    };
    let alpha = u32::from(alpha);
    u8::try_from((luma * alpha + 255 * (255 - alpha)) / 255).unwrap_or(255)
}

fn luma(red: u8, green: u8, blue: u8) -> u32 {
    (u32::from(red) * 299 + u32::from(green) * 587 + u32::from(blue) * 114) / 1000
}

/// Bare points, as pdftoppm writes them: the size, and the points.
pub(super) fn pgm_head(bytes: &[u8]) -> Option<(Size, &[u8])> {
    let mut fields = bytes.splitn(5, u8::is_ascii_whitespace);
    if fields.next()? != b"P5" {
        return None;
    }
    let mut number = |least: u64| {
        let number = std::str::from_utf8(fields.next()?).ok()?.parse().ok()?;
        (number >= least).then_some(number)
    };
    let size = (number(1)?, number(1)?);
    (number(255)? == 255).then_some(())?;
    Some((size, fields.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_points() {
        let gray = decode(b"P5\n2 1\n255\n\x07\n").unwrap();
        assert_eq!((gray.row(0), gray.height), (&[7, b'\n'][..], 1));
        for bad in
            [&b"P5\n2 1\n255\n\x07"[..], b"P5\n2 1\n65535\n....", b"P5\n-2 1\n255\n..", b"P5"]
        {
            assert!(decode(bad).is_none());
        }
    }

    #[test]
    fn what_is_transparent_is_paper() {
        assert_eq!(gray_of(&[0, 0]), 255);
        assert_eq!(gray_of(&[0, 0, 0, 255]), 0);
        assert_eq!(gray_of(&[255, 255, 255]), 255);
    }

    #[test]
    fn how_a_telephone_was_held() {
        let exif = |orientation| {
            let mut bytes =
                b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0".to_vec();
            bytes[19] = orientation;
            quarters(&bytes)
        };
        assert_eq!([1, 3, 6, 8, 9].map(exif), [None, Some(2), Some(1), Some(3), None]);
        assert_eq!(quarters(b"II*\0\xff\xff\xff\xff"), None);
    }

    proptest::proptest! {
        #[test]
        fn a_damaged_picture_is_none_or_one(at in 0_usize..70, byte in 0_u8..) {
            let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0\x3a\x7e\x9b\x55\0\0\0\nIDAT\x78\x9c\x63\0\0\0\x02\0\x01\x48\xaf\xa4\x71\0\0\0\0IEND\xae\x42\x60\x82".to_vec();
            let at = at % bytes.len();
            bytes[at] = byte;
            let _ = decode(&bytes);
        }
    }
}
