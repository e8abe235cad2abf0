//! Labels from the names of files and folders.

use std::ffi::OsStr;

use unicode_normalization::UnicodeNormalization;

use super::MAX_LABEL_CHARS;

/// The label that a folder's name gives; `None` when it can be none.
pub(super) fn of_folder(name: &OsStr) -> Option<String> {
    label(name.to_str()?)
}

/// The label that an mbox's name gives: without `.mbox`.
pub(super) fn of_mbox(name: &OsStr) -> Option<String> {
    let name = name.to_str()?;
    let stem = name.rsplit_once('.').filter(|(stem, end)| {
        !stem.is_empty() && ["mbox", "mbx", "mboxrd"].contains(&end.to_ascii_lowercase().as_str())
    });
    label(stem.map_or(name, |(stem, _)| stem))
}

/// The label of a Maildir's sub-folder: `.name`, in the modified UTF-7 of IMAP (RFC 3501, 5.1.3)
/// as mail servers write it.
pub(super) fn of_subfolder(name: &OsStr) -> Option<String> {
    let name = name.to_str()?.strip_prefix('.')?;
    label(&from_imap(name).unwrap_or_else(|| name.to_owned()))
}

/// Composed: some systems write `å` as `a` and a ring.
fn label(name: &str) -> Option<String> {
    let name: String = name.trim().nfc().collect();
    let fits = !name.is_empty()
        && name.chars().count() <= MAX_LABEL_CHARS
        && !name.chars().any(char::is_control);
    fits.then_some(name)
}

/// `None` when it is no modified UTF-7.
fn from_imap(name: &str) -> Option<String> {
    let mut pieces = name.split('&');
    let mut out = pieces.next()?.to_owned();
    for piece in pieces {
        let (encoded, plain) = piece.split_once('-')?;
        if encoded.is_empty() {
            out.push('&');
        } else {
            out.push_str(&decode(encoded)?);
        }
        out.push_str(plain);
    }
    Some(out)
}

/// UTF-16 in base64 with `,` for `/`, without padding.
fn decode(encoded: &str) -> Option<String> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";
    let (mut units, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    for byte in encoded.bytes() {
        let digit = DIGITS.iter().position(|&digit| digit == byte)?;
        bits = (bits << 6) | u32::try_from(digit).ok()?;
        held += 6;
        if held >= 16 {
            held -= 16;
            units.push(u16::try_from((bits >> held) & 0xffff).ok()?);
            bits &= (1 << held) - 1;
        }
    }
    String::from_utf16(&units).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_labels() {
        assert_eq!(of_folder(OsStr::new(" Ældre og pleje ")).unwrap(), "Ældre og pleje");
        assert_eq!(of_folder(OsStr::new("Sa\u{30a}er")).unwrap(), "Såer");
        assert_eq!(of_folder(OsStr::new("  ")), None);
        assert_eq!(of_folder(OsStr::new(&"x".repeat(65))), None);
        assert_eq!(of_mbox(OsStr::new("affald.mbox")).unwrap(), "affald");
        assert_eq!(of_mbox(OsStr::new("vej.park")).unwrap(), "vej.park");
        assert_eq!(of_mbox(OsStr::new(".mbox")).unwrap(), ".mbox");
    }

    #[test]
    fn mail_servers_names_are_read() {
        assert_eq!(of_subfolder(OsStr::new(".&AMY-ldre")).unwrap(), "Ældre");
        assert_eq!(of_subfolder(OsStr::new(".B&APg-rn &- unge")).unwrap(), "Børn & unge");
        assert_eq!(of_subfolder(OsStr::new(".R&D")).unwrap(), "R&D");
        assert_eq!(of_subfolder(OsStr::new(".&2Dzf-")).unwrap(), ".&2Dzf-"[1..].to_owned());
    }
}
