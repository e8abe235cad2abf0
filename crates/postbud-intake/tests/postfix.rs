//! A real mail server hands letters over: Debian's Postfix, in an instance of its own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use postbud_intake::{Identity, Room, Smtp, SmtpOptions};
use postbud_pipeline::stop_pair;
use postbud_testkit::Authority;
use support::{House, until};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

/// An instance that sends everything to one place.
struct Postfix {
    dir: TempDir,
    child: Child,
}

const MASTER: &str = "\
pickup unix n - n 1 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
scache unix - - n - 1 scache
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
";

impl Postfix {
    /// Starts one, or says why the test is skipped.
    fn start(transport: &str, ca: &Path) -> Option<Self> {
        let root = nix::unistd::Uid::effective().is_root();
        let user = nix::unistd::User::from_name("postfix").ok().flatten();
        let (true, Some(user), true) = (root, user, Path::new("/usr/sbin/postfix").exists()) else {
            println!("skipped: Postfix is not installed here, or we are not root");
            return None;
        };
        let dir = tempfile::tempdir().unwrap();
        // Its processes are not ours, and must come through.
        fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .unwrap();
        let path = |name: &str| dir.path().join(name);
        for name in ["etc", "queue", "data", "log"] {
            fs::create_dir(path(name)).unwrap();
        }
        chown(path("data"), Some(user.uid.as_raw()), None).unwrap();
        fs::copy(ca, path("etc/ca.pem")).unwrap();
        fs::write(path("etc/master.cf"), MASTER).unwrap();
        let main = format!(
            "compatibility_level = 3.6\nmyhostname = mx.klit.example\nmydestination =\n\
             queue_directory = {dir}/queue\ndata_directory = {dir}/data\n\
             maillog_file = {dir}/log/mail.log\nmaillog_file_prefixes = {dir}\n\
             inet_interfaces = loopback-only\ninet_protocols = ipv4\nalias_maps =\nlocal_recipient_maps =\n\
             default_transport = {transport}\nrelay_domains =\n\
             smtp_tls_CAfile = {dir}/etc/ca.pem\nlmtp_tls_CAfile = {dir}/etc/ca.pem\n\
             smtp_tls_security_level = encrypt\nlmtp_tls_security_level = may\n\
             minimal_backoff_time = 2s\nmaximal_backoff_time = 3s\nqueue_run_delay = 1s\n\
             smtp_destination_concurrency_failed_cohort_limit = 0\n\
             message_size_limit = 0\nmailbox_size_limit = 0\n",
            dir = dir.path().display()
        );
        fs::write(path("etc/main.cf"), main).unwrap();
        let child = Command::new("/usr/sbin/postfix")
            .arg("-c")
            .arg(path("etc"))
            .arg("start-fg")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Some(Self { dir, child })
    }

    fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log/mail.log")).unwrap_or_default()
    }

    /// Hands a letter to it as a local program would.
    fn send(&self, to: &[&str], letter: &str) {
        let mut sendmail = Command::new("/usr/sbin/sendmail")
            .arg("-C")
            .arg(self.dir.path().join("etc"))
            .args(["-i", "-f", "anna@borger.example"])
            .args(to)
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        sendmail.stdin.take().unwrap().write_all(letter.as_bytes()).unwrap();
        assert!(sendmail.wait().unwrap().success());
    }

    fn queued(&self) -> usize {
        let queue: PathBuf = self.dir.path().join("queue");
        ["maildrop", "incoming", "active", "deferred"]
            .iter()
            .map(|name| files(&queue.join(name)))
            .sum()
    }
}

fn files(path: &Path) -> usize {
    let Ok(entries) = fs::read_dir(path) else { return 0 };
    entries
        .flatten()
        .map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { 1 })
        .sum()
}

impl Drop for Postfix {
    fn drop(&mut self) {
        let mut abort = Command::new("/usr/sbin/postfix");
        abort.arg("-c").arg(self.dir.path().join("etc")).arg("abort");
        let _ = abort.stdout(Stdio::null()).stderr(Stdio::null()).status();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn until_empty(postfix: &Postfix) {
    while postfix.queued() > 0 {
        sleep(Duration::from_millis(50)).await;
    }
}

async fn through(lmtp: bool) {
    let house = House::new().await;
    let authority = Authority::new().unwrap();
    let issued = authority.issue("smtp").unwrap();
    let options = SmtpOptions {
        listen: "127.0.0.1:0".parse().unwrap(),
        lmtp,
        name: "in.klit.example".to_owned(),
        recipients: vec!["@klit.example".to_owned()],
        clients: vec!["127.0.0.1/32".parse().unwrap()],
        identity: Some(Identity { certificate: issued.certificate, key: issued.key }),
        require_tls: true,
        max_recipients: 100,
        sessions: 20,
        idle: Duration::from_secs(60),
        deadline: Duration::from_secs(60),
    };
    let smtp = Arc::new(Smtp::open(options, Room::new(64 << 20)).await.unwrap());
    let (stopper, stop) = stop_pair();
    let (ours, acceptor) = (Arc::clone(&smtp), house.acceptor());
    let task = tokio::spawn(async move { ours.run(&acceptor, &stop).await });
    let kind = if lmtp { "lmtp:inet" } else { "smtp" };
    let transport = format!("{kind}:[127.0.0.1]:{}", smtp.address().port())
        .replace("inet:[127.0.0.1]", "inet:127.0.0.1");
    let Some(postfix) = Postfix::start(&transport, &authority.ca()) else { return };
    until("the start of Postfix", async || postfix.log().contains("daemon started")).await;
    // Nothing can be kept at first: Postfix holds the letters and comes again.
    house.away(true);
    let text = |n: usize| {
        format!(
            "Subject: Brev {n}\nX-Number: {n}\n\n.\n..\nKære kommune, det er nummer {n}\n{}\n",
            "x".repeat(900)
        )
    };
    for n in 0..20 {
        postfix.send(&["post@klit.example", "affald@klit.example"], &text(n));
    }
    until("a deferral", async || smtp.activity().reading().failures > 0).await;
    assert_eq!(house.waiting().await, 0);
    house.away(false);
    // A letter that one of its processes still held when its time came, it takes up a minute later.
    let empty = timeout(Duration::from_secs(240), until_empty(&postfix)).await;
    assert!(empty.is_ok(), "Postfix still holds letters:\n{}", postfix.log());
    stopper.stop();
    task.await.unwrap();
    let letters = house.letters().await;
    let mut numbers: Vec<String> = letters
        .iter()
        .map(|raw| {
            let text = String::from_utf8_lossy(raw);
            assert!(
                text.contains("\r\n\r\n.\r\n..\r\nKære kommune"),
                "dots and letters come through"
            );
            text.lines().find_map(|line| line.strip_prefix("X-Number: ")).unwrap().to_owned()
        })
        .collect();
    numbers.sort_by_key(|number| number.parse::<u32>().unwrap());
    assert_eq!(numbers, (0..20).map(|n| n.to_string()).collect::<Vec<_>>(), "{}", postfix.log());
    assert!(postfix.log().contains("status=sent (250"), "{}", postfix.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn postfix_hands_letters_over_by_smtp() {
    through(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postfix_hands_letters_over_by_lmtp() {
    through(true).await;
}
