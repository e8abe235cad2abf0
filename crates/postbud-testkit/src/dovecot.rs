//! A private Dovecot with one mailbox: the real IMAP server that letters are fetched from.
//!
//! Debian's package, in an instance of its own on a free port. Its processes change their user, so
//! it can only be started by root.

use std::fs;
use std::io::Read as _;
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::sys::signal::Signal;
use nix::unistd::{Uid, User};
use tempfile::TempDir;

use crate::authority::Issued;
use crate::port::free_port;
use crate::process::{Process, Task, wait_until_ready};

const PROGRAM: &str = "/usr/sbin/dovecot";
/// The mailbox belongs to Debian's user for mail.
const OWNER: &str = "mail";
const START: Duration = Duration::from_secs(30);

/// A running instance.
pub struct Dovecot {
    process: Process,
    dir: TempDir,
    port: u16,
}

impl Dovecot {
    /// Who signs in; the password is [`Dovecot::PASSWORD`].
    pub const USER: &str = "post";
    /// What every user's password is.
    pub const PASSWORD: &str = "hemmelig";

    /// Can it be started here?
    #[must_use]
    pub fn installed() -> bool {
        Uid::effective().is_root()
            && Path::new(PROGRAM).is_file()
            && User::from_name(OWNER).is_ok_and(|user| user.is_some())
    }

    /// Starts one that shows this certificate and speaks TLS only (STARTTLS on its one port).
    ///
    /// # Errors
    /// When it does not greet in time; with the end of its log.
    pub fn start(issued: &Issued) -> Result<Self> {
        let user = User::from_name(OWNER)?.context("there is no user for mail")?;
        let dir = tempfile::tempdir()?;
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755))?;
        let port = free_port()?;
        for name in ["mail", "mail/new", "mail/cur", "mail/tmp", "run"] {
            fs::create_dir(dir.path().join(name))?;
            if name.starts_with("mail") {
                chown(dir.path().join(name), Some(user.uid.as_raw()), Some(user.gid.as_raw()))?;
            }
        }
        let config = configuration(dir.path(), port, &user, issued);
        fs::write(dir.path().join("dovecot.conf"), config)?;
        let task = Task {
            program: PathBuf::from(PROGRAM),
            args: ["-F", "-c", "dovecot.conf"].map(str::to_owned).into(),
            envs: Vec::new(),
            user: None,
        };
        let log = dir.path().join("log");
        let mut process = Process::spawn(&task, dir.path(), &log)?;
        // That something takes the connection is not enough: the master listens before there is a
        // process that serves.
        wait_until_ready(&mut process, &log, START, || {
            let mut first = [0];
            let greeted = TcpStream::connect(("127.0.0.1", port))
                .and_then(|mut stream| stream.read_exact(&mut first));
            greeted.is_ok() && first == *b"*"
        })?;
        Ok(Self { process, dir, port })
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    /// Puts a message into the mailbox, under a name of a Maildir.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn put(&self, name: &str, text: &str) -> Result<()> {
        let mail = self.dir.path().join("mail");
        let unseen = mail.join("tmp").join(name);
        fs::write(&unseen, text)?;
        self.give(&unseen)?;
        fs::rename(&unseen, mail.join("new").join(name))?;
        Ok(())
    }

    /// How many messages a folder holds; the empty name is the mailbox itself.
    #[must_use]
    pub fn count(&self, folder: &str) -> usize {
        let files =
            |name: &str| fs::read_dir(self.folder(folder).join(name)).map_or(0, Iterator::count);
        files("new") + files("cur")
    }

    /// Makes a folder into which nothing can be moved, until [`Dovecot::open_folder`].
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn closed_folder(&self, folder: &str) -> Result<()> {
        let path = self.folder(folder);
        for path in [path.clone(), path.join("new"), path.join("cur"), path.join("tmp")] {
            fs::create_dir(&path)?;
        }
        Ok(())
    }

    /// Gives such a folder to the one who moves messages there.
    ///
    /// # Errors
    /// When it is not there.
    pub fn open_folder(&self, folder: &str) -> Result<()> {
        let path = self.folder(folder);
        for path in [path.clone(), path.join("new"), path.join("cur"), path.join("tmp")] {
            self.give(&path)?;
        }
        Ok(())
    }

    fn folder(&self, name: &str) -> PathBuf {
        let name = if name.is_empty() { String::new() } else { format!(".{name}") };
        self.dir.path().join("mail").join(name)
    }

    fn give(&self, path: &Path) -> Result<()> {
        let owner = fs::metadata(self.dir.path().join("mail"))?;
        chown(path, Some(owner.uid()), Some(owner.gid()))?;
        Ok(())
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        // Its children end with the master, which must be asked and not killed.
        let _ = self.process.stop(Signal::SIGTERM, Duration::from_secs(5));
    }
}

fn configuration(dir: &Path, port: u16, user: &User, issued: &Issued) -> String {
    format!(
        "base_dir = {dir}/run\nlog_path = {dir}/log\nprotocols = imap\nlisten = 127.0.0.1\n\
         mail_location = maildir:{dir}/mail\nmail_uid = {uid}\nmail_gid = {gid}\n\
         first_valid_uid = 1\nfirst_valid_gid = 1\n\
         ssl = required\nssl_cert = <{cert}\nssl_key = <{key}\n\
         passdb {{\n driver = static\n args = password={password}\n}}\n\
         userdb {{\n driver = static\n args = uid={uid} gid={gid} home={dir}/mail\n}}\n\
         service imap-login {{\n chroot =\n inet_listener imap {{\n port = {port}\n }}\n \
         inet_listener imaps {{\n port = 0\n }}\n}}\nservice anvil {{\n chroot =\n}}\n",
        dir = dir.display(),
        uid = user.uid,
        gid = user.gid,
        password = Dovecot::PASSWORD,
        cert = issued.certificate.display(),
        key = issued.key.display(),
    )
}
