//! Data folders that are removed, sooner or later.

use std::env;
use std::fs;
use std::path::Path;
use std::process;

use anyhow::Result;
use tempfile::TempDir;

/// A folder for one server or campaign, removed when it is dropped. What earlier processes left behind when
/// they were killed is removed now: their number is in the folder's name.
///
/// # Errors
/// When the folder for temporary files cannot be used.
pub fn private(kind: &str) -> Result<TempDir> {
    let prefix = format!("postbud-{kind}-");
    for entry in fs::read_dir(env::temp_dir())?.flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(&prefix)).and_then(owner);
        if owner.is_some_and(|owner| !alive(owner)) {
            // Another user's folder stays; it is theirs to remove.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    let prefix = format!("{prefix}{}-", process::id());
    Ok(tempfile::Builder::new().prefix(&prefix).tempdir()?)
}

fn owner(rest: &str) -> Option<u32> {
    rest.split_once('-')?.0.parse().ok()
}

/// Where the system does not tell, everybody counts as alive.
fn alive(owner: u32) -> bool {
    !Path::new("/proc/self").exists() || Path::new(&format!("/proc/{owner}")).exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_folders_of_the_dead_are_removed() {
        let living = private("folder-test").unwrap();
        let mut child = process::Command::new("true").spawn().unwrap();
        let gone = child.id();
        child.wait().unwrap();
        let dead = env::temp_dir().join(format!("postbud-folder-test-{gone}-x"));
        fs::create_dir_all(dead.join("data")).unwrap();
        private("folder-test").unwrap();
        assert!(!dead.exists());
        assert!(living.path().exists());
    }
}
