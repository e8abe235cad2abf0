//! A mailbox on a real server, read over IMAP: Debian's Dovecot, in an instance of its own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use postbud_intake::{Imap, ImapError, ImapOptions, ImapPassword, ImapTls, Room};
use postbud_pipeline::stop_pair;
use postbud_testkit::{Authority, Issued, free_port};
use support::{House, mail, until};
use tempfile::TempDir;
use tokio::io::AsyncReadExt as _;

/// An instance with one user.
struct Dovecot {
    dir: TempDir,
    child: Child,
    port: u16,
}

impl Dovecot {
    /// Starts one, or says why the test is skipped.
    fn start(issued: &Issued) -> Option<Self> {
        let root = nix::unistd::Uid::effective().is_root();
        let user = nix::unistd::User::from_name("mail").ok().flatten();
        let (true, Some(user), true) = (root, user, Path::new("/usr/sbin/dovecot").exists()) else {
            println!("skipped: Dovecot is not installed here, or we are not root");
            return None;
        };
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let port = free_port().unwrap();
        for name in ["mail", "mail/new", "mail/cur", "mail/tmp", "run"] {
            fs::create_dir(dir.path().join(name)).unwrap();
            let owned = name.starts_with("mail");
            chown(dir.path().join(name), owned.then_some(user.uid.as_raw()), None).unwrap();
        }
        let config = format!(
            "base_dir = {dir}/run\nlog_path = {dir}/log\nprotocols = imap\nlisten = 127.0.0.1\n\
             mail_location = maildir:{dir}/mail\nmail_uid = {uid}\nmail_gid = {gid}\n\
             first_valid_uid = 1\nfirst_valid_gid = 1\n\
             ssl = required\nssl_cert = <{cert}\nssl_key = <{key}\n\
             passdb {{\n driver = static\n args = password=hemmelig\n}}\n\
             userdb {{\n driver = static\n args = uid={uid} gid={gid} home={dir}/mail\n}}\n\
             service imap-login {{\n chroot =\n inet_listener imap {{\n port = {port}\n }}\n inet_listener imaps {{\n port = 0\n }}\n}}\n\
             service anvil {{\n chroot =\n}}\n",
            dir = dir.path().display(),
            uid = user.uid,
            gid = user.gid,
            cert = issued.certificate.display(),
            key = issued.key.display(),
        );
        fs::write(dir.path().join("dovecot.conf"), config).unwrap();
        let child = Command::new("/usr/sbin/dovecot")
            .arg("-F")
            .arg("-c")
            .arg(dir.path().join("dovecot.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Some(Self { dir, child, port })
    }

    /// Waits for the greeting. That something takes the connection is not enough: Dovecot's
    /// master listens before there is a process that serves.
    async fn ready(&self) {
        until("the greeting of Dovecot", async || {
            let Ok(mut stream) = tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await
            else {
                return false;
            };
            let mut first = [0];
            stream.read_exact(&mut first).await.is_ok() && first == *b"*"
        })
        .await;
    }

    fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    /// Puts a message into the mailbox.
    fn put(&self, name: &str, text: &str) {
        let path = self.dir.path().join("mail").join("new").join(name);
        fs::write(&path, text).unwrap();
        let uid = fs::metadata(self.dir.path().join("mail")).unwrap();
        chown(&path, Some(std::os::unix::fs::MetadataExt::uid(&uid)), None).unwrap();
    }

    /// How many messages a folder holds.
    fn count(&self, folder: &str) -> usize {
        let files = |name: &str| {
            fs::read_dir(self.dir.path().join("mail").join(folder).join(name))
                .map_or(0, Iterator::count)
        };
        files("new") + files("cur")
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        let id = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).unwrap_or(0));
        let _ = nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGTERM);
        let _ = self.child.wait();
    }
}

fn options(authority: &Authority, port: u16) -> ImapOptions {
    ImapOptions {
        host: "localhost".to_owned(),
        port,
        tls: ImapTls::StartTls,
        ca: Some(authority.ca()),
        user: "post".to_owned(),
        password: ImapPassword::new("hemmelig".to_owned()),
        folder: "INBOX".to_owned(),
        processed: "Post bud".to_owned(),
        failed: "Fejl".to_owned(),
        every: Duration::from_millis(100),
        idle: Duration::from_secs(10),
        deadline: Duration::from_secs(20),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_leave_the_mailbox_when_they_are_durable() {
    let house = House::new().await;
    let authority = Authority::new().unwrap();
    let issued = authority.issue("imap").unwrap();
    let Some(dovecot) = Dovecot::start(&issued) else { return };
    let imap = Imap::open(options(&authority, dovecot.port), Room::new(64 << 20)).unwrap();
    dovecot.ready().await;
    for n in 0..10 {
        dovecot.put(&format!("1700000000.{n}.host"), &mail(&format!("Brev {n}")));
    }
    // One above the limit, and one that is none.
    dovecot.put("1700000000.a.host", &format!("{}{}", mail("stor"), "x\r\n".repeat(1_100_000)));
    dovecot.put("1700000000.b.host", "\r\n");
    house.away(true);
    let acceptor = house.acceptor();
    let said = imap.round(&acceptor).await;
    assert!(matches!(said, Err(ImapError::Accept(_))), "{said:?}: {}", dovecot.log());
    assert_eq!((house.waiting().await, dovecot.count("")), (0, 12));
    house.away(false);
    let (stopper, stop) = stop_pair();
    let run = imap.run(&acceptor, &stop);
    let watch = async {
        let told = || imap.activity().reading();
        until("an empty mailbox", async || dovecot.count("") == 0).await;
        until("the figures", async || told().accepted + told().refused == 12).await;
        stopper.stop();
    };
    tokio::join!(run, watch);
    assert_eq!((dovecot.count(".Post bud"), dovecot.count(".Fejl")), (10, 2));
    let letters = house.letters().await;
    assert_eq!(letters.len(), 10);
    for n in 0..10 {
        let letter = mail(&format!("Brev {n}"));
        assert!(letters.iter().any(|raw| raw == letter.as_bytes()), "byte for byte");
    }
    let reading = imap.activity().reading();
    assert_eq!((reading.accepted, reading.refused), (10, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_we_are_matters_and_is_not_told() {
    let house = House::new().await;
    let authority = Authority::new().unwrap();
    let issued = authority.issue("imap").unwrap();
    let Some(dovecot) = Dovecot::start(&issued) else { return };
    dovecot.ready().await;
    let said = async |options: ImapOptions| {
        let shown = format!("{options:?}");
        assert!(!shown.contains("forkert") && !shown.contains("hemmelig"));
        let imap = Imap::open(options, Room::new(1 << 20)).unwrap();
        imap.round(&house.acceptor()).await.unwrap_err()
    };
    let right = options(&authority, dovecot.port);
    let password = ImapPassword::new("forkert".to_owned());
    assert!(matches!(said(ImapOptions { password, ..right.clone() }).await, ImapError::Refused));
    let folder = "Findes ikke".to_owned();
    assert!(matches!(said(ImapOptions { folder, ..right.clone() }).await, ImapError::NoFolder(_)));
    let ca = Some(Authority::new().unwrap().ca());
    // The authority is gone with its folder, so the file is not there.
    assert!(Imap::open(ImapOptions { ca, ..right.clone() }, Room::new(1)).is_err());
    let other = Authority::new().unwrap();
    let ca = Some(other.ca());
    assert!(matches!(said(ImapOptions { ca, ..right.clone() }).await, ImapError::Unreachable(_)));
    assert!(matches!(said(ImapOptions { port: 1, ..right }).await, ImapError::Unreachable(_)));
}
