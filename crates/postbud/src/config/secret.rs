//! Passwords: read from files, handed to the library that needs them, shown to nobody.

use std::fmt;
use std::io::Read as _;
use std::path::Path;

/// Longer files are no passwords.
const PASSWORD_BYTES_MAX: u64 = 4096;

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself. Never print it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// Reads a password file: one line, whose end does not count.
///
/// # Errors
/// What is wrong with the file, for people.
pub(crate) fn read_password(path: &Path) -> Result<Secret, String> {
    let shown = path.display();
    let file = std::fs::File::open(path).map_err(|e| format!("{shown} cannot be read ({e})"))?;
    let mut text = String::new();
    file.take(PASSWORD_BYTES_MAX + 1)
        .read_to_string(&mut text)
        .map_err(|e| format!("{shown} cannot be read ({e})"))?;
    if text.len() as u64 > PASSWORD_BYTES_MAX {
        return Err(format!("{shown} is longer than {PASSWORD_BYTES_MAX} bytes"));
    }
    let password = text.strip_suffix('\n').unwrap_or(&text);
    let password = password.strip_suffix('\r').unwrap_or(password);
    if password.is_empty() {
        return Err(format!("{shown} is empty"));
    }
    if password.contains('\n') {
        return Err(format!("{shown} has more than one line"));
    }
    Ok(Secret::new(password.to_owned()))
}
