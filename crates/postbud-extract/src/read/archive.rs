//! ZIP: Office documents and OpenDocument by what they hold, and archives of other documents.

use std::io::{Cursor, Read as _};

use postbud_letter::{DocumentFormat, DocumentTrouble};
use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use super::Reading;

/// A file that unpacks to more than this is a bomb when it is beyond [`MOST_RATIO`], in bytes.
const SMALL: u64 = 1 << 20;
/// So many times its packed size at most. Office's own XML comes to some dozen.
const MOST_RATIO: u64 = 250;

/// An archive in memory.
pub(super) type Zip<'b> = ZipArchive<Cursor<&'b [u8]>>;

impl Reading<'_> {
    /// Reads an archive and says what it is.
    pub(super) fn archive(&mut self, bytes: &[u8], depth: u32) -> DocumentFormat {
        let mut zip = match ZipArchive::new(Cursor::new(bytes)) {
            Ok(zip) => zip,
            Err(_) => {
                self.note(DocumentTrouble::Broken);
                return DocumentFormat::Zip;
            }
        };
        self.signed |= is_signed(&zip);
        let has = |zip: &Zip<'_>, name: &str| zip.index_for_name(name).is_some();
        if has(&zip, "word/document.xml") {
            self.docx(&mut zip);
            DocumentFormat::Docx
        } else if has(&zip, "xl/workbook.xml") {
            self.xlsx(&mut zip);
            DocumentFormat::Xlsx
        } else if has(&zip, "ppt/presentation.xml") {
            self.pptx(&mut zip);
            DocumentFormat::Pptx
        } else if has(&zip, "content.xml") && has(&zip, "mimetype") {
            self.open_document(&mut zip);
            DocumentFormat::OpenDocument
        } else {
            self.files(&mut zip, depth);
            DocumentFormat::Zip
        }
    }

    /// The files of an archive, one after another.
    fn files(&mut self, zip: &mut Zip<'_>, depth: u32) {
        for place in 0..zip.len() {
            if self.out.is_full() || !self.enter(0, depth) {
                return;
            }
            let bytes = match zip.by_index(place) {
                Ok(file) if file.is_dir() => continue,
                Ok(file) => self.unpack_file(file),
                Err(error) => {
                    self.note_zip(&error);
                    continue;
                }
            };
            if let Some(bytes) = bytes {
                self.within(&bytes, depth + 1);
            }
        }
    }

    /// A document within another. What is wrong with it is told only when it keeps text away: an
    /// archive with a picture in it is no broken archive.
    pub(super) fn within(&mut self, bytes: &[u8], depth: u32) {
        let before = self.trouble.take();
        let (pages, signed) = (self.pages, self.signed);
        self.out.fresh_line();
        self.read(bytes, depth);
        (self.pages, self.signed) = (pages, signed);
        let minor = matches!(
            self.trouble,
            Some(
                DocumentTrouble::Empty
                    | DocumentTrouble::OnlyPictures
                    | DocumentTrouble::UnknownFormat
            )
        );
        if before.is_some() || minor {
            self.trouble = before;
        }
    }

    /// May another document within be opened?
    pub(super) fn enter(&mut self, bytes: u64, depth: u32) -> bool {
        if depth >= self.task.depth {
            self.note(DocumentTrouble::TooDeep);
            return false;
        }
        if self.entries_left == 0 || bytes > self.unpacked_left {
            self.note(DocumentTrouble::TooLarge);
            self.out.note_cut();
            return false;
        }
        self.entries_left -= 1;
        self.unpacked_left -= bytes;
        true
    }

    /// All of a file, as long as the budget holds.
    pub(super) fn unpack(&mut self, file: impl std::io::Read) -> Option<Vec<u8>> {
        self.unpack_within(file, u64::MAX)
    }

    /// The same, in at most so many bytes.
    fn unpack_within(&mut self, file: impl std::io::Read, most: u64) -> Option<Vec<u8>> {
        let most = most.min(self.unpacked_left);
        let mut bytes = Vec::new();
        let read = file.take(most.saturating_add(1)).read_to_end(&mut bytes);
        let size = bytes.len() as u64;
        self.unpacked_left = self.unpacked_left.saturating_sub(size);
        if size > most {
            self.note(DocumentTrouble::TooLarge);
            self.out.note_cut();
            return None;
        }
        if read.is_err() {
            self.note(DocumentTrouble::Broken);
        }
        Some(bytes)
    }

    /// A file of an archive by its name, unpacked; `None` when it is not there or cannot be had.
    pub(super) fn part(&mut self, zip: &mut Zip<'_>, name: &str) -> Option<Vec<u8>> {
        let file = match zip.by_name(name) {
            Ok(file) => file,
            Err(error) => {
                self.note_zip(&error);
                return None;
            }
        };
        self.unpack_file(file)
    }

    /// A file of an archive, unless it is a bomb.
    fn unpack_file(&mut self, file: ZipFile<'_, Cursor<&[u8]>>) -> Option<Vec<u8>> {
        let most = file.compressed_size().saturating_mul(MOST_RATIO).max(SMALL);
        self.unpack_within(file, most)
    }

    fn note_zip(&mut self, error: &ZipError) {
        match error {
            ZipError::FileNotFound => {}
            ZipError::UnsupportedArchive(what) if *what == ZipError::PASSWORD_REQUIRED => {
                self.note(DocumentTrouble::Encrypted);
            }
            ZipError::UnsupportedArchive(_) => self.note(DocumentTrouble::UnknownFormat),
            _ => self.note(DocumentTrouble::Broken),
        }
    }
}

/// Is there a part in it that signs others? Only Office and OpenDocument have one under these names.
fn is_signed(zip: &Zip<'_>) -> bool {
    let office = |name: &str| name.starts_with("_xmlsignatures/") && name.ends_with(".xml");
    zip.file_names().flatten().any(|name| office(&name))
        || zip.index_for_name("META-INF/documentsignatures.xml").is_some()
}
