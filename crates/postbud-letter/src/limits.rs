//! How much of a letter is read. Every loop over outside input stops at one of these.

/// Limits on reading one letter. What lies beyond is left unread and becomes a defect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Size of the raw letter in bytes. Digital Post goes up to 99.5 MB.
    pub letter_bytes: usize,
    /// Size of a letter's text in bytes of UTF-8, quotations included; and of all the values of a
    /// MeMo header together.
    pub text_bytes: usize,
    /// Parts of a mail or documents of a MeMo message, each multipart counted too.
    pub parts: usize,
    /// Nesting of parts or elements.
    pub depth: usize,
    /// Size of one header field or one short value (subject, name, file name) in bytes.
    pub field_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            letter_bytes: 104_857_600,
            text_bytes: 1 << 20,
            parts: 1000,
            depth: 64,
            field_bytes: 16 << 10,
        }
    }
}
