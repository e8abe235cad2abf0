//! PNG files (<https://www.w3.org/TR/png-3/>) in shades of grey, made row by row, so that a large one is
//! never in memory unpacked.

use std::io::Write as _;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};

/// A picture of so many points, with so many bits for each.
pub(crate) fn png<R: AsRef<[u8]>>(
    (width, height): (u32, u32),
    bits: u8,
    rows: impl Iterator<Item = R>,
) -> Vec<u8> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    for row in rows {
        // Each row says how it was filtered: not at all.
        packed.write_all(&[0]).unwrap();
        packed.write_all(row.as_ref()).unwrap();
    }
    let head = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[bits, 0, 0, 0, 0]].concat();
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let parts = [(b"IHDR", head), (b"IDAT", packed.finish().unwrap()), (b"IEND", Vec::new())];
    for (kind, data) in parts {
        png.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
        let mut sum = Crc::new();
        sum.update(kind);
        sum.update(&data);
        png.extend([&kind[..], &data, &sum.sum().to_be_bytes()].concat());
    }
    png
}

/// A white one of so many points a side, black and white, all of them there.
pub(crate) fn white(side: u32) -> Vec<u8> {
    let row = vec![0xFF; side.div_ceil(8) as usize];
    png((side, side), 1, (0..side).map(|_| &row))
}
