//! Pictures: looked at, and made ready for OCR.
//!
//! What telephones and scanners store is unpacked here, where no harm comes of it, and handed on as
//! bare points in shades of grey, straightened and evenly lit: so OCR reads more of it, and its own
//! readers of pictures never see what somebody sent. Rare kinds (TIFF, GIF, BMP, WebP) go on as they
//! came.

mod decode;
mod gray;
mod level;
mod light;
mod size;

use postbud_letter::DocumentTrouble;

use super::Reading;
use crate::message::Kind;
pub(crate) use gray::LONG_SIDE;

/// A picture with a shorter side is a logo or a line, and no page.
const LEAST_SIDE: u64 = 100;

impl Reading<'_> {
    /// A picture is left to OCR when it may hold a page of text and is not too large.
    pub(super) fn picture(&mut self, bytes: &[u8], depth: u32) {
        let Some((width, height)) = size::size(bytes) else {
            let heic_or_icon = bytes.get(4..8) == Some(b"ftyp") || bytes.starts_with(b"\0\0");
            self.note(if heic_or_icon {
                DocumentTrouble::UnknownFormat
            } else {
                DocumentTrouble::Broken
            });
            return;
        };
        if width.saturating_mul(height) > self.task.ocr_pixels {
            self.note(DocumentTrouble::TooLarge);
        } else if self.ocr_left == 0 || width.min(height) < LEAST_SIDE {
            self.note(DocumentTrouble::OnlyPictures);
        } else {
            self.ocr_left -= 1;
            let ready = decode::decode(bytes).map(|gray| {
                let gray = light::even(&gray.halved());
                level::level(&gray).to_pgm()
            });
            self.leave(Kind::Picture, bytes, ready, depth);
        }
    }
}
