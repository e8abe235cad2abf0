//! `.tar.lzma`: many MeMo messages in one file, the way Digital Post packs them in bulk.
//!
//! The container is LZMA alone (not xz) around a tar. Members are read one at a time; nothing is
//! ever unpacked to disk, and the names in the archive are not used for anything.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use bytes::Bytes;
use lzma_rust2::LzmaReader;
use tar::{Archive, EntryType};

/// What the file names of bulk files end with.
pub(super) const ENDING: &str = ".tar.lzma";
/// The decoder may use so much memory, in KiB: a dictionary of 64 MiB and its tables.
const DECODER_KIB: u32 = 80 << 10;

/// Limits on one bulk file. A file beyond one of them gives no letters at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkLimits {
    /// Members of the archive.
    pub members: usize,
    /// Size of the whole unpacked archive in bytes.
    pub unpacked_bytes: u64,
    /// The unpacked archive may be so many times as large as the file.
    pub ratio: u64,
}

impl Default for BulkLimits {
    fn default() -> Self {
        Self { members: 20_000, unpacked_bytes: 8 << 30, ratio: 250 }
    }
}

/// Why a bulk file is not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum BulkError {
    /// It could not be read.
    #[error("it cannot be read")]
    Read(#[source] io::Error),
    /// It is not what it says, or it is damaged.
    #[error("it is no tar in LZMA (the old .lzma format, not xz), or it is damaged or cut off")]
    Damaged(#[source] io::Error),
    /// It is larger unpacked than it may be.
    #[error(
        "it is larger unpacked than {0} bytes, the most for a file of its size; send the letters in several files"
    )]
    TooLarge(u64),
    /// It has too many members.
    #[error("it has more than {0} members; send the letters in several files")]
    TooMany(usize),
    /// Nothing is in it.
    #[error("there is no letter in it")]
    Empty,
    /// Whoever takes the letters has stopped.
    #[error("taking its letters was interrupted")]
    Interrupted,
}

/// One member that is a file.
pub(super) struct Member {
    /// Counted from 1, files only.
    pub(super) number: usize,
    /// Its bytes; or its size, when it is larger than a letter may be.
    pub(super) raw: Result<Bytes, u64>,
}

/// Reads through the whole archive and hands every file in it to `each`, until that returns
/// `false`. Returns how many there were.
pub(super) fn walk(
    path: &Path,
    limits: &BulkLimits,
    letter_bytes: usize,
    each: &mut dyn FnMut(Member) -> bool,
) -> Result<usize, BulkError> {
    let file = File::open(path).map_err(BulkError::Read)?;
    let packed = file.metadata().map_err(BulkError::Read)?.len();
    // Small archives pack well: 1 MiB of them is always allowed.
    let most = packed.saturating_mul(limits.ratio).max(1 << 20).min(limits.unpacked_bytes);
    let decoder = LzmaReader::new_mem_limit(BufReader::new(file), DECODER_KIB, None);
    let bounded = Bounded { inner: decoder.map_err(BulkError::Damaged)?, left: most };
    let mut archive = Archive::new(bounded);
    let mut number = 0;
    {
        // Raw: the headers that only lengthen names would otherwise be read into memory whole.
        let entries = archive.entries().map_err(|error| fault(error, most))?.raw(true);
        let mut seen = 0;
        for entry in entries {
            let mut entry = entry.map_err(|error| fault(error, most))?;
            seen += 1;
            if seen > limits.members {
                return Err(BulkError::TooMany(limits.members));
            }
            if !matches!(entry.header().entry_type(), EntryType::Regular | EntryType::Continuous) {
                continue;
            }
            number += 1;
            let size = entry.size();
            let raw = if size > letter_bytes as u64 {
                Err(size)
            } else {
                Ok(whole(&mut entry, size, most)?)
            };
            if !each(Member { number, raw }) {
                return Err(BulkError::Interrupted);
            }
        }
    }
    // What follows the end of the tar is padding; reading it shows whether the file is complete.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(|error| fault(error, most))?;
    if number == 0 { Err(BulkError::Empty) } else { Ok(number) }
}

