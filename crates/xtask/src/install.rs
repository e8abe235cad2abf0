//! Gets the servers, the browser and the readers of documents that the tests need.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use nix::unistd::Uid;
use postbud_testkit::{PostgresServer, RabbitServer};

/// Debian asks this file whether an installed service may be started.
const POLICY: &str = "/usr/sbin/policy-rc.d";

/// What pages are drawn with that name Helvetica.
const FONT: &str = "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf";

/// Installs what is missing where that is allowed; otherwise says what is missing and how to get it.
pub(crate) fn ensure_servers(install: bool) -> Result<()> {
    let missing = missing();
    if missing.is_empty() {
        return Ok(());
    }
    let packages = missing.join(" ");
    let root = Uid::effective().is_root();
    let debian = Path::new("/usr/bin/apt-get").is_file();
    if !debian {
        bail!(
            "missing: {packages}. Install them with your system's package manager, then run this again"
        );
    }
    if !root && !install {
        bail!(
            "missing: {packages}. Get them with\n  sudo apt-get update && sudo apt-get install \
             --no-install-recommends {packages}\nor run this again with --install"
        );
    }
    println!("installing {packages} with apt-get");
    // Private servers are started by the tests; the packages' own ones are not wanted.
    let policy = Policy::refuse(root)?;
    apt(root, &["update"])?;
    let install = ["install", "--yes", "--no-install-recommends"];
    apt(root, &[&install[..], &missing].concat())?;
    drop(policy);
    let still = self::missing();
    ensure!(still.is_empty(), "installed, and still not found: {}", still.join(" "));
    Ok(())
}

fn missing() -> Vec<&'static str> {
    let browser = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    let danish = [
        "/usr/share/tesseract-ocr/5/tessdata/dan.traineddata",
        "/usr/share/tesseract-ocr/4.00/tessdata/dan.traineddata",
    ];
    let servers = [
        (RabbitServer::installed(), "rabbitmq-server"),
        (PostgresServer::installed(), "postgresql"),
        // The tests of the desk drive it.
        (browser.iter().any(|path| Path::new(path).is_file()), "chromium"),
        // Dashboards and alarms are asked of it.
        (Path::new("/usr/bin/promtool").is_file(), "prometheus"),
        // They hand mail to us, as the municipality's own servers do.
        (Path::new("/usr/sbin/postfix").is_file(), "postfix"),
        (Path::new("/usr/sbin/dovecot").is_file(), "dovecot-imapd"),
        // They read what a letter's documents hold; the tests draw scans with them, too.
        (Path::new("/usr/bin/tesseract").is_file(), "tesseract-ocr"),
        (danish.iter().any(|path| Path::new(path).is_file()), "tesseract-ocr-dan"),
        (Path::new("/usr/bin/pdftoppm").is_file(), "poppler-utils"),
        (Path::new(FONT).is_file(), "fonts-liberation"),
        (Path::new("/usr/bin/antiword").is_file(), "antiword"),
        (Path::new("/usr/bin/catdoc").is_file(), "catdoc"),
        // It looks for malware, with a signature that a test makes.
        (Path::new("/usr/sbin/clamd").is_file(), "clamav-daemon"),
        // Messages are checked against their published schemas.
        (Path::new("/usr/bin/xmllint").is_file(), "libxml2-utils"),
        // It gives one process another clock.
        (faketime(), "libfaketime"),
        // It gives a process a network of its own.
        (Path::new("/usr/sbin/ip").is_file() || Path::new("/sbin/ip").is_file(), "iproute2"),
        // It sees where Postbud connects to.
        (Path::new("/usr/bin/strace").is_file(), "strace"),
    ];
    servers.into_iter().filter(|(installed, _)| !installed).map(|(_, package)| package).collect()
}

/// Is the library there that moves a process' clock? Debian keeps it under the machine's architecture.
fn faketime() -> bool {
    let places = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    places.into_iter().any(|place| place.path().join("faketime/libfaketimeMT.so.1").is_file())
}

/// Runs a command as root.
fn as_root(root: bool, arguments: &[&str]) -> Result<()> {
    let arguments = if root { arguments.to_vec() } else { [&["sudo"], arguments].concat() };
    let (program, rest) = arguments.split_first().context("a command needs a program")?;
    let status = Command::new(program).args(rest).status();
    let status = status.with_context(|| format!("start {program}"))?;
    ensure!(status.success(), "{} failed ({status})", arguments.join(" "));
    Ok(())
}

fn apt(root: bool, arguments: &[&str]) -> Result<()> {
    let quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet=2"];
    as_root(root, &[&quiet[..], arguments].concat())
}

/// Keeps packages from starting services while it lives.
struct Policy {
    root: bool,
    ours: bool,
}

impl Policy {
    fn refuse(root: bool) -> Result<Self> {
        let ours = !Path::new(POLICY).exists();
        if ours {
            let write =
                format!("printf '#!/bin/sh\\nexit 101\\n' > {POLICY} && chmod 755 {POLICY}");
            as_root(root, &["sh", "-c", &write])?;
        }
        Ok(Self { root, ours })
    }
}

impl Drop for Policy {
    fn drop(&mut self) {
        if self.ours
            && let Err(error) = as_root(self.root, &["rm", POLICY])
        {
            eprintln!("warning: {POLICY} keeps services from starting; remove it: {error}");
        }
    }
}
