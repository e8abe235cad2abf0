//! Gets the servers that the tests need.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use nix::unistd::Uid;
use postbud_testkit::{PostgresServer, RabbitServer};

/// Debian asks this file whether an installed service may be started.
const POLICY: &str = "/usr/sbin/policy-rc.d";

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
    let servers = [
        (RabbitServer::installed(), "rabbitmq-server"),
        (PostgresServer::installed(), "postgresql"),
    ];
    servers.into_iter().filter(|(installed, _)| !installed).map(|(_, package)| package).collect()
}

fn apt(root: bool, arguments: &[&str]) -> Result<()> {
    let mut command = if root {
        Command::new("env")
    } else {
        let mut command = Command::new("sudo");
        command.arg("env");
        command
    };
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet=2"]).args(arguments);
    let status = command.status().context("start apt-get")?;
    ensure!(status.success(), "apt-get {} failed ({status})", arguments.join(" "));
    Ok(())
}

/// Keeps packages from starting services while it lives.
struct Policy {
    ours: bool,
}

impl Policy {
    fn refuse(root: bool) -> Result<Self> {
        if !root || Path::new(POLICY).exists() {
            return Ok(Self { ours: false });
        }
        fs::write(POLICY, "#!/bin/sh\nexit 101\n").with_context(|| format!("write {POLICY}"))?;
        fs::set_permissions(POLICY, fs::Permissions::from_mode(0o755))?;
        Ok(Self { ours: true })
    }
}

impl Drop for Policy {
    fn drop(&mut self) {
        if self.ours
            && let Err(error) = fs::remove_file(POLICY)
        {
            eprintln!("warning: {POLICY} could not be removed: {error}");
        }
    }
}
