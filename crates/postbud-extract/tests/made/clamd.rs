//! A private clamd with one signature of our own.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use postbud_extract::clamd::Address;
use tempfile::TempDir;

/// Harmless words that the signature knows.
pub(crate) const MARK: &str = "postbuds-eget-ufarlige-kendetegn";
/// What the signature is called.
pub(crate) const SIGNATURE: &str = "Postbud.Test.Mark";

/// Debian's program.
const CLAMD: &str = "/usr/sbin/clamd";

pub(crate) struct Server {
    child: Child,
    folder: TempDir,
    port: u16,
}

/// A running one; `None` where it is not installed.
pub(crate) fn server() -> Option<Server> {
    if !Path::new(CLAMD).is_file() {
        println!("skipped: clamd is not installed (Debian: apt-get install clamav-daemon)");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("db")).unwrap();
    let hex: String = MARK.bytes().map(|byte| format!("{byte:02x}")).collect();
    // Name, any kind of file, any place in it, bytes.
    std::fs::write(at("db/postbud.ndb"), format!("{SIGNATURE}:0:*:{hex}\n")).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config = format!(
        "DatabaseDirectory {}\nLocalSocket {}\nTCPSocket {port}\nTCPAddr 127.0.0.1\nForeground yes\n\
         StreamMaxLength 1M\nLogFile {}\n",
        at("db").display(),
        at("clamd.ctl").display(),
        at("clamd.log").display(),
    );
    std::fs::write(at("clamd.conf"), config).unwrap();
    let config = format!("--config-file={}", at("clamd.conf").display());
    let mut command = Command::new(CLAMD);
    command.arg(config).stdout(Stdio::null()).stderr(Stdio::null());
    let child = command.spawn().unwrap();
    let mut server = Server { child, folder, port };
    server.wait();
    Some(server)
}

impl Server {
    /// Where it listens: TCP, and a socket on this machine.
    pub(crate) fn addresses(&self) -> Vec<Address> {
        let tcp = SocketAddr::from(([127, 0, 0, 1], self.port));
        vec![Address::Tcp(tcp), Address::Unix(self.folder.path().join("clamd.ctl"))]
    }

    fn wait(&mut self) {
        let end = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let log = || std::fs::read_to_string(self.folder.path().join("clamd.log"));
            assert!(self.child.try_wait().unwrap().is_none(), "clamd ended: {:?}", log());
            assert!(Instant::now() < end, "clamd does not listen: {:?}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
