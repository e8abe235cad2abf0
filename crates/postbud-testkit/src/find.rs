//! Where the servers' programs are.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// The folder with RabbitMQ's own `rabbitmq-server`, which asks for no particular user. Debian's
/// one in the `PATH` is a wrapper that does, so it does not count.
#[must_use]
pub fn rabbit_programs() -> Option<PathBuf> {
    let known = ["/usr/lib/rabbitmq/bin", "/opt/rabbitmq/sbin", "/usr/local/opt/rabbitmq/sbin"];
    known.iter().map(PathBuf::from).chain(path()).find(|dir| {
        let server = dir.join("rabbitmq-server");
        server.is_file()
            && fs::canonicalize(&server)
                .is_ok_and(|real| real.file_name() != Some(OsStr::new("rabbitmq-script-wrapper")))
            && dir.join("rabbitmqctl").is_file()
    })
}

/// The folder with PostgreSQL's `postgres` and `initdb`, of the newest version that is there.
#[must_use]
pub fn postgres_programs() -> Option<PathBuf> {
    let mut debian: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    debian.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    let debian = debian.into_iter().map(|(_, dir)| dir);
    debian.chain(path()).find(|dir| dir.join("postgres").is_file() && dir.join("initdb").is_file())
}

/// A program by its name, from the `PATH`.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    path().map(|dir| dir.join(name)).find(|file| file.is_file())
}

fn path() -> impl Iterator<Item = PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let dirs: Vec<PathBuf> = env::split_paths(&path).collect();
    dirs.into_iter().chain(["/usr/sbin", "/sbin"].map(|dir| Path::new(dir).to_owned()))
}
