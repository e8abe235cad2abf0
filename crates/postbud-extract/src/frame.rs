//! Frames on a pipe: four bytes of length, big end first, then as many bytes.

use std::io::{self, Read, Write};

/// Writes one frame.
///
/// # Errors
/// The pipe is closed, or the frame is longer than four bytes can say.
pub(crate) fn write(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len())
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "the frame is too long"))?;
    out.write_all(&length.to_be_bytes())?;
    out.write_all(bytes)?;
    out.flush()
}

/// Reads one frame of at most `most` bytes; `None` when the pipe was closed before it began.
///
/// # Errors
/// The pipe was closed within the frame, or the frame is longer than `most`.
pub(crate) fn read(from: &mut impl Read, most: u64) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    let mut have = 0;
    while have < length.len() {
        match from.read(length.get_mut(have..).unwrap_or_default()) {
            Ok(0) if have == 0 => return Ok(None),
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(more) => have += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let length = u64::from(u32::from_be_bytes(length));
    if length > most {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the frame is longer than agreed"));
    }
    let mut bytes = Vec::new();
    if from.take(length).read_to_end(&mut bytes)? as u64 != length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_pipe_is_no_frame_and_half_a_frame_is_an_error() {
        assert_eq!(read(&mut &b""[..], 10).unwrap(), None);
        assert!(read(&mut &b"\0\0"[..], 10).is_err());
        assert!(read(&mut &b"\0\0\0\x05abc"[..], 10).is_err());
        assert!(read(&mut &b"\xff\xff\xff\xffabc"[..], 10).is_err(), "longer than agreed");
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read(frames in proptest::collection::vec(proptest::collection::vec(0_u8.., 0..200), 0..5)) {
            let mut pipe = Vec::new();
            for frame in &frames {
                write(&mut pipe, frame).unwrap();
            }
            let mut from = pipe.as_slice();
            for frame in frames {
                proptest::prop_assert_eq!(read(&mut from, 200).unwrap(), Some(frame));
            }
            proptest::prop_assert_eq!(read(&mut from, 200).unwrap(), None);
        }
    }
}