fn whole(entry: &mut impl Read, size: u64, most: u64) -> Result<Bytes, BulkError> {
    let mut raw = Vec::new();
    entry.read_to_end(&mut raw).map_err(|error| fault(error, most))?;
    if raw.len() as u64 != size {
        return Err(BulkError::Damaged(io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(raw.into())
}

/// The reader's own limit, or damage.
fn fault(error: io::Error, most: u64) -> BulkError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(at) = cause {
        if at.is::<Exceeded>() {
            return BulkError::TooLarge(most);
        }
        // An io::Error shows the cause of what it wraps, and not what it wraps.
        let wrapped = at.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(wrapped) = wrapped
            && wrapped.is::<Exceeded>()
        {
            return BulkError::TooLarge(most);
        }
        cause = wrapped.map(|wrapped| wrapped as _).or_else(|| at.source());
    }
    BulkError::Damaged(error)
}

#[derive(Debug, thiserror::Error)]
#[error("larger unpacked than allowed")]
struct Exceeded;

/// Ends with an error after so many bytes.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        match self.left.checked_sub(read as u64) {
            Some(left) => self.left = left,
            None => return Err(io::Error::other(Exceeded)),
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use super::*;

    /// Packs with the `lzma` of xz-utils, as another program would.
    fn packed(dir: &Path, tar: &[u8]) -> Option<std::path::PathBuf> {
        let path = dir.join("bulk.tar.lzma");
        let lzma = Command::new("lzma")
            .args(["-z", "-c"])
            .stdin(Stdio::piped())
            .stdout(File::create(&path).unwrap())
            .spawn();
        let Ok(mut lzma) = lzma else {
            println!("skipped: there is no lzma (xz-utils) here");
            return None;
        };
        lzma.stdin.take().unwrap().write_all(tar).unwrap();
        assert!(lzma.wait().unwrap().success());
        Some(path)
    }

    fn tar(members: &[&[u8]]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (n, bytes) in members.iter().enumerate() {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            // A name that would matter if names were used, and one that needs a header of its own.
            let name = if n == 0 { "x".repeat(300) } else { format!("memo-{n}.xml") };
            builder.append_data(&mut header, name, *bytes).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn read(path: &Path, limits: &BulkLimits) -> Result<Vec<Result<Bytes, u64>>, BulkError> {
        let mut found = Vec::new();
        let count = walk(path, limits, 1000, &mut |member| {
            found.push(member.raw);
            true
        })?;
        assert_eq!(count, found.len());
        Ok(found)
    }

    #[test]
    fn members_come_in_order_and_large_ones_as_their_size() {
        let dir = tempfile::tempdir().unwrap();
        let large = vec![b'x'; 1001];
        let Some(path) = packed(dir.path(), &tar(&[b"first", b"", &large, b"last"])) else {
            return;
        };
        let found = read(&path, &BulkLimits::default()).unwrap();
        let expected =
            [Ok(Bytes::from_static(b"first")), Ok(Bytes::new()), Err(1001), Ok("last".into())];
        assert_eq!(found, expected);
    }

    #[test]
    fn each_limit_refuses_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let zeros = vec![0; 8 << 20];
        let Some(path) = packed(dir.path(), &tar(&[b"a", &zeros])) else { return };
        // Eight mebibytes of zeros pack a thousandfold.
        assert!(matches!(read(&path, &BulkLimits::default()), Err(BulkError::TooLarge(_))));
        let wide = BulkLimits { ratio: u64::MAX, ..BulkLimits::default() };
        assert_eq!(read(&path, &wide).unwrap().len(), 2);
        let small = BulkLimits { unpacked_bytes: 1 << 20, ..wide.clone() };
        assert!(matches!(read(&path, &small), Err(BulkError::TooLarge(1_048_576))));
        // The long name of the first member has a header of its own.
        let few = BulkLimits { members: 2, ..wide };
        assert!(matches!(read(&path, &few), Err(BulkError::TooMany(2))));
    }

    #[test]
    fn what_is_cut_off_or_something_else_is_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let random: Vec<u8> =
            (0u32..9000).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        let Some(path) = packed(dir.path(), &tar(&[b"a", &random[..900]])) else { return };
        let whole = std::fs::read(&path).unwrap();
        for bytes in [&whole[..whole.len() / 2], &whole[..whole.len() - 1], &random[..], b""] {
            std::fs::write(&path, bytes).unwrap();
            let said = read(&path, &BulkLimits::default());
            assert!(matches!(said, Err(BulkError::Damaged(_))), "{} bytes: {said:?}", bytes.len());
        }
        let Some(path) = packed(dir.path(), &tar(&[])) else { return };
        assert!(matches!(read(&path, &BulkLimits::default()), Err(BulkError::Empty)));
        assert!(matches!(
            read(&dir.path().join("missing"), &BulkLimits::default()),
            Err(BulkError::Read(_))
        ));
    }
}
