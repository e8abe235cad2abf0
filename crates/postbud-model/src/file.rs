//! The model file.
//!
//! | bytes | content |
//! |---|---|
//! | 0–7 | `POSTBUD\0` |
//! | 8–9 | format version, little endian |
//! | 10–11 | feature version |
//! | 12–19 | length of the payload as stored |
//! | 20–27 | length of the payload unpacked |
//! | 28–59 | SHA-256 of bytes 0–27 and the payload |
//! | 60– | payload: postcard, packed with zstd |
//!
//! Lengths are checked before anything is allocated, the checksum before anything is unpacked.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::error::ModelFileError;
use crate::grams::FEATURE_VERSION;
use crate::model::{Model, Parts};
use crate::payload;

const MAGIC: [u8; 8] = *b"POSTBUD\0";
const FORMAT_VERSION: u16 = 3;
/// The oldest that is read: it lacks the languages of the training letters and nothing else.
const OLDEST_FORMAT: u16 = 2;
const HEADER: usize = 60;
const HASHED: usize = 28;
/// No model file is larger.
const MAX_STORED: u64 = 512 << 20;
/// Nor unpacked.
const MAX_UNPACKED: u64 = 2 << 30;
/// Higher levels take many times as long for one or two per cent.
const ZSTD_LEVEL: i32 = 3;

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn checksum(header: &[u8], payload: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(header).chain_update(payload).finalize().into()
}

fn io(path: &Path, action: &'static str) -> impl FnOnce(std::io::Error) -> ModelFileError {
    let path = path.display().to_string();
    move |source| ModelFileError::Io { path, action, source }
}

impl Model {
    /// Assembles a model and gives it the checksum that its file will have.
    pub(crate) fn sealed(parts: Parts) -> Result<Self, ModelFileError> {
        let mut model = Self::assemble(parts, [0; 32]);
        let bytes = model.to_bytes()?;
        model.checksum = bytes
            .get(HASHED..HEADER)
            .and_then(|sum| sum.try_into().ok())
            .ok_or(ModelFileError::Content { part: "header" })?;
        Ok(model)
    }

    /// The content of the model's file.
    ///
    /// # Errors
    /// [`ModelFileError::TooLarge`] or [`ModelFileError::Content`] when it cannot be packed.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelFileError> {
        let unpacked = payload::encode(self)?;
        let size = unpacked.len() as u64;
        if size > MAX_UNPACKED {
            return Err(ModelFileError::TooLarge { bytes: size, most: MAX_UNPACKED });
        }
        let packed = zstd::bulk::compress(&unpacked, ZSTD_LEVEL)
            .map_err(|_| ModelFileError::Content { part: "compression" })?;
        let mut out = Vec::with_capacity(HEADER + packed.len());
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        out.extend_from_slice(&FEATURE_VERSION.to_le_bytes());
        out.extend_from_slice(&(packed.len() as u64).to_le_bytes());
        out.extend_from_slice(&size.to_le_bytes());
        let sum = checksum(&out, &packed);
        out.extend_from_slice(&sum);
        out.extend_from_slice(&packed);
        Ok(out)
    }

    /// Reads a model from the content of its file.
    ///
    /// # Errors
    /// [`ModelFileError`] when a single byte is not as it was written.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelFileError> {
        let found = bytes.len() as u64;
        if bytes.get(..MAGIC.len()) != Some(&MAGIC) {
            return Err(ModelFileError::Magic);
        }
        let (Some(header), Some(packed)) = (bytes.get(..HEADER), bytes.get(HEADER..)) else {
            return Err(ModelFileError::Length { found, expected: HEADER as u64 });
        };
        let short = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
        let (format, features) = (short(8), short(10));
        if !(OLDEST_FORMAT..=FORMAT_VERSION).contains(&format) || features != FEATURE_VERSION {
            return Err(ModelFileError::Version {
                format,
                features,
                own_format: FORMAT_VERSION,
                own_features: FEATURE_VERSION,
            });
        }
        let (stored, unpacked) = (long(header, 12), long(header, 20));
        for (bytes, most) in [(stored, MAX_STORED), (unpacked, MAX_UNPACKED)] {
            if bytes > most {
                return Err(ModelFileError::TooLarge { bytes, most });
            }
        }
        let expected = HEADER as u64 + stored;
        if found != expected {
            return Err(ModelFileError::Length { found, expected });
        }
        let sum = checksum(&header[..HASHED], packed);
        if header[HASHED..] != sum {
            return Err(ModelFileError::Checksum);
        }
        let content = zstd::bulk::decompress(packed, usize::try_from(unpacked).unwrap_or(0))
            .map_err(|_| ModelFileError::Content { part: "compression" })?;
        if content.len() as u64 != unpacked {
            return Err(ModelFileError::Content { part: "length" });
        }
        Ok(Self::assemble(payload::decode(&content, format)?, sum))
    }

    /// Writes the model's file: under another name first, flushed to disk, then renamed, so that
    /// `path` always holds a whole model.
    ///
    /// # Errors
    /// [`ModelFileError::Io`]; what was at `path` before is then still there.
    pub fn save(&self, path: &Path) -> Result<(), ModelFileError> {
        let bytes = self.to_bytes()?;
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let temporary = folder.join(format!(".{name}.{}.tmp", std::process::id()));
        let written = write_synced(&temporary, &bytes)
            .and_then(|()| fs::rename(&temporary, path))
            .and_then(|()| File::open(folder)?.sync_all());
        if written.is_err() {
            // The disk may be full; a half-written file helps nobody.
            let _ = fs::remove_file(&temporary);
        }
        written.map_err(io(path, "write"))
    }

    /// Reads a model's file.
    ///
    /// # Errors
    /// [`ModelFileError`] says why the file was refused.
    pub fn load(path: &Path) -> Result<Self, ModelFileError> {
        let file = File::open(path).map_err(io(path, "open"))?;
        let most = HEADER as u64 + MAX_STORED;
        let mut bytes = Vec::new();
        file.take(most + 1).read_to_end(&mut bytes).map_err(io(path, "read"))?;
        Self::from_bytes(&bytes)
    }
}

fn write_synced(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn long(header: &[u8], at: usize) -> u64 {
    let bytes = header.get(at..at + 8).and_then(|bytes| bytes.try_into().ok());
    u64::from_le_bytes(bytes.unwrap_or([0xff; 8]))
}
