//! A private PostgreSQL server.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::signal::Signal;
use nix::unistd::Uid;
use tempfile::TempDir;

use crate::disk::SmallDisk;
use crate::find::postgres_programs;
use crate::process::{Process, Task, run, wait_until_ready};
use crate::{folder, port};

const START: Duration = Duration::from_secs(60);
const STOP: Duration = Duration::from_secs(30);
/// Whom root runs it as.
const USER: &str = "postgres";

/// A server on a free port with the superuser `postbud` and the database `postbud`. Everything is
/// flushed to disk as in production.
pub struct PostgresServer {
    programs: PathBuf,
    dir: TempDir,
    port: u16,
    server: Option<Process>,
}

impl PostgresServer {
    /// Is PostgreSQL on this machine?
    #[must_use]
    pub fn installed() -> bool {
        postgres_programs().is_some()
    }

    /// Creates a database cluster, starts a server on it and waits until it answers.
    ///
    /// # Errors
    /// When PostgreSQL is not there or does not start; with the end of its log.
    pub fn start() -> Result<Self> {
        port::launch(Self::start_once)
    }

    fn start_once() -> Result<Self> {
        let programs = postgres_programs()
            .context("PostgreSQL is missing: install it (Debian: apt-get install postgresql)")?;
        let dir = folder::private("postgres")?;
        if Uid::effective().is_root() {
            let id = |kind: &str| -> Result<u32> {
                let mut id = Command::new("id");
                let text = run(id.args([kind, USER]), START)?;
                text.trim().parse().context("read a user's number")
            };
            chown(dir.path(), Some(id("-u")?), Some(id("-g")?))?;
            fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700))?;
        }
        let mut server = Self { programs, dir, port: port::free_port()?, server: None };
        let cluster =
            ["-D", "data", "-U", "postbud", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"];
        // Nothing to lose yet: the server itself flushes what matters.
        server.helper("initdb", &[&cluster[..], &["--no-sync"]].concat())?;
        server.launch()?;
        server.create_database("postbud")?;
        Ok(server)
    }

    /// What the server writes down.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.dir.path().join("log.txt")
    }

    /// The address of the database `postbud`.
    #[must_use]
    pub fn url(&self) -> String {
        self.database_url("postbud")
    }

    /// The address of another database.
    #[must_use]
    pub fn database_url(&self, name: &str) -> String {
        format!("postgres://postbud@127.0.0.1:{}/{name}", self.port)
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Creates an empty database.
    ///
    /// # Errors
    /// When there is one of this name.
    pub fn create_database(&self, name: &str) -> Result<()> {
        let port = self.port.to_string();
        self.helper("createdb", &["-h", "127.0.0.1", "-p", &port, "-U", "postbud", name])
    }

    /// Destroys a database, whoever uses it.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn drop_database(&self, name: &str) -> Result<()> {
        let port = self.port.to_string();
        self.helper("dropdb", &["-h", "127.0.0.1", "-p", &port, "-U", "postbud", "--force", name])
    }

    /// What a query answers, a line a row.
    ///
    /// # Errors
    /// When the server refuses it.
    pub fn query(&self, database: &str, sql: &str) -> Result<String> {
        let port = self.port.to_string();
        let at = ["-h", "127.0.0.1", "-p", &port, "-U", "postbud", "-d", database];
        self.output("psql", &[&at[..], &["-q", "-A", "-t", "-c", sql]].concat())
    }

    /// Makes a database, in which nobody may be at work, keep its tables on this disk.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn move_to_disk(&self, database: &str, disk: &SmallDisk) -> Result<()> {
        let place = disk.path().join("tables");
        fs::create_dir(&place)?;
        let owner = self.dir.path().metadata()?;
        chown(&place, Some(owner.uid()), Some(owner.gid()))?;
        let create = format!("CREATE TABLESPACE small LOCATION '{}'", place.display());
        let alter = format!("ALTER DATABASE {database} SET TABLESPACE small");
        for statement in [create, alter] {
            self.query("postbud", &statement)?;
        }
        Ok(())
    }

    /// Stops it as an operator would (if it runs) and starts it again, same port, same data.
    ///
    /// # Errors
    /// When it does not stop or start; with the end of its log.
    pub fn restart(&mut self) -> Result<()> {
        if let Some(mut server) = self.server.take() {
            server.stop(Signal::SIGINT, STOP)?;
        }
        self.launch()
    }

    /// Kills it with signal 9. [`restart`](Self::restart) brings it back.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn kill_dash_nine(&mut self) -> Result<()> {
        match self.server.take() {
            Some(mut server) => server.stop(Signal::SIGKILL, STOP),
            None => Ok(()),
        }
    }

    /// Freezes the server's main process: no new connection is answered.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn freeze(&mut self) -> Result<()> {
        self.server.as_mut().map_or(Ok(()), |server| server.signal(Signal::SIGSTOP))
    }

    /// Ends a [`freeze`](Self::freeze).
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn thaw(&mut self) -> Result<()> {
        self.server.as_mut().map_or(Ok(()), |server| server.signal(Signal::SIGCONT))
    }

    fn launch(&mut self) -> Result<()> {
        let log = self.dir.path().join("log.txt");
        let mut task = self.task("postgres");
        let port = self.port.to_string();
        let sockets = format!("unix_socket_directories={}", self.dir.path().display());
        let settings = [
            sockets.as_str(),
            "listen_addresses=127.0.0.1",
            "fsync=on",
            "synchronous_commit=on",
            "full_page_writes=on",
            "max_connections=60",
            "shared_buffers=32MB",
            "log_min_messages=warning",
        ];
        task.args = ["-D", "data", "-p", &port].map(str::to_owned).to_vec();
        for setting in settings {
            task.args.extend(["-c".to_owned(), setting.to_owned()]);
        }
        // After a signal 9 the children of the old server need a moment to notice, and the data
        // directory counts as in use until then.
        for attempt in 1.. {
            let mut server = Process::spawn(&task, self.dir.path(), &log)?;
            let answers =
                || self.helper("pg_isready", &["-q", "-h", "127.0.0.1", "-p", &port]).is_ok();
            match wait_until_ready(&mut server, &log, START, answers) {
                Ok(()) => {
                    self.server = Some(server);
                    return Ok(());
                }
                Err(error) if attempt == 10 => return Err(error),
                Err(_) => std::thread::sleep(Duration::from_millis(500)),
            }
        }
        Ok(())
    }

    fn task(&self, program: &str) -> Task<'static> {
        let envs = vec![("LANG".to_owned(), "C.UTF-8".to_owned())];
        Task { program: self.programs.join(program), args: Vec::new(), envs, user: Some(USER) }
    }

    fn helper(&self, program: &str, args: &[&str]) -> Result<()> {
        self.output(program, args).map(drop)
    }

    fn output(&self, program: &str, args: &[&str]) -> Result<String> {
        let mut task = self.task(program);
        task.args = args.iter().map(ToString::to_string).collect();
        run(task.command(false).current_dir(self.dir.path()), START)
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            // Immediate shutdown: it takes its children and its shared memory with it.
            let _ = server.signal(Signal::SIGCONT);
            let _ = server.stop(Signal::SIGQUIT, Duration::from_secs(5));
        }
    }
}
